"""Who may do what: roles, trust, keys, invocations."""

import re

from code_facts import listed

# What Lambda does with a function's role: read its source, report what it gave up.
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
READ_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
SOURCES = {
    "deliverer": {(action, "delivery") for action in CONSUME},
    "retry-worker": {(action, "retry") for action in CONSUME},
    "slow-worker": {(action, "slow") for action in CONSUME},
    "dispatcher": {(action, "events/stream") for action in READ_STREAM} | {("sqs:SendMessage", "dispatch-dead")},
    # Publishing to an encrypted topic takes a data key of its key.
    "sweeper": {("kms:GenerateDataKey", "AlertKey"), ("kms:Decrypt", "AlertKey")},
}
WRITE_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
VERSION = "2012-10-17"
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
# The account's own IAM decides, as AWS advises.
ACCOUNT = {
    "Effect": "Allow",
    "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
    "Action": "kms:*",
    "Resource": "*",
}
ALARMS = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
}
# X-Ray knows no resources for these.
TRACING = {
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}
IF_TRACED = {"Fn::If": ["HasTracing", {"Ref": "TracingPolicy"}, {"Ref": "AWS::NoValue"}]}
# Lambda's own calls, by which it connects a function to a VPC, and none of the function's: those come with its ARN. EC2
# describes no single interface, and Lambda fails when it may create or delete only some.
INTERFACES = {
    "Effect": "Allow",
    "Action": [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "Resource": "*",
    "Condition": {"Null": {"lambda:SourceFunctionArn": "true"}},
}
IF_FIXED = {"Fn::If": ["HasEgress", {"Ref": "EgressPolicy"}, {"Ref": "AWS::NoValue"}]}
# Those that open connections to endpoints.
TO_ENDPOINTS = {"manage-endpoints", "deliverer", "retry-worker", "slow-worker"}
INVOKERS = {"apigateway.amazonaws.com", "events.amazonaws.com"}


# The items of paces among those of rate windows, for functions that have nothing to do with calls of keys.
PACES = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["PACE#*"]}}
# Records, what is left of them, and those under their number still.
NO_SECRETS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#I#*", "*#D#*", "*#N#*"]}}
OF_PACES = {(function, "dynamodb:UpdateItem", "rate-windows") for function in ("deliverer", "retry-worker", "slow-worker")} | {
    ("manage-endpoints", "dynamodb:GetItem", "rate-windows")
}
# Which pages may frame the console, and nothing of keys and links.
FRAMES = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["FRAME#*"]}}
BY_FUNCTION = dict.fromkeys(OF_PACES, PACES) | {
    ("manage-deliveries", "dynamodb:BatchGetItem", "records"): NO_SECRETS,
    ("portal", "dynamodb:GetItem", "api-keys"): FRAMES,
}


def conditions(code):
    """The conditions that there are on what is granted, and nothing else may have one but those of BY_FUNCTION."""
    last_use = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", code.last_use]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }
    return {("dynamodb:UpdateItem", "api-keys"): last_use}


def managed_policies(role):
    """The managed policies of a role, but for those of tracing and of fixed addresses."""
    return [one["Ref"] for one in role.get("ManagedPolicyArns", []) if one not in (IF_TRACED, IF_FIXED)]


def grants(template, role):
    """(action, resource, condition) of a role with its managed policies."""
    properties = template.resources[role]["Properties"]
    assert all(policy.keys() == {"PolicyName", "PolicyDocument"} for policy in properties["Policies"]), properties["Policies"]
    documents = [policy["PolicyDocument"] for policy in properties["Policies"]]
    for managed in managed_policies(properties):
        documents.append(template.resources[managed]["Properties"]["PolicyDocument"])
    for document in documents:
        assert document["Version"] == VERSION and document.keys() == {"Version", "Statement"}, f"{role}: {document}"
        for statement in document["Statement"]:
            known = statement.keys() - {"Condition"} == {"Effect", "Action", "Resource"}
            assert known and statement["Effect"] == "Allow", f"{role}: {statement}"
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield action, template.resource(resource), statement.get("Condition")


def check_roles(template, code):
    functions = template.functions()
    yield from (f"{name} is not in the template" for name in code.calls.keys() - functions.keys())
    roles = [
        p["Role"]["Fn::GetAtt"][0]
        for _, p in functions.values()
        if p["Role"] == {"Fn::GetAtt": [p["Role"]["Fn::GetAtt"][0], "Arn"]}
    ]
    if sorted(roles) != sorted(template.of_type("AWS::IAM::Role")):
        yield "a role belongs to no function, or to two"
    for function, (logical, properties) in functions.items():
        all_grants = list(grants(template, properties["Role"]["Fn::GetAtt"][0]))
        granted = {(action, resource) for action, resource, _ in all_grants}
        used = code.calls[function] | SOURCES.get(function, set()) | {(a, f"{logical}Logs") for a in WRITE_LOGS}
        yield from (f"{function} does {a} on {r}, which its role does not allow" for a, r in used - granted)
        yield from (f"{function} may do {a} on {r}, which it never does" for a, r in granted - used)
        if any("*" in part for grant in granted for part in grant):
            yield f"{function} has a wildcard in its role"
        for action, resource, condition in all_grants:
            wanted = BY_FUNCTION.get((function, action, resource), conditions(code).get((action, resource)))
            # Who manages keys changes them; to all others the condition is the point.
            if condition != wanted and not (function == "manage-keys" and condition is None):
                yield f"{function} may do {action} on {resource} if {condition}"
        if function == "manage-keys" and all(c for a, r, c in all_grants if (a, r) in conditions(code)):
            yield "manage-keys may not change keys"
    for logical, properties in template.of_type("AWS::IAM::Role").items():
        if properties["AssumeRolePolicyDocument"] != {"Version": VERSION, "Statement": [LAMBDA]}:
            yield f"{logical} can be taken by others than Lambda"
    used = {"TracingPolicy", "EgressPolicy"}.union(*map(managed_policies, template.of_type("AWS::IAM::Role").values()))
    yield from (f"nobody has {logical}" for logical in template.of_type("AWS::IAM::ManagedPolicy").keys() - used)


