"""What nobody notices until it is missing: deadlines, logs, alarms, parameters."""

import json
import re

from wiring import NAMESPACE

# Beside an attempt: reading, the secret, the outcome, the next task, the endpoint's health. Behind the API: the call
# that stalls, and one that releases what was claimed.
CALLS_BESIDE_AN_ATTEMPT = 5
CALLS_BEHIND_THE_API = 2
# API Gateway answers itself after 30 s.
LONGEST_BEHIND_THE_API = 29
LONGEST_SWEEP = 60
MEGABYTES = 256
LOGS = {"LogFormat": "JSON", "ApplicationLogLevel": {"Ref": "LogLevel"}, "SystemLogLevel": {"Ref": "SystemLogLevel"}}
TELL = [{"Ref": "AlertTopic"}]


def check_functions(template, code):
    if template.parameters["Architecture"] != {
        **template.parameters["Architecture"],
        "Default": "arm64",
        "AllowedValues": ["arm64", "x86_64"],
    }:
        yield "the functions are not for Graviton by default"
    for function, (logical, properties) in template.functions().items():
        if properties["LoggingConfig"] != LOGS | {"LogGroup": {"Ref": f"{logical}Logs"}}:
            yield f"{function} has no log group of its own, or logs in another way"
        if (properties["Runtime"], properties["Handler"], properties["Architectures"]) != (
            "provided.al2023",
            "bootstrap",
            [{"Ref": "Architecture"}],
        ):
            yield f"{function} runs on something else"
        if template.resources[logical].get("Metadata") != {"BuildMethod": "rust-cargolambda"}:
            yield f"{function} is built in another way"
        if properties["MemorySize"] != MEGABYTES:
            yield f"{function} has {properties['MemorySize']} MB, infra/cost.md says {MEGABYTES}"
        # Lambda stops what looks like a loop: a function that sends to the queue that it reads.
        reads = {queue for queue in code.queues for name, s in sources(template) if name == function and s == queue}
        loops = any(("sqs:SendMessage", queue) in code.calls[function] for queue in reads)
        if properties.get("RecursiveLoop") != ("Allow" if loops else None):
            yield f"{function} {'is stopped as a loop' if loops else 'may loop and never needs to'}"
        least, most = deadline(function, code)
        if not least <= properties["Timeout"] <= most:
            yield f"{function} has {properties['Timeout']} s, it should have {least} to {most}"


def sources(template):
    for source in template.of_type("AWS::Lambda::EventSourceMapping").values():
        yield template.name(source["FunctionName"]["Ref"]), template.resource(source["EventSourceArn"])


def deadline(function, code):
    """The least and the most seconds that a function should have."""
    if function in code.http():
        if function == "manage-endpoints":
            return code.test_send + code.call + 1, LONGEST_BEHIND_THE_API
        # What a function stores as late as this must not appear behind a reader of the feed, whose clock may be fast.
        return CALLS_BEHIND_THE_API * code.call + 1, min(LONGEST_BEHIND_THE_API, code.settled - 5)
    if function == "sweeper":
        return 30, LONGEST_SWEEP
    if function == "dispatcher":
        return 30, 120
    return code.turn + code.attempt + CALLS_BESIDE_AN_ATTEMPT * code.call, 120


def check_logs(template):
    wanted = {"AccessLogs": "/aws/apigateway/${AWS::StackName}-access"}
    for function, (logical, _) in template.functions().items():
        wanted[f"{logical}Logs"] = "/aws/lambda/${AWS::StackName}-" + function
    groups = template.of_type("AWS::Logs::LogGroup")
    yield from (f"the log groups differ: {logical}" for logical in groups.keys() ^ wanted.keys())
    for logical, properties in groups.items():
        # CloudWatch takes no figures from what functions write to a group of this class.
        own = {"LogGroupClass": "INFREQUENT_ACCESS"} if logical == "AccessLogs" else {}
        kept = {"LogGroupName": {"Fn::Sub": wanted.get(logical)}, "RetentionInDays": {"Ref": "LogRetentionDays"}}
        if properties != kept | own:
            yield f"{logical} is called otherwise, is kept for another time, or is of another class"


def wanted_alarms(template, code):
    """What a person is told of: (namespace, metric, of what, statistic, comparison, threshold)."""
    over, under = "GreaterThanThreshold", "LessThanThreshold"
    alarms = {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", dead, "Maximum", over, 0)
        for dead in {dead for dead, *_ in code.queues.values()} | {"dispatch-dead"}
    }
    return (
        alarms
        | {
            ("AWS/SQS", "ApproximateAgeOfOldestMessage", "delivery", "Maximum", over, 300),
            # Messages wait in it on purpose, this long at most.
            ("AWS/SQS", "ApproximateAgeOfOldestMessage", "retry", "Maximum", over, 3 * code.longest_hop),
            ("AWS/ApiGateway", "5xx", "Api", "Sum", over, 0),
            ("AWS/Lambda", "IteratorAge", "dispatcher", "Maximum", over, 60_000),
            ("AWS/Lambda", "Invocations", "sweeper", "Sum", under, 1),
            ("rate", "100 * failed / attempts", "WorkSkedge", "Sum", over, 50),
        }
        | {
            ("AWS/Lambda", metric, function, "Sum", over, 0)
            for metric in ("Errors", "Throttles")
            for function in template.functions()
        }
    )


