"""Holds template.yaml against the code.

What the code does is not written down here: the end-to-end tests note what each function asks of AWS and reads of its
environment, and which routes, tables and queues there are (USAGE_FILE). All of it has to be in the template, and nothing
more. Then the template is broken in every way that the check is for, and each has to be found.

usage: check.py <template.yaml> <usage file>
"""

import collections
import copy
import os
import re
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# Variables that a function may do without. The first is never set in AWS: it would let deliveries reach private addresses.
OPTIONAL = {"ALLOW_PRIVATE_ENDPOINTS", "KEY_LIMIT_PER_HOUR", "KEY_LIMIT_PER_MINUTE"}
# What Lambda does with a function's role: read its source, report what it gave up.
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
READ_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
SOURCES = {
    "deliverer": {(action, "delivery") for action in CONSUME},
    "retry-worker": {(action, "retry") for action in CONSUME},
    "dispatcher": {(action, "events/stream") for action in READ_STREAM} | {("sqs:SendMessage", "dispatch-dead")},
    # Publishing to an encrypted topic takes a data key of its key.
    "sweeper": {("kms:GenerateDataKey", "AlertKey"), ("kms:Decrypt", "AlertKey")},
}
WRITE_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
KEYS = {"SealKey": "seal", "MacKey": "mac"}
FORTNIGHT = 14 * 24 * 3600


class Facts:
    """What the code does, from the usage file."""

    def __init__(self, lines):
        self.calls = collections.defaultdict(set)
        self.variables = collections.defaultdict(set)
        self.routes, self.tables, self.indexes, self.queues = set(), {}, set(), {}
        for line in lines:
            match line.split():
                case ["route", method, path, function]:
                    self.routes.add((method, path, function))
                case ["table", name, variable, keys, ttl, stream]:
                    self.tables[name] = (variable, keys, ttl, stream)
                case ["index", table, name, partition, sort, kind]:
                    self.indexes.add((table, name, partition, sort, kind))
                case ["queue", name, dead, variable, visibility, receives]:
                    self.queues[name] = (dead, variable, int(visibility), int(receives))
                case [function, "reads", variable]:
                    self.variables[function].add(variable)
                case [function, action, resource]:
                    self.calls[function].add((action, resource))


