"""What is connected to what: routes, variables, tables, queues, sources."""

import json
import re

FORTNIGHT = 14 * 24 * 3600
FOUR_DAYS = 4 * 24 * 3600
# Variables that a function may do without. The first is never set in AWS: it would let deliveries reach private addresses.
OPTIONAL = {"ALLOW_PRIVATE_ENDPOINTS", "KEY_LIMIT_PER_HOUR", "KEY_LIMIT_PER_MINUTE"}
NAMESPACE = {"Fn::Sub": "WorkSkedge/${AWS::StackName}"}
# What is no table and no queue.
VALUES = {
    "SEAL_KEY_ID": {"Ref": "SealKey"},
    "MAC_KEY_ID": {"Ref": "MacKey"},
    "ALERT_TOPIC_ARN": {"Ref": "AlertTopic"},
    "RETRY_SCHEDULE_SECONDS": {"Ref": "RetrySchedule"},
    "SLOW_AFTER_SECONDS": {"Ref": "SlowAfter"},
    "MAX_ENDPOINTS_PER_ACCOUNT": {"Ref": "MaxEndpointsPerAccount"},
    "EVENT_RETENTION_DAYS": {"Ref": "EventRetentionDays"},
    "ALERT_RETENTION_DAYS": {"Ref": "AlertRetentionDays"},
    "DOCS_URL": {"Ref": "DocsUrl"},
    "METRICS_NAMESPACE": NAMESPACE,
    "ORIGIN_SECRET_SHA256": {"Ref": "OriginSecretSha256"},
    "EGRESS_ADDRESSES": {"Ref": "EgressAddresses"},
    "KEY_ENVIRONMENT": {"Fn::If": ["IsProduction", "live", {"Ref": "Stage"}]},
}
EXPOSED = {
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
    "Idempotency-Replayed",
}
# What a line of the access log has, and the variable of API Gateway that says it. docs/operating.md follows a request by them.
LOGGED = {
    "requestId": "$context.requestId",
    # Lambda's id: `span.requestId` in the log of the function that answered.
    "functionRequestId": "$context.awsEndpointRequestId",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "integrationError": "$context.integrationErrorMessage",
}
# By default neither: no limit but the account's, and what DynamoDB gives a new table.
LIMIT = {
    "Fn::If": [
        "HasMaxUnits",
        {"MaxReadRequestUnits": {"Ref": "MaxReadUnits"}, "MaxWriteRequestUnits": {"Ref": "MaxWriteUnits"}},
        {"Ref": "AWS::NoValue"},
    ]
}
WARM = {
    "Fn::If": [
        "HasWarmUnits",
        {"ReadUnitsPerSecond": {"Ref": "WarmReadUnits"}, "WriteUnitsPerSecond": {"Ref": "WarmWriteUnits"}},
        {"Ref": "AWS::NoValue"},
    ]
}
# Each request or each delivery writes to them.
BUSY = {"rate-windows", "idempotency", "records", "events", "deliveries"}
INDEX = {"IndexName", "KeySchema", "Projection"}
OPERATION = {"x-amazon-apigateway-integration", "responses", "parameters", "isDefaultRoute"}
BODY = {"openapi", "info", "tags", "paths", "x-amazon-apigateway-cors", "servers"}
# Routes beside the portal's that anybody may call without a key.
CATALOG = {"ANY /api/event-types", "ANY /api/event-types/{proxy+}"}
# A page of the console is a dozen files; a person loads one in a while. Numbers: CloudFormation makes text of a parameter
# where it knows no types, as in these settings.
PAGES = {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
# How each source is read. A batch of deliveries is attempted at once, and holds its function until the slowest is answered. A
# batch of the stream is one account's events.
QUEUE = lambda parameter: {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": {"Ref": parameter}}}
TUNING = {
    "deliverer": QUEUE("DeliveryConcurrency"),
    "retry-worker": QUEUE("RetryConcurrency"),
    "slow-worker": QUEUE("SlowConcurrency"),
    "dispatcher": {
        "BatchSize": 100,
        "ParallelizationFactor": 10,
        # Some minutes; then the record is given up for the sake of those behind it, and the sweeper brings it again.
        "MaximumRetryAttempts": 10,
        "BisectBatchOnFunctionError": True,
        # From the beginning: what is written while the source is being made is read, too.
        "StartingPosition": "TRIM_HORIZON",
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["DispatchDeadQueue", "Arn"]}}},
    },
}
# What was dispatched already does no harm; what is left out is an event that is late by minutes.
PASSED_ON = [{"eventName": ["INSERT", "MODIFY"]}]


