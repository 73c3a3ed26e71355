"""What whoever deploys can choose, and what comes of it: parameters, rules, conditions, outputs."""

import functools
import re
import tomllib

from evaluate import Deployment

LOG_LEVELS = ["DEBUG", "INFO"]
# Those of CloudWatch Logs, up to two years.
RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
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
    "MaxEndpointsPerAccount": {"Type": "Number", "MinValue": 1},
    "DocsUrl": {"Type": "String"},
    "DomainName": {"Type": "String", "Default": ""},
    "CertificateArn": {"Type": "String", "Default": ""},
    "CorsOrigins": {"Type": "CommaDelimitedList", "Default": "https://workskedge.com"},
    # What infra/cost.md reckons with, and a tenth of what API Gateway gives an account.
    "RequestsPerSecond": {"Type": "Number", "Default": 1000},
    "RequestBurst": {"Type": "Number", "Default": 2000},
}
DOMAIN = {"DomainName": "hooks.example.com", "CertificateArn": "arn:aws:acm:certificate/1"}
# Parameters, and the conditions that hold then. All others don't.
CONDITIONS = [
    ({}, {"IsProduction"}),
    ({"Stage": "staging"}, set()),
    ({"Stage": "prod"}, set()),
    ({"AlertEmail": "ops@example.com"}, {"IsProduction", "HasAlertEmail"}),
    (DOMAIN, {"IsProduction", "HasDomain"}),
    ({"Tracing": "Active", "Stage": "test"}, {"HasTracing"}),
]
# The parameters of a rule, and whether CloudFormation goes on.
RULES = [
    ({}, True),
    (DOMAIN, True),
    ({"DomainName": DOMAIN["DomainName"]}, False),
    ({"CertificateArn": DOMAIN["CertificateArn"]}, False),
]
API = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
FIRST_KEY = (
    'workskedge-admin --stack ${AWS::StackName} --region ${AWS::Region} accounts create --name "Acme Builders" --environment '
)
TARGET = {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}
# Parameters, and what the stack says then.
OUTPUTS = [
    ({}, {"ApiUrl": API, "AlertTopicArn": {"Ref": "AlertTopic"}, "FirstKey": {"Fn::Sub": FIRST_KEY + "live"}}),
    ({"Stage": "staging"}, {"ApiUrl": API, "FirstKey": {"Fn::Sub": FIRST_KEY + "staging"}}),
    (DOMAIN, {"ApiUrl": "https://hooks.example.com", "DomainTarget": TARGET}),
]
# Parameters, and what a variable of a function is then.
VARIABLES = [
    ({}, "ManageKeys", "KEY_ENVIRONMENT", "live"),
    ({"Stage": "staging"}, "ManageKeys", "KEY_ENVIRONMENT", "staging"),
    ({"RetrySchedule": "1,2"}, "Deliverer", "RETRY_SCHEDULE_SECONDS", "1,2"),
    ({"RetrySchedule": "1,2"}, "RetryWorker", "RETRY_SCHEDULE_SECONDS", "1,2"),
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
    defaults = {"RetrySchedule": code.schedule, "MaxEndpointsPerAccount": code.most_endpoints, "DocsUrl": code.docs}
    yield from (f"the parameters differ: {name}" for name in template.parameters.keys() ^ PARAMETERS.keys())
    for name, given in template.parameters.items():
        wanted = PARAMETERS.get(name, {}) | ({"Default": defaults[name]} if name in defaults else {})
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
    if template.document["Rules"].keys() != {"DomainNeedsCertificate"}:
        yield "a domain without a certificate fails only when it is made, or something else is refused"
    (rule,) = template.document["Rules"].values()
    # With a RuleCondition it would not always be asked.
    if rule.keys() != {"Assertions"} or any(one.keys() != {"Assert", "AssertDescription"} for one in rule["Assertions"]):
        yield f"the rule is another one: {rule}"
    for given, passes in RULES:
        deployment = Deployment(template.document, **given)
        if all(deployment.truth(one["Assert"]) for one in rule["Assertions"]) != passes:
            yield f"{given or 'the default'} is {'refused' if passes else 'taken'}"


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


def check_variables(template):
    for given, function, variable, wanted in VARIABLES:
        variables = template.resources[function]["Properties"]["Environment"]["Variables"]
        found = Deployment(template.document, **given).value(variables[variable])
        if found != wanted:
            yield f"with {given or 'defaults'} {function} is given {found} as {variable}"


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
    yield from check_variables(template)
