"""What a person is told of and can look at: alarms and the dashboard."""

import json
import re
from typing import NamedTuple

from wiring import NAMESPACE

TELL = [{"Ref": "AlertTopic"}]
OVER, UNDER = "GreaterThanThreshold", "LessThanThreshold"
SUM = "SUM(METRICS())"
# Of at least 20 attempts: of one or two that fail nobody should be woken.
RATE = "IF(attempts >= 20, 100 * failed / attempts, 0)"
OWN = NAMESPACE["Fn::Sub"]
METRIC = {"Namespace", "MetricName", "Dimensions"}
DIMENSIONS = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName", "AWS/ApiGateway": "ApiId", "AWS/DynamoDB": "TableName"}


class Alarm(NamedTuple):
    """What is watched, how, and when it is too much: `statistic` over `seconds`, `times` in a row."""

    namespace: str
    metric: str
    of: tuple[str, ...]
    statistic: str
    seconds: int
    times: int
    comparison: str
    threshold: int
    # Where the description sends whoever is woken.
    says: str
    expression: str | None = None


def wanted_alarms(template, code):
    """Each alarm by its logical name."""
    behind_the_api = tuple(sorted(code.http()))
    workers = tuple(sorted(template.functions().keys() - code.http()))
    lambdas = lambda metric, of, times, says: Alarm("AWS/Lambda", metric, of, "Sum", 60, times, OVER, 0, says, SUM)
    age = lambda queue, seconds, says: Alarm(
        "AWS/SQS", "ApproximateAgeOfOldestMessage", (queue,), "Maximum", 60, 5, OVER, seconds, says
    )
    # CloudWatch takes ten metrics an alarm: the table with the least traffic has one of its own.
    tables = tuple(sorted(code.tables.keys() - {"audit"}))
    indexes = tuple(sorted(f"{table}/{index}" for table, index, *_ in code.indexes))
    # The SDK sends again what is refused for a moment.
    refused = lambda what, of, says: Alarm("AWS/DynamoDB", what, of, "Sum", 60, 2, OVER, 0, says, SUM)
    return {
        "TableWriteThrottlesAlarm": refused("WriteThrottleEvents", tables, "MaxWriteUnits"),
        "TableReadThrottlesAlarm": refused("ReadThrottleEvents", tables, "MaxReadUnits"),
        "AuditThrottlesAlarm": refused("ReadThrottleEvents WriteThrottleEvents", ("audit",), "audit log"),
        # Of indexes DynamoDB counts apart. Both in one: neither is often, and the cause is the same.
        "IndexThrottlesAlarm": refused("ReadThrottleEvents WriteThrottleEvents", indexes, "look at their endpoints"),
        # Five minutes of five minutes: a burst that is being worked off is none.
        "DeliveryAgeAlarm": age("delivery", 300, "deliverer's"),
        # Messages wait in it on purpose, this long at most.
        "RetryAgeAlarm": age("retry", 3 * code.longest_hop, "retry worker's"),
        "SlowAgeAlarm": age("slow", 3 * code.longest_hop, "SlowConcurrency"),
        # One is one too many: each is a request or a batch that was cut off.
        "ApiErrorsAlarm": lambdas("Errors", behind_the_api, 1, "behind the API"),
        "WorkerErrorsAlarm": lambdas("Errors", workers, 1, "sweeper"),
        # A burst that Lambda grows into is throttled for a moment, and comes again.
        "ApiThrottlesAlarm": lambdas("Throttles", behind_the_api, 3, "ApiReservedConcurrency"),
        "WorkerThrottlesAlarm": lambdas("Throttles", workers, 5, "DeliveryConcurrency"),
        "SweeperSilentAlarm": Alarm("AWS/Lambda", "Invocations", ("sweeper",), "Sum", 60, 5, UNDER, 1, "schedule"),
        "Api5xxAlarm": Alarm("AWS/ApiGateway", "5xx", ("Api",), "Sum", 60, 2, OVER, 0, "functionRequestId"),
        # In milliseconds.
        "StreamAgeAlarm": Alarm(
            "AWS/Lambda", "IteratorAge", ("dispatcher",), "Maximum", 60, 3, OVER, 60_000, "dispatcher's log"
        ),
        "DeliveryFailureAlarm": Alarm(
            "WorkSkedge", "FailedAttempts/Attempts", ("all",), "Sum", 300, 3, OVER, 50, "is it us or them", RATE
        ),
    } | dict(dead_alarm(queue) for queue in {dead for dead, *_ in code.queues.values()} | {"dispatch-dead"})