class Template:
    """The template as CloudFormation gets it."""

    def __init__(self, document):
        self.parameters = document["Parameters"]
        self.resources = document["Resources"]

    def of_type(self, kind):
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind}

    def name(self, logical):
        """`ApiKeysTable` -> `api-keys`: what the code calls it."""
        properties = self.resources[logical].get("Properties", {})
        for key in ("TableName", "QueueName", "FunctionName", "TopicName"):
            if key in properties:
                return properties[key]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        return KEYS.get(logical, logical)

    def resource(self, value):
        """A resource of a policy, as the usage file has it."""
        match value:
            case {"Ref": logical}:
                return self.name(logical)
            case {"Fn::GetAtt": [logical, "StreamArn"]}:
                return self.name(logical) + "/stream"
            case {"Fn::GetAtt": [logical, "Arn"]}:
                return self.name(logical)
            case {"Fn::Sub": text}:
                logical, rest = re.fullmatch(r"\$\{(\w+)\.Arn\}(/index/[\w-]+)", text).groups()
                return self.name(logical) + rest
        return str(value)

    def grants(self, role):
        """(action, resource) pairs of a role with its managed policies."""
        properties = self.resources[role]["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        for managed in properties.get("ManagedPolicyArns", []):
            documents.append(self.resources[managed["Ref"]]["Properties"]["PolicyDocument"])
        for statement in (s for document in documents for s in document["Statement"]):
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield action, self.resource(resource)


def listed(value):
    return value if isinstance(value, list) else [value]


def check(template, facts):
    """Every sentence that is wrong with the template."""
    yield from check_permissions(template, facts)
    yield from check_variables(template, facts)
    yield from check_routes(template, facts)
    yield from check_tables(template, facts)
    yield from check_queues(template, facts)
    yield from check_sources(template)
    yield from check_care(template)


def functions(template):
    return {template.name(logical): (logical, p) for logical, p in template.of_type("AWS::Lambda::Function").items()}


def check_permissions(template, facts):
    for function, (logical, properties) in functions(template).items():
        granted = set(template.grants(properties["Role"]["Fn::GetAtt"][0]))
        used = facts.calls[function] | SOURCES.get(function, set()) | {(a, f"{logical}Logs") for a in WRITE_LOGS}
        for action, resource in used - granted:
            yield f"{function} does {action} on {resource}, which its role does not allow"
        for action, resource in granted - used:
            yield f"{function} may do {action} on {resource}, which it never does"
        if any("*" in part for grant in granted for part in grant):
            yield f"{function} has a wildcard in its role"
    for name in facts.calls.keys() - functions(template).keys():
        yield f"{name} is not in the template"


def check_variables(template, facts):
    for function, (_, properties) in functions(template).items():
        given = set(properties.get("Environment", {}).get("Variables", {}))
        for variable in facts.variables[function] - given - OPTIONAL:
            yield f"{function} reads {variable}, which it is not given"
        for variable in given - facts.variables[function]:
            yield f"{function} is given {variable}, which it does not read"
        for variable, value in properties.get("Environment", {}).get("Variables", {}).items():
            names = {variable for variable, *_ in facts.tables.values()} | {v for _, v, *_ in facts.queues.values()}
            wanted = [n for n, (v, *_) in facts.tables.items() if v == variable]
            wanted += [n for n, (_, v, *_) in facts.queues.items() if v == variable]
            if variable in names and [template.resource(value)] != wanted:
                yield f"{function} is given {value} as {variable}"


def check_routes(template, facts):
    found = set()
    for api in template.of_type("AWS::ApiGatewayV2::Api").values():
        for path, methods in api["Body"]["paths"].items():
            for method, operation in methods.items():
                if method == "options":
                    continue
                target = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                found.add((method, path, template.name(re.search(r"functions/\$\{(\w+)\.Arn\}", target)[1])))
    yield from (f"the route {' '.join(r)} is missing" for r in facts.routes - found)
    yield from (f"there is no route {' '.join(r)} in the code" for r in found - facts.routes)


def check_tables(template, facts):
    tables = template.of_type("AWS::DynamoDB::Table")
    by_name = {template.name(logical): p for logical, p in tables.items()}
    yield from (f"the tables differ: {name}" for name in by_name.keys() ^ facts.tables.keys())
    indexes = set()
    for name, properties in by_name.items():
        kinds = {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]}
        keys = ",".join(key["AttributeName"] for key in properties["KeySchema"])
        ttl = properties.get("TimeToLiveSpecification", {}).get("AttributeName", "-")
        stream = properties.get("StreamSpecification", {}).get("StreamViewType", "-")
        if name in facts.tables and (keys, ttl, stream) != facts.tables[name][1:]:
            yield f"the table {name} has {keys} {ttl} {stream}, the code wants {facts.tables[name][1:]}"
        for index in properties.get("GlobalSecondaryIndexes", []):
            partition, sort = (key["AttributeName"] for key in index["KeySchema"])
            indexes.add((name, index["IndexName"], partition, sort, kinds[sort]))
            if index["Projection"] != {"ProjectionType": "KEYS_ONLY"}:
                yield f"{index['IndexName']} projects more than keys"
    yield from (f"the indexes differ: {index}" for index in indexes ^ facts.indexes)


def check_queues(template, facts):
    queues = template.of_type("AWS::SQS::Queue")
    found = {}
    for logical, properties in queues.items():
        redrive = properties.get("RedrivePolicy")
        if redrive:
            dead = redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]
            found[template.name(logical)] = (template.name(dead), properties["VisibilityTimeout"], redrive["maxReceiveCount"])
        elif properties.get("MessageRetentionPeriod") != FORTNIGHT:
            yield f"{logical} does not keep dead letters for 14 days"
        if not properties.get("SqsManagedSseEnabled"):
            yield f"{logical} is not encrypted"
    wanted = {name: (dead, visibility, receives) for name, (dead, _, visibility, receives) in facts.queues.items()}
    if found != wanted:
        yield f"the queues are {found}, the code wants {wanted}"