def check_variables(template, code):
    names = {variable: name for name, (variable, *_) in code.tables.items()}
    names |= {variable: name for name, (_, variable, *_) in code.queues.items()}
    for function, (_, properties) in template.functions().items():
        given = properties.get("Environment", {}).get("Variables", {})
        if properties.get("Environment", {}).keys() - {"Variables"}:
            yield f"{function} has something that nobody has thought about in its environment"
        yield from (f"{function} reads {v}, which it is not given" for v in code.variables[function] - given.keys() - OPTIONAL)
        yield from (f"{function} is given {v}, which it does not read" for v in given.keys() - code.variables[function])
        for variable, value in given.items():
            right = template.resource(value) == names[variable] if variable in names else value == VALUES.get(variable)
            if not right:
                yield f"{function} is given {value} as {variable}"


def check_routes(template, code):
    found = set()
    (api,) = template.of_type("AWS::ApiGatewayV2::Api").values()
    if api["Body"].keys() != BODY or api["Body"]["info"] != {"title": {"Ref": "AWS::StackName"}, "version": "1.0"}:
        yield "the API has another name, or something that nobody has thought about"
    closed = {"disableExecuteApiEndpoint": {"Fn::If": ["ClosesExecuteApi", True, False]}}
    if api["Body"]["servers"] != [{"x-amazon-apigateway-endpoint-configuration": closed}]:
        yield "the API's own address is closed in another case"
    for path, methods in api["Body"]["paths"].items():
        for method, operation in methods.items():
            if operation.keys() - OPERATION:
                yield f"{path} has something that nobody has thought about: {operation.keys() - OPERATION}"
            integration = dict(operation["x-amazon-apigateway-integration"])
            uri = integration.pop("uri")["Fn::Sub"]
            if integration != {"httpMethod": "POST", "type": "aws_proxy", "payloadFormatVersion": "2.0"}:
                yield f"{path} is passed on in another format: {integration}"
            prefix, logical, suffix = re.fullmatch(r"(.*)\$\{(\w+)\.Arn\}(.*)", uri).groups()
            if (prefix, suffix) != (
                "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/",
                "/invocations",
            ):
                yield f"{path} leads to {uri}"
            method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            if (path == "$default") != operation.get("isDefaultRoute", False):
                yield f"{path} is the default route, or is not"
            found.add((method, path, template.name(logical)))
    yield from (f"the route {' '.join(r)} is missing" for r in code.routes - found)
    yield from (f"there is no route {' '.join(r)} in the code" for r in found - code.routes)
    yield from check_cors(template, api["Body"]["x-amazon-apigateway-cors"])


def check_cors(template, cors):
    wanted = {
        "allowOrigins": template.given.get("CorsOrigins", template.parameters["CorsOrigins"]["Default"]),
        "allowMethods": ["GET", "HEAD", "POST", "PATCH", "DELETE"],
        "allowHeaders": ["Content-Type", "X-API-Key", "Idempotency-Key", "traceparent"],
        "maxAge": 3600,
    }
    if (
        set(cors["exposeHeaders"]) != EXPOSED
        or {k: v for k, v in cors.items() if k != "exposeHeaders"} != wanted
        or "*" in str(cors)
    ):
        yield f"pages of others may do something else: {cors}"