def dead_alarm(queue):
    """One message is enough: somebody has to look at it."""
    name = "".join(part.title() for part in queue.split("-"))
    says = "dispatcher's log" if queue == "dispatch-dead" else f"queues redrive {queue.removesuffix('-dead')} "
    return f"{name}Alarm", Alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", (queue,), "Maximum", 60, 1, OVER, 0, says)


def check_alarms(template, code):
    alarms, wanted = template.of_type("AWS::CloudWatch::Alarm"), wanted_alarms(template, code)
    yield from (f"the alarms differ: {logical}" for logical in alarms.keys() ^ wanted.keys())
    for logical, alarm in alarms.items():
        # A metric that nobody writes has no values: for the sweeper that is the news, for all others it is none.
        missing = ("missing", TELL) if logical == "SweeperSilentAlarm" else ("notBreaching", None)
        # Also of the end: whoever is woken may go to sleep again.
        if alarm["OKActions"] != TELL:
            yield f"{logical} does not say when it is over"
        if alarm["AlarmActions"] != TELL or (alarm["TreatMissingData"], alarm.get("InsufficientDataActions")) != missing:
            yield f"{logical} tells nobody, or everybody without need"
        want = wanted[logical]
        found = found_alarm(template, code, alarm, want.says)
        if found != want:
            yield f"{logical} is {found}, it should be {want}"
        if want.says not in alarm["AlarmDescription"]:
            yield f"{logical} does not say {want.says}: {alarm['AlarmDescription']}"


def found_alarm(template, code, alarm, says):
    limits = (alarm["EvaluationPeriods"], alarm["ComparisonOperator"], alarm["Threshold"], says)
    if "Metrics" not in alarm:
        namespace, metric, of = metric_of(template, alarm)
        return Alarm(namespace, metric, (of,), alarm["Statistic"], alarm["Period"], *limits)
    shown, *hidden = alarm["Metrics"]
    assert shown.keys() == {"Id", "Expression", "Label"}, f"{shown} is not what the alarm looks at"
    assert all(one.keys() == {"Id", "ReturnData", "MetricStat"} and not one["ReturnData"] for one in hidden), hidden
    assert len({one["Id"] for one in alarm["Metrics"]}) == len(alarm["Metrics"]) <= 11, "CloudWatch takes ten metrics"
    figures = {one["Id"]: one["MetricStat"] for one in hidden}
    assert all(figure.keys() == {"Period", "Stat", "Metric"} for figure in figures.values()), figures
    ((statistic, seconds),) = {(figure["Stat"], figure["Period"]) for figure in figures.values()}
    if shown["Expression"] == RATE:
        own = {"attempts": "Attempts", "failed": "FailedAttempts"}
        assert own.keys() == figures.keys() and set(own.values()) <= code.figures, figures
        assert all(figures[of]["Metric"] == {"Namespace": NAMESPACE, "MetricName": name} for of, name in own.items()), figures
        return Alarm("WorkSkedge", "FailedAttempts/Attempts", ("all",), statistic, seconds, *limits, RATE)
    assert all(figure["Metric"].keys() == METRIC for figure in figures.values()), figures
    metrics = [metric_of(template, figure["Metric"]) for figure in figures.values()]
    (namespace,), names = {one[0] for one in metrics}, sorted({one[1] for one in metrics})
    # Of several metrics, all are looked at for each.
    (of,) = {tuple(sorted(one[2] for one in metrics if one[1] == name)) for name in names}
    return Alarm(namespace, " ".join(names), of, statistic, seconds, *limits, shown["Expression"])