def check_sources(template):
    by_function = {}
    for logical, source in template.of_type("AWS::Lambda::EventSourceMapping").items():
        function = template.resources[source["FunctionName"]["Ref"]]["Properties"]
        source_of = template.resource(source["EventSourceArn"])
        by_function[template.name(source["FunctionName"]["Ref"])] = source_of
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{logical} does not report partial failures"
        queue = template.resources[source["EventSourceArn"]["Fn::GetAtt"][0]]
        if queue["Type"] == "AWS::SQS::Queue":
            if queue["Properties"]["VisibilityTimeout"] < 6 * function["Timeout"]:
                yield f"{logical}: messages come back while the function still works"
            if "MaximumConcurrency" not in source.get("ScalingConfig", {}):
                yield f"{logical} has no maximum concurrency"
        else:
            given_up = source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            if not source.get("BisectBatchOnFunctionError") or not given_up:
                yield f"{logical} lets a bad record hold up the others, or loses it"
    if by_function != {"dispatcher": "events/stream", "deliverer": "delivery", "retry-worker": "retry"}:
        yield f"the sources are {by_function}"
    rules = [rule for rule in template.of_type("AWS::Events::Rule").values()]
    if [(r["ScheduleExpression"], [t["Arn"]["Fn::GetAtt"][0] for t in r["Targets"]]) for r in rules] != [("rate(1 minute)", ["Sweeper"])]:
        yield "the sweeper does not run every minute"


