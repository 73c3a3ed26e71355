"""What whoever deploys can choose, and what comes of it: parameters, rules, conditions, outputs."""

import functools
import json
import re
import tomllib

from evaluate import NOTHING, Deployment

LOG_LEVELS = ["DEBUG", "INFO"]
# Those of CloudWatch Logs, up to two years.
RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
# An address or a block of them. What looks like one and is none, the portal refuses at its start.
BLOCK = r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?"
# 0 is none.
OPTIONAL = {"Type": "Number", "Default": 0, "MinValue": 0}
# Of each parameter all but its description. A default is what most deployments run with; changing one changes them all.
PARAMETERS = {
    # The prefix of keys: who changes the default makes keys that nobody takes for those of production.
    "Stage": {"Type": "String", "Default": "production", "AllowedPattern": "[a-z0-9]{1,20}"},
    "Architecture": {"Type": "String", "Default": "arm64", "AllowedValues": ["arm64", "x86_64"]},
    # At WARN the figures of deliveries would be dropped, which are lines without a level; at TRACE keys and bodies be written.
    "LogLevel": {"Type": "String", "Default": "INFO", "AllowedValues": LOG_LEVELS},
    # At INFO Lambda writes two lines of each invocation.
    "SystemLogLevel": {"Type": "String", "Default": "WARN", "AllowedValues": [*LOG_LEVELS, "WARN"]},
    # docs/operating.md counts on a month to look back.
    "LogRetentionDays": {"Type": "Number", "Default": 30, "AllowedValues": RETENTIONS},
    # A price per trace, which nobody should pay without having asked for it.
    "Tracing": {"Type": "String", "Default": "PassThrough", "AllowedValues": ["Active", "PassThrough"]},
    "AlertEmail": {"Type": "String", "Default": ""},
    # Its default and its pattern are compared with the code's.
    "RetrySchedule": {"Type": "String"},
    # Shorter than an attempt may take.
    "SlowAfter": {"Type": "Number", "MinValue": 1, "MaxValue": 29},
    "MaxEndpointsPerAccount": {"Type": "Number", "MinValue": 1},
    # What the contract promises; the bounds are compared with the code's.
    "EventRetentionDays": {"Type": "Number"},
    "AlertRetentionDays": {"Type": "Number"},
    "DocsUrl": {"Type": "String"},
    "DomainName": {"Type": "String", "Default": ""},
    "CertificateArn": {"Type": "String", "Default": ""},
    # Closed by default, a domain whose DNS does not point here yet would leave callers without the API.
    "ExecuteApiEndpoint": {"Type": "String", "Default": "open", "AllowedValues": ["open", "closed"]},
    # Set before all callers come through CloudFront, it would refuse them.
    "OriginSecretSha256": {"Type": "String", "Default": "", "AllowedPattern": "([0-9a-f]{64}(,[0-9a-f]{64})?)?"},
    "CorsOrigins": {"Type": "CommaDelimitedList", "Default": "https://workskedge.com"},
    # Off: NAT gateways cost more than all the rest. Lambda takes 16 subnets and 5 groups.
    "EgressSubnetIds": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "(subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17}){0,15})?",
    },
    "EgressSecurityGroupIds": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "(sg-[0-9a-f]{8,17}(,sg-[0-9a-f]{8,17}){0,4})?",
    },
    "EgressAddresses": {"Type": "String", "Default": "", "AllowedPattern": f"({BLOCK}(,{BLOCK})*)?"},
    # What infra/cost.md reckons with, and a tenth of what API Gateway gives an account.
    "RequestsPerSecond": {"Type": "Number", "Default": 1000, "MinValue": 1},
    "RequestBurst": {"Type": "Number", "Default": 2000, "MinValue": 1},
    "ApiReservedConcurrency": OPTIONAL,
    # Two queues of 50 batches are a tenth of what an AWS account may run. Lambda takes 2 to 1000.
    "DeliveryConcurrency": {"Type": "Number", "Default": 50, "MinValue": 2, "MaxValue": 1000},
    "RetryConcurrency": {"Type": "Number", "Default": 50, "MinValue": 2, "MaxValue": 1000},
    "SlowConcurrency": {"Type": "Number", "Default": 50, "MinValue": 2, "MaxValue": 1000},
    "MaxReadUnits": OPTIONAL,
    "MaxWriteUnits": OPTIONAL,
    # What DynamoDB gives a new table, and the least it takes; nothing is asked of it then.
    "WarmReadUnits": {"Type": "Number", "Default": 12000, "MinValue": 12000},
    "WarmWriteUnits": {"Type": "Number", "Default": 4000, "MinValue": 4000},
}
DOMAIN = {"DomainName": "hooks.example.com", "CertificateArn": "arn:aws:acm:certificate/1"}
CLOSED = {"ExecuteApiEndpoint": "closed"}
FIXED = {
    "EgressSubnetIds": "subnet-0a1b2c3d,subnet-4e5f6a7b",
    "EgressSecurityGroupIds": "sg-0a1b2c3d",
    "EgressAddresses": "52.1.2.3,52.1.2.4",
}
VPC = {"SubnetIds": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
LIMITED = {"MaxReadUnits": 4000, "MaxWriteUnits": 2000}
WARM = {"WarmReadUnits": 20000, "WarmWriteUnits": 8000}
# Parameters, and the conditions that hold then. All others don't.
CONDITIONS = [
    ({}, {"IsProduction"}),
    ({"Stage": "staging"}, set()),
    ({"Stage": "prod"}, set()),
    ({"AlertEmail": "ops@example.com"}, {"IsProduction", "HasAlertEmail"}),
    (DOMAIN, {"IsProduction", "HasDomain"}),
    # Without a domain it would be the API's only address.
    (CLOSED, {"IsProduction"}),
    (DOMAIN | CLOSED, {"IsProduction", "HasDomain", "ClosesExecuteApi"}),
    ({"Tracing": "Active", "Stage": "test"}, {"HasTracing"}),
    (FIXED, {"IsProduction", "HasEgress"}),
    # Refused by a rule; the subnets decide.
    *[({one: FIXED[one]}, {"IsProduction"}) for one in ("EgressSecurityGroupIds", "EgressAddresses")],
    ({"ApiReservedConcurrency": 20}, {"IsProduction", "HasReservedConcurrency"}),
    (LIMITED, {"IsProduction", "HasMaxUnits"}),
    *[(warm, {"IsProduction", "HasWarmUnits"}) for warm in (WARM, {"WarmReadUnits": 12001}, {"WarmWriteUnits": 4001})],
    # Refused by a rule, and one without the other is none.
    *[({one: 1}, {"IsProduction"}) for one in LIMITED],
]
# Rules: parameters, and whether CloudFormation goes on.
RULES = {
    "DomainNeedsCertificate": [({}, True), (DOMAIN, True), *[({one: DOMAIN[one]}, False) for one in DOMAIN]],
    "EgressGoesTogether": [
        ({}, True),
        (FIXED, True),
        *[({one: FIXED[one]}, False) for one in FIXED],
        *[({other: FIXED[other] for other in FIXED if other != one}, False) for one in FIXED],
    ],
    "UnitsGoTogether": [({}, True), (LIMITED, True), *[({one: LIMITED[one]}, False) for one in LIMITED]],
}
API = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
FIRST_KEY = (
    'workskedge-admin --stack ${AWS::StackName} --region ${AWS::Region} accounts create --name "Acme Builders" --environment '
)
TARGET = {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}
# What undoes a deployment: callers get 5xx, or a function crashes. CloudFormation takes five alarms at most; queues that grow
# show only later, and dead letters may be older than the deployment.
TRIGGERS = [
    {"Type": "AWS::CloudWatch::Alarm", "Arn": f"${{{alarm}.Arn}}"}
    for alarm in ("Api5xxAlarm", "ApiErrorsAlarm", "WorkerErrorsAlarm")
]
ROLLBACK = json.dumps({"MonitoringTimeInMinutes": 10, "RollbackTriggers": TRIGGERS}, separators=(",", ":"))
ALWAYS = {"AlertTopicArn": {"Ref": "AlertTopic"}, "RollbackConfiguration": {"Fn::Sub": ROLLBACK}}
# Parameters, and what the stack says then.
OUTPUTS = [
    ({}, ALWAYS | {"ApiUrl": API, "FirstKey": {"Fn::Sub": FIRST_KEY + "live"}}),
    ({"Stage": "staging"}, {"ApiUrl": API, "FirstKey": {"Fn::Sub": FIRST_KEY + "staging"}}),
    (DOMAIN, {"ApiUrl": "https://hooks.example.com", "DomainTarget": TARGET}),
]
DISABLED = "Body.servers.0.x-amazon-apigateway-endpoint-configuration.disableExecuteApiEndpoint"
# Parameters, and what a property of a resource is then.
VALUES = [
    ({}, "ManageKeys", "Environment.Variables.KEY_ENVIRONMENT", "live"),
    ({"Stage": "staging"}, "ManageKeys", "Environment.Variables.KEY_ENVIRONMENT", "staging"),
    ({"RetrySchedule": "1,2"}, "Deliverer", "Environment.Variables.RETRY_SCHEDULE_SECONDS", "1,2"),
    ({"RetrySchedule": "1,2"}, "RetryWorker", "Environment.Variables.RETRY_SCHEDULE_SECONDS", "1,2"),
    ({}, "CreateVendor", "ReservedConcurrentExecutions", NOTHING),
    ({"ApiReservedConcurrency": 20}, "CreateVendor", "ReservedConcurrentExecutions", 20),
    *[
        (given, function, "VpcConfig", vpc)
        for given, vpc in (({}, NOTHING), (FIXED, VPC))
        for function in ("ManageEndpoints", "Deliverer", "RetryWorker", "SlowWorker")
    ],
    ({}, "EventsTable", "DeletionProtectionEnabled", True),
    ({"Stage": "staging"}, "EventsTable", "DeletionProtectionEnabled", False),
    ({}, "EventsTable", "OnDemandThroughput", NOTHING),
    (LIMITED, "EventsTable", "OnDemandThroughput", {"MaxReadRequestUnits": 4000, "MaxWriteRequestUnits": 2000}),
    ({}, "EventsTable", "WarmThroughput", NOTHING),
    (WARM, "EventsTable", "WarmThroughput", {"ReadUnitsPerSecond": 20000, "WriteUnitsPerSecond": 8000}),
    ({}, "DelivererSource", "ScalingConfig.MaximumConcurrency", 50),
    ({"RetryConcurrency": 7}, "RetryWorkerSource", "ScalingConfig.MaximumConcurrency", 7),
    ({"SlowConcurrency": 7}, "SlowWorkerSource", "ScalingConfig.MaximumConcurrency", 7),
    ({}, "Api", DISABLED, False),
    (DOMAIN, "Api", DISABLED, False),
    (CLOSED, "Api", DISABLED, False),
    (DOMAIN | CLOSED, "Api", DISABLED, True),
]
# infra/samconfig.toml: the name of the stack, whether somebody has to confirm, and the parameters.
PRESETS = {
    "default": ("workskedge-webhooks", True, {"Stage": "production"}),
    # A week of everything, of what nobody is woken for.
    "staging": ("workskedge-webhooks-staging", False, {"Stage": "staging", "LogLevel": "DEBUG", "LogRetentionDays": "7"}),
}
# What people read and nothing depends on.
WORDS = {"Description", "ConstraintDescription"}
SECTIONS = {
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Conditions", "Resources", "Outputs",
}  # fmt: skip


def check_parameters(template, code):
    defaults = {
        "RetrySchedule": code.schedule,
        "SlowAfter": code.slow_after,
        "MaxEndpointsPerAccount": code.most_endpoints,
        "EventRetentionDays": code.event_days,
        "AlertRetentionDays": code.alert_days,
        "DocsUrl": code.docs,
    }
    yield from (f"the parameters differ: {name}" for name in template.parameters.keys() ^ PARAMETERS.keys())
    for name, given in template.parameters.items():
        wanted = PARAMETERS.get(name, {}) | ({"Default": defaults[name]} if name in defaults else {})
        if name in ("EventRetentionDays", "AlertRetentionDays"):
            wanted |= {"MinValue": code.least_days, "MaxValue": code.most_days}
        if name == "RetrySchedule":
            wanted["AllowedPattern"] = given.get("AllowedPattern")
        if {key: value for key, value in given.items() if key not in WORDS} != wanted:
            yield f"{name} is {given}, it should be {wanted}"
    if not takes_schedules(template.parameters["RetrySchedule"]["AllowedPattern"], code.longest_wait, code.most_waits):
        yield "RetrySchedule takes what the functions can't read, or the other way round"
    groups = template.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    if sorted(name for group in groups for name in group["Parameters"]) != sorted(template.parameters):
        yield "a parameter belongs to no group, or to two"


@functools.cache
def takes_schedules(pattern, longest_wait, most_waits):
    """Whether a pattern takes all lists of waits that the functions can read, and no other text."""
    fits = lambda text: bool(re.fullmatch(pattern, text))
    accepted = {n for n in range(2 * longest_wait) if fits(str(n))}
    lists = [n for n in range(1, 2 * most_waits) if fits(",".join(["60"] * n))]
    return (
        accepted == set(range(1, longest_wait + 1))
        and lists == list(range(1, most_waits + 1))
        and not any(map(fits, ("", "60,", "060", ",60")))
    )


def check_conditions(template):
    if template.document.keys() != SECTIONS:
        yield f"the template has {set(template.document) ^ SECTIONS}, or lacks it"
    known = set().union(*(holding for _, holding in CONDITIONS))
    yield from (f"the conditions differ: {name}" for name in template.document["Conditions"].keys() ^ known)
    for given, holding in CONDITIONS:
        deployment = Deployment(template.document, **given)
        found = {name for name in known if deployment.holds(name)}
        yield from (f"with {given or 'defaults'} {name} holds, or should" for name in found ^ holding)


def check_rules(template):
    rules = template.document["Rules"]
    yield from (f"the rules differ: {name}" for name in rules.keys() ^ RULES.keys())
    for name, rule in rules.items():
        # With a RuleCondition it would not always be asked.
        if rule.keys() != {"Assertions"} or any(one.keys() != {"Assert", "AssertDescription"} for one in rule["Assertions"]):
            yield f"{name} is another one: {rule}"
        for given, passes in RULES[name]:
            deployment = Deployment(template.document, **given)
            if all(deployment.truth(one["Assert"]) for one in rule["Assertions"]) != passes:
                yield f"{name}: {given or 'the default'} is {'refused' if passes else 'taken'}"


def check_outputs(template):
    outputs = template.document["Outputs"]
    yield from (
        f"{name} says more than a value"
        for name, one in outputs.items()
        if one.keys() - {"Condition"} != {"Description", "Value"}
    )
    for given, wanted in OUTPUTS:
        wanted = OUTPUTS[0][1] | wanted
        deployment = Deployment(template.document, **given)
        found = {
            name: deployment.value(one["Value"])
            for name, one in outputs.items()
            if "Condition" not in one or deployment.holds(one["Condition"])
        }
        yield from (
            f"with {given or 'defaults'} the output {name} is {found.get(name)}"
            for name in found.keys() | wanted.keys()
            if found.get(name) != wanted.get(name)
        )


def check_values(template):
    for given, logical, path, wanted in VALUES:
        value = template.resources[logical]["Properties"]
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        found = Deployment(template.document, **given).value(value)
        if found != wanted:
            yield f"with {given or 'defaults'} {logical} has {found} as {path}"


def presets(path):
    """The sets of parameters for `sam deploy --config-file`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def check_presets(config):
    # All functions share target/: side by side they would wait for one another.
    build = {"parameters": {"parallel": False}}
    wanted = {"version": 0.1}
    for name, (stack, confirmed, parameters) in PRESETS.items():
        overrides = " ".join(f"{key}={value}" for key, value in parameters.items())
        deploy = {"resolve_s3": True, "capabilities": "CAPABILITY_IAM", "confirm_changeset": confirmed}
        wanted[name] = {
            "global": {"parameters": {"stack_name": stack}},
            "build": build,
            "deploy": {"parameters": deploy | {"parameter_overrides": overrides}},
        }
    if config != wanted:
        yield f"infra/samconfig.toml is {config}, it should be {wanted}"


def check(template, code):
    yield from check_parameters(template, code)
    yield from check_conditions(template)
    yield from check_rules(template)
    yield from check_outputs(template)
    yield from check_values(template)