def metric_of(template, metric):
    dimension, *index = metric["Dimensions"]
    assert dimension == {"Name": DIMENSIONS[metric["Namespace"]], "Value": dimension["Value"]}, dimension
    of = template.resource(dimension["Value"])
    if index:
        assert index == [{"Name": "GlobalSecondaryIndexName", "Value": index[0]["Value"]}], index
        of += f"/{index[0]['Value']}"
    return metric["Namespace"], metric["MetricName"], of


# What the dashboard shows, by title: the statistic of all its lines, and its lines, with a statistic of their own at the end.
DASHBOARD = {
    "Requests": ("Sum", [f"AWS/ApiGateway {metric} ApiId ${{Api}}" for metric in ("Count", "4xx", "5xx")]),
    "Request latency (ms)": (None, [f"AWS/ApiGateway Latency ApiId ${{Api}} {part}" for part in ("p50", "p99")]),
    "Attempts": ("Sum", [f"{OWN} {figure}" for figure in ("Attempts", "FailedAttempts", "DeliveriesFailed")]),
    "Dispatch to the end of the first attempt (ms)": (None, [f"{OWN} FirstAttemptLatency {part}" for part in ("p50", "p99")]),
    "Oldest message (s)": (
        "Maximum",
        [
            f"AWS/SQS ApproximateAgeOfOldestMessage QueueName ${{{queue}.QueueName}}"
            for queue in ("DeliveryQueue", "RetryQueue", "SlowQueue")
        ],
    ),
    "Dead letters": (
        "Maximum",
        [
            f"AWS/SQS ApproximateNumberOfMessagesVisible QueueName ${{{queue}DeadQueue.QueueName}}"
            for queue in ("Delivery", "Retry", "Slow", "Dispatch")
        ],
    ),
}

WIDGET = {"type", "properties", "width", "height", "x", "y"}


def check_dashboard(template, code):
    (dashboard,) = template.of_type("AWS::CloudWatch::Dashboard").values()
    if dashboard["DashboardName"] != {"Ref": "AWS::StackName"}:
        yield "two stacks have one dashboard"
    text = dashboard["DashboardBody"]["Fn::Sub"]
    for logical in set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", text)):
        template.name(logical)
    body = json.loads(text)
    if body.keys() != {"widgets"}:
        yield "the dashboard has something that nobody has thought about"
    found = {}
    for widget in body["widgets"]:
        properties = dict(widget["properties"])
        title, lines = properties.pop("title"), list(lines_of(properties.pop("metrics")))
        found[title] = (properties.pop("stat", None), lines)
        if properties != {"region": "${AWS::Region}", "period": 60} or widget["type"] != "metric":
            yield f"{title} is of another time or place"
        if widget.keys() != WIDGET:
            yield f"{title} has something that nobody has thought about"
    if found != DASHBOARD:
        yield f"the dashboard shows {found}"
    shown = " ".join(line for _, lines in found.values() for line in lines)
    yield from (f"the dashboard does not show {figure}" for figure in code.figures if f"{OWN} {figure}" not in shown)


def lines_of(metrics):
    """Each line of a widget in full: "." repeats a part of the line before, "..." all of it but what follows."""
    last = []
    for metric in metrics:
        names = [part for part in metric if isinstance(part, str)]
        own = [value for part in metric if isinstance(part, dict) for value in part.values()]
        if names[0] == "...":
            names = last[: len(last) - len(names) + 1] + names[1:]
        last = [before if part == "." else part for part, before in zip(names, last + [""] * len(names), strict=False)]
        yield " ".join(last + own)