def check_care(template):
    """What nobody notices until it is missing."""
    for logical, properties in template.of_type("AWS::Lambda::Function").items():
        group = properties.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if group != f"{logical}Logs":
            yield f"{logical} has no log group of its own"
        if properties.get("Runtime") != "provided.al2023" or properties.get("Handler") != "bootstrap":
            yield f"{logical} runs on something else"
    for logical, properties in template.of_type("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in properties:
            yield f"{logical} is kept for ever"
    for logical, properties in template.of_type("AWS::CloudWatch::Alarm").items():
        if not properties.get("AlarmActions"):
            yield f"{logical} tells nobody"
    for logical, resource in template.resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::DynamoDB::Table":
            if not resource.get("DeletionPolicy", "").startswith("Retain") or resource.get("UpdateReplacePolicy") != "Retain":
                yield f"{logical} is deleted with the stack"
            if not properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
                yield f"{logical} has no point-in-time recovery"
            if not properties.get("SSESpecification", {}).get("SSEEnabled") or properties.get("BillingMode") != "PAY_PER_REQUEST":
                yield f"{logical} is not encrypted, or not on demand"
    for logical in ("SealKey", "MacKey"):
        if template.resources[logical].get("DeletionPolicy") != "Retain":
            yield f"{logical} is deleted with the stack"


def mutations(document):
    """The template broken in one place each, with what was done."""

    def broken(change, *path):
        other = copy.deepcopy(document)
        node = other["Resources"]
        for step in path:
            node = node[step]
        change(node)
        return other

    for logical, resource in document["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
            policies = [("Policies", i, "PolicyDocument") for i in range(len(properties.get("Policies", [])))]
            for place in policies or [("PolicyDocument",)]:
                path = (logical, "Properties", *place, "Statement")
                statements = resource["Properties"]
                for step in (*place, "Statement"):
                    statements = statements[step]
                for i, statement in enumerate(statements):
                    for action in listed(statement["Action"]):
                        drop = lambda s, a=action: s.update(Action=[x for x in listed(s["Action"]) if x != a])
                        yield f"{logical} without {action}", broken(drop, *path, i)
                    service = listed(statement["Action"])[0].split(":")[0]
                    yield f"{logical} with {service}:*", broken(lambda s: s.update(Action=service + ":*"), *path, i)
                    yield f"{logical} with all resources", broken(lambda s: s.update(Resource="*"), *path, i)
                more = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": {"Fn::GetAtt": ["ApiKeysTable", "Arn"]}}
                yield f"{logical} with one more", broken(lambda all: all.append(more), *path)
        if kind == "AWS::Lambda::Function":
            for variable in properties.get("Environment", {}).get("Variables", {}):
                path = (logical, "Properties", "Environment", "Variables")
                yield f"{logical} without {variable}", broken(lambda v, n=variable: v.pop(n), *path)
            if "Environment" in properties:
                path = (logical, "Properties", "Environment", "Variables")
                yield f"{logical} with one variable more", broken(lambda v: v.update(MORE="1"), *path)
            yield f"{logical} without its log group", broken(lambda p: p.pop("LoggingConfig"), logical, "Properties")
        if kind == "AWS::ApiGatewayV2::Api":
            for route in properties["Body"]["paths"]:
                path = (logical, "Properties", "Body", "paths")
                yield f"no route {route}", broken(lambda p, r=route: p.pop(r), *path)
        if kind == "AWS::DynamoDB::Table":
            for part in ("TimeToLiveSpecification", "StreamSpecification", "GlobalSecondaryIndexes", "PointInTimeRecoverySpecification", "SSESpecification"):
                if part in properties:
                    yield f"{logical} without {part}", broken(lambda p, n=part: p.pop(n), logical, "Properties")
            yield f"{logical} not kept", broken(lambda r: r.pop("DeletionPolicy"), logical)
        if kind == "AWS::SQS::Queue":
            for part in ("VisibilityTimeout", "RedrivePolicy", "SqsManagedSseEnabled"):
                if part in properties:
                    change = lambda p, n=part: p.update({n: 30}) if n == "VisibilityTimeout" else p.pop(n)
                    yield f"{logical} with another {part}", broken(change, logical, "Properties")
        if kind == "AWS::Lambda::EventSourceMapping":
            for part in ("FunctionResponseTypes", "ScalingConfig", "BisectBatchOnFunctionError", "DestinationConfig"):
                if part in properties:
                    yield f"{logical} without {part}", broken(lambda p, n=part: p.pop(n), logical, "Properties")
        if kind == "AWS::CloudWatch::Alarm":
            yield f"{logical} without action", broken(lambda p: p.pop("AlarmActions"), logical, "Properties")
        if kind in ("AWS::Events::Rule", "AWS::DynamoDB::Table", "AWS::Lambda::EventSourceMapping"):
            other = copy.deepcopy(document)
            del other["Resources"][logical]
            yield f"no {logical}", other


def errors(document, facts):
    try:
        return list(check(Template(document), facts))
    except (KeyError, TypeError, AttributeError) as broken:
        return [f"the template refers to what is not there: {broken!r}"]


def main(path, usage):
    with open(path, encoding="utf-8") as file:
        document = yaml_parse(file.read())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://packaged/later"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    document = transform(document, {}, None)
    with open(usage, encoding="utf-8") as file:
        facts = Facts(file)
    assert len(facts.calls) > 10 and facts.routes, "the usage file is of no whole test run"
    wrong = errors(document, facts)
    for sentence in sorted(wrong):
        print(f"template.yaml: {sentence}", file=sys.stderr)
    unseen = [what for what, other in mutations(document) if not errors(other, facts)]
    for what in unseen:
        print(f"the check does not see it: {what}", file=sys.stderr)
    granted = sum(len(calls) for calls in facts.calls.values())
    print(f"{len(facts.calls)} functions, {granted} permissions, {len(facts.routes)} routes, {len(facts.tables)} tables; "
          f"{sum(1 for _ in mutations(document))} mutations, {len(unseen)} of them not seen")
    return 1 if wrong or unseen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
