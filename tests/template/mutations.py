"""The template, broken in one place at a time: what the check has to find.

In every section every leaf is changed, to something far off and to something near; every part is left out, every object gets
something more, every choice is turned round, every reference goes to another resource of its kind, also within texts; and what
an attacker or a hasty hand would add is added."""

import json
import re

# Free text and names that nothing depends on, where the widgets of the dashboard are, and what SAM writes by itself.
FREE = {
    "AssertDescription",
    "ConstraintDescription",
    "Description",
    "Label",
    "Tags",
    "PolicyName",
    "Id",
    "tags",
    "openapi",
    "responses",
    "parameters",
    "version",
    "Metadata",
    *("x", "y", "width", "height"),
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
DENY = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": {"Fn::GetAtt": ["EventsTable", "Arn"]}}
MORE = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": {"Fn::GetAtt": ["ApiKeysTable", "Arn"]}}
NEVER = {"StringEquals": {"aws:SourceVpc": "vpc-none"}}
ADDED = {
    "an inline policy": (
        "AWS::IAM::Policy",
        {"PolicyName": "more", "PolicyDocument": POLICY, "Roles": [{"Ref": "PortalRole"}]},
    ),
    "a role's policy": (
        "AWS::IAM::RolePolicy",
        {"PolicyName": "more", "PolicyDocument": POLICY, "RoleName": {"Ref": "PortalRole"}},
    ),
    "a managed policy": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": POLICY, "Roles": [{"Ref": "PortalRole"}]}),
    "a user": ("AWS::IAM::User", {}),
    "a queue's policy": ("AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "DeliveryQueue"}], "PolicyDocument": OPEN}),
    "a topic's policy": ("AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "AlertTopic"}], "PolicyDocument": OPEN}),
    "a function's URL": ("AWS::Lambda::Url", {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "ManageKeys"}}),
    "a permission": (
        "AWS::Lambda::Permission",
        {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "ManageKeys"}, "Principal": "*"},
    ),
    "an alias of a key": ("AWS::KMS::Alias", {"AliasName": "alias/x", "TargetKeyId": {"Ref": "SealKey"}}),
    "a queue": (
        "AWS::SQS::Queue",
        {"QueueName": {"Fn::Sub": "${AWS::StackName}-more"}, "MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True},
    ),
}
# Attributes that a resource may not have here.
ATTRIBUTES = {
    "Condition": "IsProduction",
    "CreationPolicy": {},
    "DeletionPolicy": "Snapshot",
    "DependsOn": "Dashboard",
    "UpdatePolicy": {},
    "UpdateReplacePolicy": "Delete",
}
# Properties that a kind of resource does not have here, and should not get unseen.
EXTRA = {
    "AWS::Events::Rule": {"State": "DISABLED"},
    "AWS::Lambda::EventSourceMapping": {"Enabled": False},
    "AWS::Lambda::Function": {
        "RecursiveLoop": "Terminate",
        "ReservedConcurrentExecutions": 0,
        "VpcConfig": {},
        "Layers": ["arn:x"],
    },
    "AWS::IAM::Role": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"], "PermissionsBoundary": "arn:x"},
    "AWS::SQS::Queue": {"DelaySeconds": 900, "FifoQueue": True, "KmsMasterKeyId": "alias/aws/sqs"},
    "AWS::DynamoDB::Table": {"ResourcePolicy": {"PolicyDocument": OPEN}, "TableClass": "STANDARD_INFREQUENT_ACCESS"},
    "AWS::KMS::Key": {"Enabled": False, "PendingWindowInDays": 7},
    "AWS::CloudWatch::Alarm": {"ActionsEnabled": False, "DatapointsToAlarm": 5},
    "AWS::ApiGatewayV2::Stage": {"RouteSettings": {"POST /api/events": {"ThrottlingRateLimit": 0}}},
    "AWS::Logs::LogGroup": {"DataProtectionPolicy": {}, "LogGroupClass": "INFREQUENT_ACCESS"},
}


def of_document(document):
    """Changes `document` in place, one mutation at a time, yields what was done, and takes it back."""
    resources = document["Resources"]
    for section in ("Parameters", "Rules", "Conditions", "Resources", "Outputs"):
        for name in list(document[section]):
            for step, what in broken(document[section], name, resources):
                yield f"{name}{step}: {what}"
        for _ in swapped(document, section, {}):
            yield f"without {section}"
    for section in ("Mappings", "Transform", "Hooks"):
        for _ in swapped(document, section, {}):
            yield f"with {section}"
    for what, (kind, properties) in ADDED.items():
        resources["More"] = {"Type": kind, "Properties": properties}
        yield f"with {what}"
        del resources["More"]
    for logical, resource in resources.items():
        yield from with_extras(logical, resource)
    yield from of_choices(document)


def of_config(config):
    """The same with the sets of parameters."""
    for name in list(config):
        for step, what in broken(config, name, {}):
            yield f"infra/samconfig.toml: {name}{step}: {what}"


def of_choices(document):
    """What can be chosen, and what comes of it."""
    conditions = document["Conditions"]
    for name, condition in list(conditions.items()):
        for what, other in {
            "turned round": {"Fn::Not": [condition]},
            "always": {"Fn::Equals": ["a", "a"]},
            "never": {"Fn::Equals": ["a", "b"]},
            **{f"that of {more}": {"Condition": more} for more in conditions if more != name},
        }.items():
            for _ in swapped(conditions, name, other):
                yield f"{name}: {what}"
    for name, output in document["Outputs"].items():
        for condition in conditions:
            for _ in swapped(output, "Condition", condition):
                yield f"the output {name} if {condition}"
    for name, parameter in document["Parameters"].items():
        for key, value in {
            "NoEcho": True,
            "Default": "60",
            "MinValue": 7,
            "MaxValue": 7,
            "MaxLength": 7,
            "AllowedPattern": "[0-9]+(,[0-9]+)*",
            "AllowedValues": [parameter.get("Default")],
        }.items():
            for _ in swapped(parameter, key, value):
                yield f"{name}: {key} is {value}"
    more = {"Type": "String", "Default": ""}
    for _ in swapped(document["Parameters"], "More", more):
        yield "with a parameter more"
    for _ in swapped(document["Outputs"], "More", {"Description": "x", "Value": {"Ref": "SealKey"}}):
        yield "with an output more"


def with_extras(logical, resource):
    properties = resource.setdefault("Properties", {})
    for name, value in EXTRA.get(resource["Type"], {}).items():
        for _ in swapped(properties, name, value):
            yield f"{logical} with {name}: {value}"
    for name, value in ATTRIBUTES.items():
        for _ in swapped(resource, name, value):
            yield f"{logical} with {name}: {value}"
    for document in documents(resource):
        for more in (DENY, MORE, {**MORE, "NotResource": "x"}, OPEN["Statement"][0]):
            for _ in swapped(document, "Statement", document["Statement"] + [more]):
                yield f"{logical} with {more}"
        for statement in document["Statement"]:
            for name, value in {"Effect": "Deny", "Condition": NEVER, "Action": "*", "Resource": "*"}.items():
                for _ in swapped(statement, name, value):
                    yield f"{logical} with {name} {value}"
            if "Principal" in statement:
                for value in ({"AWS": "*"}, "*", {"Service": "ec2.amazonaws.com"}):
                    for _ in swapped(statement, "Principal", value):
                        yield f"{logical} open to {value}"


def documents(resource):
    properties = resource.get("Properties", {})
    for name in ("AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy"):
        if name in properties:
            yield properties[name]
    yield from (policy["PolicyDocument"] for policy in properties.get("Policies", []))


def broken(parent, key, resources):
    """`parent[key]` without itself, with something more, and with each of its leaves changed."""
    if key in FREE:
        return
    value = parent[key]
    if isinstance(parent, dict):
        del parent[key]
        yield "", "left out"
        # In its place, so that the order stays.
        parent[key] = value
    elif isinstance(value, (dict, list)) or len(parent) > 1:
        del parent[key]
        yield f"[{key}]", "left out"
        parent.insert(key, value)
    if isinstance(value, (dict, list)):
        yield from with_more(value)
        for step in list(value) if isinstance(value, dict) else range(len(value)):
            for path, what in broken(value, step, resources):
                yield f".{step}{path}", what
        return
    inner = structure(value)
    for step in list(inner or ()):
        for path, what in broken(inner, step, resources):
            parent[key] = json.dumps(inner)
            yield f".{step}{path}", what
            parent[key] = value
    for other in others(value, resources):
        for _ in swapped(parent, key, other):
            yield "", f"{value} is now {other}"


def with_more(value):
    """An object with a member more, a list of names with a name more, a choice the other way round."""
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            value.append("more")
            yield "", "with one more"
            value.pop()
        return
    for _ in swapped(value, "More", "more"):
        yield "", "with something more"
    if "Fn::If" in value:
        condition, yes, no = value["Fn::If"]
        for other in ([condition, no, yes], ["IsProduction", yes, no], [condition, yes, yes], [condition, no, no]):
            for _ in swapped(value, "Fn::If", other):
                yield "", f"if {other}"
    for one, other in (("Fn::And", "Fn::Or"), ("Fn::Or", "Fn::And")):
        if one in value:
            value[other] = value.pop(one)
            yield "", f"{other} in place of {one}"
            value[one] = value.pop(other)


def structure(value):
    """The object that a text is, such as the format of the access log."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return json.loads(value)
    return None


def others(value, resources):
    """What a leaf might be by mistake."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        near = {0, 1, 2, 100, value - 1, value + 1, value // 2, value * 2, value * 10, value * 1000}
        return sorted(near - {value})
    if not isinstance(value, str):
        return ["changed"]
    alike = like(value, resources)
    # Resources that a text names.
    for name in set(re.findall(r"\$\{(\w+)", value)):
        alike += [value.replace(name, other) for other in like(name, resources)]
    return [other for other in ("*", "changed", *alike) if other != value]


def like(value, resources):
    """Two other resources of the same kind."""
    if value not in resources:
        return []
    kind = resources[value]["Type"]
    return [name for name, resource in resources.items() if name != value and resource["Type"] == kind][:2]


def swapped(parent, key, value):
    """With `parent[key]` set to `value`, unless it was, for as long as the loop lasts."""
    if isinstance(parent, dict) and key not in parent:
        parent[key] = value
        yield
        del parent[key]
    elif parent[key] != value:
        before, parent[key] = parent[key], value
        yield
        parent[key] = before
