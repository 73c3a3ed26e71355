"""The template, broken in one place at a time: what the check has to find.

Every leaf is changed, every part left out, every reference turned to another resource of its kind; and what an attacker or
a hasty hand would add is added."""

import copy

# Free text and names that nothing depends on.
FREE = {
    "Description",
    "AlarmDescription",
    "Label",
    "Tags",
    "Code",
    "PolicyName",
    "DashboardName",
    "Id",
    "info",
    "tags",
    "openapi",
    "responses",
    "parameters",
    "Metadata",
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
# Times that look harmless: an attempt takes 30 s, a test send 22, API Gateway waits for 30, a stalled call takes 4.
TIMES = {"Deliverer": 45, "RetryWorker": 30, "ManageEndpoints": 30, "CreateVendor": 5, "Sweeper": 90, "Dispatcher": 10}
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


def of_resources(document):
    """Changes `document` in place, one mutation at a time, yields what was done, and takes it back."""
    resources = document["Resources"]
    for logical in list(resources):
        for step, what in broken(resources, logical, resources):
            yield f"{logical}{step}: {what}"
    for what, (kind, properties) in ADDED.items():
        resources["More"] = {"Type": kind, "Properties": properties}
        yield f"with {what}"
        del resources["More"]
    for logical, seconds in TIMES.items():
        for _ in swapped(resources[logical]["Properties"], "Timeout", seconds):
            yield f"{logical} with {seconds} s"
    for logical, resource in resources.items():
        yield from with_extras(logical, resource)


def with_extras(logical, resource):
    properties = resource.setdefault("Properties", {})
    for name, value in EXTRA.get(resource["Type"], {}).items():
        for _ in swapped(properties, name, value):
            yield f"{logical} with {name}: {value}"
    for _ in swapped(resource, "Condition", "IsProduction"):
        yield f"{logical} in production only"
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
    """`parent[key]` without itself, and with each of its leaves changed."""
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
        for step in list(value) if isinstance(value, dict) else range(len(value)):
            for path, what in broken(value, step, resources):
                yield f".{step}{path}", what
        return
    for other in others(value, resources):
        for _ in swapped(parent, key, other):
            yield "", f"{value} is now {other}"


def others(value, resources):
    """What a leaf might be by mistake."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [other for other in (0, value * 1000) if other != value]
    alike = [
        name for name, r in resources.items() if value in resources and name != value and r["Type"] == resources[value]["Type"]
    ]
    return [other for other in ("*", "changed", *alike[:2]) if other != value]


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


def of_parameters(document):
    """The same for what is not in the resources."""
    parameters = document["Parameters"]
    for name, key, value in (
        ("LogLevel", "AllowedValues", ["INFO", "WARN"]),
        ("LogLevel", "AllowedValues", ["TRACE", "INFO"]),
        ("SystemLogLevel", "Default", "INFO"),
        ("SystemLogLevel", "AllowedValues", ["WARN"]),
        ("RetrySchedule", "AllowedPattern", "[0-9]+(,[0-9]+)*"),
        ("RetrySchedule", "AllowedPattern", "60(,60)*"),
        ("RetrySchedule", "Default", "0"),
        ("Architecture", "Default", "x86_64"),
        ("CorsOrigins", "Default", "*"),
        ("Tracing", "Default", "Active"),
    ):
        other = copy.deepcopy(document)
        other["Parameters"][name][key] = value
        yield f"{name}: {key} is now {value}", other
    assert "Rules" in document and parameters
    yield "without Rules", {**document, "Rules": {}}