def check_stage(template, code):
    (stage,) = template.of_type("AWS::ApiGatewayV2::Stage").values()
    if (stage["ApiId"], stage["StageName"], stage["AutoDeploy"]) != ({"Ref": "Api"}, "$default", True):
        yield "the API's stage is another one"
    if stage["DefaultRouteSettings"] != {
        "ThrottlingRateLimit": {"Ref": "RequestsPerSecond"},
        "ThrottlingBurstLimit": {"Ref": "RequestBurst"},
    }:
        yield f"the API is throttled otherwise: {stage['DefaultRouteSettings']}"
    keyless = {f"{method} {path}" for method, path, function in code.routes if function == "portal"} | CATALOG
    if stage["RouteSettings"] != {key.replace("ANY $default", "$default"): PAGES for key in keyless}:
        yield f"what asks for no key is throttled otherwise: {stage['RouteSettings']}"
    log = stage["AccessLogSettings"]
    if log.keys() != {"DestinationArn", "Format"} or log["DestinationArn"] != {"Fn::GetAtt": ["AccessLogs", "Arn"]}:
        yield "the access log goes elsewhere"
    if json.loads(log["Format"]) != LOGGED:
        yield f"the access log says something else: {log['Format']}"
    (domain,), (mapping,) = (template.of_type(f"AWS::ApiGatewayV2::{kind}").values() for kind in ("DomainName", "ApiMapping"))
    settings = [{"CertificateArn": {"Ref": "CertificateArn"}, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}]
    if domain != {"DomainName": {"Ref": "DomainName"}, "DomainNameConfigurations": settings}:
        yield "the custom domain is another one, or has weaker TLS"
    if mapping != {"ApiId": {"Ref": "Api"}, "DomainName": {"Ref": "Domain"}, "Stage": {"Ref": "ApiApiGatewayDefaultStage"}}:
        yield "the custom domain leads elsewhere"


def check_tables(template, code):
    by_name = {template.name(logical): p for logical, p in template.of_type("AWS::DynamoDB::Table").items()}
    yield from (f"the tables differ: {name}" for name in by_name.keys() ^ code.tables.keys())
    indexes = set()
    for name, properties in by_name.items():
        kinds = {}
        for attribute in properties["AttributeDefinitions"]:
            kinds[attribute["AttributeName"]] = attribute["AttributeType"]
            if attribute.keys() != {"AttributeName", "AttributeType"}:
                yield f"{name} declares {attribute}"
        keys = ",".join(keys_of(properties))
        ttl, stream = properties.get("TimeToLiveSpecification"), properties.get("StreamSpecification")
        has = (keys, ttl["AttributeName"] if ttl else "-", stream["StreamViewType"] if stream else "-")
        if name in code.tables and has != code.tables[name][1:]:
            yield f"the table {name} has {has}, the code wants {code.tables[name][1:]}"
        if ttl and ttl != {"AttributeName": ttl["AttributeName"], "Enabled": True}:
            yield f"nothing in {name} ages"
        if stream and stream.keys() != {"StreamViewType"}:
            yield f"the stream of {name} has something that nobody has thought about"
        own = [(partition, sort, kind) for table, _, partition, sort, kind in code.indexes if table == name]
        wanted = dict.fromkeys(code.tables[name][1].split(",") + [partition for partition, *_ in own], "S")
        if kinds != {sort: kind for _, sort, kind in own} | wanted:
            yield f"{name} declares {kinds}"
        for index in properties.get("GlobalSecondaryIndexes", []):
            partition, sort = keys_of(index)
            indexes.add((name, index["IndexName"], partition, sort, kinds[sort]))
            if index["Projection"] != {"ProjectionType": "KEYS_ONLY"} or index.keys() != INDEX:
                yield f"{index['IndexName']} projects more than keys"
        if properties["PointInTimeRecoverySpecification"] != {"PointInTimeRecoveryEnabled": True}:
            yield f"{name} has no point-in-time recovery"
        if properties["DeletionProtectionEnabled"] != {"Fn::If": ["IsProduction", True, False]}:
            yield f"{name} can be deleted in production, or can't elsewhere"
        if properties["OnDemandThroughput"] != LIMIT or properties.get("WarmThroughput") != (WARM if name in BUSY else None):
            yield f"{name} has another capacity"
        if properties["SSESpecification"] != {"SSEEnabled": True} or properties["BillingMode"] != "PAY_PER_REQUEST":
            yield f"{name} is not encrypted, or not on demand"
    yield from (f"the indexes differ: {index}" for index in indexes ^ code.indexes)