def check_tracing(template):
    """X-Ray, for all functions or for none."""
    policy = template.resources["TracingPolicy"]
    wanted = {"PolicyDocument": {"Version": VERSION, "Statement": [TRACING]}}
    if policy.get("Condition") != "HasTracing" or policy["Properties"] != wanted:
        yield "tracing is allowed when it is off, or allows more"
    # By the role, and not by the policy: Lambda wants the permission when it creates the function, which waits for its role.
    for logical, role in template.of_type("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns", []).count(IF_TRACED) != 1:
            yield f"{logical} can't report to X-Ray"
    if template.document["Conditions"]["HasTracing"] != {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}:
        yield "tracing is allowed when it is off"
    parameter = template.parameters["Tracing"]
    if (parameter["Default"], set(parameter["AllowedValues"])) != ("PassThrough", {"PassThrough", "Active"}):
        yield "tracing costs money without being asked for, or can't be had"
    for function, (_, properties) in template.functions().items():
        if properties.get("TracingConfig") != {"Mode": {"Ref": "Tracing"}}:
            yield f"{function} is traced in another way"


def check_egress(template):
    """A VPC for the functions that call endpoints, if there is one, and for no others."""
    policy = template.resources["EgressPolicy"]
    wanted = {"PolicyDocument": {"Version": VERSION, "Statement": [INTERFACES]}}
    if policy.get("Condition") != "HasEgress" or policy["Properties"] != wanted:
        yield "network interfaces are allowed without a VPC, to others than Lambda, or more than these"
    split = lambda parameter: {"Fn::Split": [",", {"Ref": parameter}]}
    vpc = {"SubnetIds": split("EgressSubnetIds"), "SecurityGroupIds": split("EgressSecurityGroupIds")}
    for function, (_, properties) in template.functions().items():
        calls = function in TO_ENDPOINTS
        if properties.get("VpcConfig") != ({"Fn::If": ["HasEgress", vpc, {"Ref": "AWS::NoValue"}]} if calls else None):
            yield f"{function} calls endpoints from another place, or is in a VPC and needs none"
        role = template.resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
        if role.get("ManagedPolicyArns", []).count(IF_FIXED) != calls:
            yield f"{function} can't be connected to a VPC, or may be and never is"


def check_keys(template):
    wanted = {
        "SealKey": ([ACCOUNT], {"EnableKeyRotation": True}),
        "MacKey": ([ACCOUNT], {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        "AlertKey": ([ACCOUNT, ALARMS], {"EnableKeyRotation": True}),
    }
    keys = template.of_type("AWS::KMS::Key")
    yield from (f"the keys differ: {logical}" for logical in keys.keys() ^ wanted.keys())
    for logical, (statements, rest) in wanted.items():
        properties = dict(keys[logical])
        properties.pop("Description")
        if properties.pop("KeyPolicy") != {"Version": VERSION, "Statement": statements} or properties != rest:
            yield f"{logical} is open to others, or of another kind"


def check_invocations(template, code):
    """Each function behind the API may be invoked for its own routes, the sweeper by its schedule, and nobody else."""
    needed, found = {("sweeper", "events.amazonaws.com", "SweeperEveryMinute")}, set()
    for method, path, function in code.routes:
        path = re.sub(r"\{\w+\+\}", "*", path)
        needed.add((function, "apigateway.amazonaws.com", f"{method.replace('ANY', '*')}{path}"))
    for properties in template.of_type("AWS::Lambda::Permission").values():
        if properties["Action"] != "lambda:InvokeFunction" or properties["Principal"] not in INVOKERS:
            yield f"anybody may invoke: {properties}"
        match properties["SourceArn"]:
            case {"Fn::Sub": [text, {"__ApiId__": {"Ref": "Api"}, "__Stage__": "*"}]}:
                prefix = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/"
                source = text.removeprefix(prefix) if text.startswith(prefix) else "anything"
            case {"Fn::GetAtt": [rule, "Arn"]}:
                source = rule
            case other:
                source = str(other)
        found.add((template.name(properties["FunctionName"]["Ref"]), properties["Principal"], source))
    # Whoever has the $default route may be invoked for all of them.
    everything = ("portal", "apigateway.amazonaws.com", "*")
    needed = {one for one in needed if one[:2] != everything[:2]} | {everything}
    yield from (f"nobody may invoke {' '.join(one)}" for one in needed - found)
    yield from (f"somebody may invoke {' '.join(one)}" for one in found - needed)