def check_alarms(template, code):
    found = []
    for logical, alarm in template.of_type("AWS::CloudWatch::Alarm").items():
        silence = alarm.get("MetricName") == "Invocations"
        missing = ("missing", TELL) if silence else ("notBreaching", None)
        if alarm["AlarmActions"] != TELL or (alarm["TreatMissingData"], alarm.get("InsufficientDataActions")) != missing:
            yield f"{logical} tells nobody, or everybody without need"
        periods = (
            [alarm.get("Period")]
            if "Metrics" not in alarm
            else [m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m]
        )
        if not all(60 <= period <= 300 and period % 60 == 0 for period in periods) or not 1 <= alarm["EvaluationPeriods"] <= 5:
            yield f"{logical} looks over another time"
        rest = (alarm["ComparisonOperator"], alarm["Threshold"])
        if "Metrics" not in alarm:
            found.append((*metric_of(template, alarm), alarm["Statistic"], *rest))
            continue
        shown = [m for m in alarm["Metrics"] if m.get("ReturnData", True)]
        hidden = [m for m in alarm["Metrics"] if not m.get("ReturnData", True)]
        if len(shown) != 1 or "Expression" not in shown[0] or len({m["Id"] for m in alarm["Metrics"]}) != len(alarm["Metrics"]):
            yield f"{logical} is of no one figure"
        if shown[0]["Expression"] == "SUM(METRICS())":
            found += [(*metric_of(template, m["MetricStat"]["Metric"]), m["MetricStat"]["Stat"], *rest) for m in hidden]
        else:
            yield from check_rate(logical, shown[0]["Expression"], hidden, code)
            found.append(("rate", "100 * failed / attempts", "WorkSkedge", "Sum", *rest))
    wanted = wanted_alarms(template, code)
    yield from (f"nobody is told of {alarm}" for alarm in wanted - set(found))
    yield from (f"people are told of {alarm}" for alarm in set(found) - wanted)


def check_rate(logical, expression, hidden, code):
    figures = {m["Id"]: m["MetricStat"] for m in hidden}
    if expression != "IF(attempts >= 20, 100 * failed / attempts, 0)" or figures.keys() != {"attempts", "failed"}:
        yield f"{logical} reckons otherwise"
    for name, figure in (("Attempts", figures["attempts"]), ("FailedAttempts", figures["failed"])):
        if (
            name not in code.figures
            or figure["Metric"] != {"Namespace": NAMESPACE, "MetricName": name}
            or figure["Stat"] != "Sum"
        ):
            yield f"{logical} looks at a figure that nobody writes"


def metric_of(template, metric):
    (dimension,) = metric["Dimensions"]
    kinds = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName", "AWS/ApiGateway": "ApiId"}
    assert dimension["Name"] == kinds[metric["Namespace"]], dimension
    return metric["Namespace"], metric["MetricName"], template.resource(dimension["Value"])


def check_dashboard(template, code):
    (dashboard,) = template.of_type("AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["Fn::Sub"]
    for logical in set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", text)):
        template.name(logical)
    known = {(namespace, metric) for namespace, metric, *_ in wanted_alarms(template, code)}
    known |= {("AWS/ApiGateway", metric) for metric in ("Count", "4xx", "Latency")}
    known |= {("WorkSkedge/${AWS::StackName}", figure) for figure in code.figures}
    shown = set()
    for widget in json.loads(text)["widgets"]:
        last = []
        for metric in widget["properties"]["metrics"]:
            names = [part for part in metric if isinstance(part, str)]
            if names[0] == "...":
                names = last[: len(last) - len(names) + 1] + names[1:]
            last = [before if part == "." else part for part, before in zip(names, last + [""] * len(names), strict=False)]
            shown.add((last[0], last[1]))
    yield from (f"the dashboard shows {' '.join(metric)}, which nobody writes" for metric in shown - known)
    yield from (f"the dashboard does not show {figure}" for figure in code.figures - {metric for _, metric in shown})


def check_topic(template):
    (topic,), (subscription,) = (template.of_type(f"AWS::SNS::{kind}").values() for kind in ("Topic", "Subscription"))
    if topic["KmsMasterKeyId"] != {"Ref": "AlertKey"}:
        yield "alerts are not encrypted, or under a key that alarms can't use"
    if subscription != {"TopicArn": {"Ref": "AlertTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlertEmail"}}:
        yield "alerts go to somebody else"


def check_parameters(template, code):
    # The figures of deliveries are lines without a level, which Lambda takes for INFO; at TRACE whole requests are written.
    if set(template.parameters["LogLevel"]["AllowedValues"]) - {"DEBUG", "INFO"}:
        yield "a log level would drop the figures of deliveries, or write keys and bodies"
    system = template.parameters["SystemLogLevel"]
    if (system["Default"], set(system["AllowedValues"])) != ("WARN", {"DEBUG", "INFO", "WARN"}):
        yield "Lambda writes two lines of each invocation unless it is told not to, or can't be told to"
    pattern = re.compile(template.parameters["RetrySchedule"]["AllowedPattern"])
    fits = lambda text: bool(pattern.fullmatch(text))
    accepted = {n for n in range(2 * code.longest_wait) if fits(str(n))}
    lists = [n for n in range(1, 2 * code.most_waits) if fits(",".join(["60"] * n))]
    if (
        accepted != set(range(1, code.longest_wait + 1))
        or lists != list(range(1, code.most_waits + 1))
        or any(map(fits, ("", "60,", "060", ",60")))
    ):
        yield "RetrySchedule takes what the functions can't read, or the other way round"
    if not fits(template.parameters["RetrySchedule"]["Default"]):
        yield "the default of RetrySchedule does not fit its pattern"
    if set(template.document.get("Rules", {})) != {"DomainNeedsCertificate"}:
        yield "a domain without a certificate fails only when it is made"