def keys_of(properties):
    """The names of the key attributes, the partition key first."""
    names = {key["KeyType"]: key["AttributeName"] for key in properties["KeySchema"]}
    assert all(key.keys() == {"KeyType", "AttributeName"} for key in properties["KeySchema"]), properties["KeySchema"]
    return [names[kind] for kind in ("HASH", "RANGE") if kind in names or names.keys() - {"HASH", "RANGE"}]


def check_queues(template, code):
    found, dead = {}, set()
    for logical, properties in template.of_type("AWS::SQS::Queue").items():
        name, redrive = template.name(logical), properties.get("RedrivePolicy")
        if redrive:
            kept = FOUR_DAYS
            if redrive.keys() != {"deadLetterTargetArn", "maxReceiveCount"}:
                yield f"{name} gives up otherwise: {redrive}"
            found[name] = (
                template.resource(redrive["deadLetterTargetArn"]),
                properties["VisibilityTimeout"],
                redrive["maxReceiveCount"],
            )
        else:
            kept = FORTNIGHT
            dead.add(name)
        if properties["MessageRetentionPeriod"] != kept:
            yield f"{name} keeps messages for another time"
        if properties["SqsManagedSseEnabled"] is not True:
            yield f"{name} is not encrypted"
    wanted = {name: (dead, visibility, receives) for name, (dead, _, visibility, receives) in code.queues.items()}
    if found != wanted or dead != {dead for dead, *_ in wanted.values()} | {"dispatch-dead"}:
        yield f"the queues are {found} and {dead}, the code wants {wanted}"


def check_sources(template):
    by_function = {}
    for logical, source in template.of_type("AWS::Lambda::EventSourceMapping").items():
        source, function = dict(source), source["FunctionName"]["Ref"]
        arn, name = source.pop("EventSourceArn"), template.name(source.pop("FunctionName")["Ref"])
        by_function[name] = template.resource(arn)
        if source.pop("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{logical} does not report partial failures"
        if template.resources[logical].get("DependsOn") != template.resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]:
            yield f"{logical} may be made before its function may read"
        queue = template.resources[arn["Fn::GetAtt"][0]]
        if queue["Type"] == "AWS::SQS::Queue":
            if queue["Properties"]["VisibilityTimeout"] < 6 * template.resources[function]["Properties"]["Timeout"]:
                yield f"{logical}: messages come back while the function still works"
        else:
            criteria = source.pop("FilterCriteria")
            filters = [json.loads(one["Pattern"]) for one in criteria["Filters"] if one.keys() == {"Pattern"}]
            if filters != PASSED_ON or criteria.keys() != {"Filters"}:
                yield f"{logical} leaves out events"
        if source != TUNING.get(name):
            yield f"{logical} is read otherwise: {source}"
    queues = {"deliverer": "delivery", "retry-worker": "retry", "slow-worker": "slow"}
    if by_function != {"dispatcher": "events/stream", **queues}:
        yield f"the sources are {by_function}"
    (rule,) = template.of_type("AWS::Events::Rule").values()
    (target,) = rule["Targets"]
    # No Input: the sweeper takes none.
    if rule["ScheduleExpression"] != "rate(1 minute)" or target.keys() != {"Arn", "Id"}:
        yield "the sweeper does not run every minute"
    if target["Arn"] != {"Fn::GetAtt": ["Sweeper", "Arn"]}:
        yield "another function than the sweeper runs every minute"
