"""The loads that `ceilings` is asked about, what each stage takes at most, and the tables of docs/ceilings.md."""

import math

import facts
from ceilings import DELIVERY_UNITS, EVENT_UNITS, EVENTS, INVOCATIONS_AT_ONCE, Case, run, summary
from stages import (
    DELIVER,
    DELIVERY_PROCESSOR,
    DISPATCH,
    EVENT_PROCESSOR,
    PARTITION_WRITES,
    PROCESSOR,
    REQUEST,
    TABLE_PARTITIONS,
)

MORE = {"requests_a_second": 2_500, "burst": 5_000}
DEFAULT_LIMITS = {"per_minute": facts.PER_MINUTE, "per_hour": facts.PER_HOUR}
# What senders are told who send each event once, and how long it takes when they come again until they are answered 200.
ONCE = {
    f"{accounts} {'account' if accounts == 1 else 'accounts'}{', default limits' if limits else ''}": Case(
        accounts, 1, 0.05, persistent=False, **limits
    )
    for limits in (DEFAULT_LIMITS, {})
    for accounts in (1, 100)
}
UNTIL_ALL = {
    f"{accounts} {'account' if accounts == 1 else 'accounts'}, {endpoints} {'endpoint' if endpoints == 1 else 'endpoints'}, "
    f"answers after {answer * 1000:.0f} ms": Case(accounts, endpoints, answer)
    for accounts in (1, 100)
    for endpoints in (1, 10)
    for answer in (0.05, 0.5)
}
RAISED = {
    f"100 accounts, {endpoints} {'endpoint' if endpoints == 1 else 'endpoints'}, 500 ms, {concurrency} deliverers": Case(
        100, endpoints, 0.5, persistent=False, concurrency=concurrency, **MORE
    )
    for endpoints in (1, 10)
    for concurrency in (50, 200)
}
ANSWER_COLUMNS = {
    "answered_200": ("200", 0),
    "gateway": ("429 of API Gateway", 0),
    "key": ("429 of the key", 0),
    "unavailable": ("503", 0),
    "running": ("invocations at once", 0),
}
TIME_COLUMNS = {
    "last_accepted": ("last accepted, s", 0),
    "last_delivered": ("last delivered, s", 0),
    "delivered_minute": ("deliveries in the minute", 0),
    "p50": ("accepted to delivered, p50 s", 1),
    "p95": ("p95 s", 1),
    "queue": ("most messages in the queue", 0),
    "busy": ("deliverers busy", 0),
}

LIMIT_COLUMNS = {"account": ("of one account", 1), "all": ("of all", 0)}


def deliverers(endpoints, answer):
    """Events a second, each to so many endpoints, that the deliverers take."""
    case = Case(1, endpoints, answer)
    batch = facts.template("DelivererSource", "BatchSize")
    attempts = batch * min(endpoints, facts.MESSAGE_ENDPOINTS)
    seconds = DELIVER + answer + attempts * DELIVERY_PROCESSOR / PROCESSOR
    return case.concurrency * batch / seconds / math.ceil(endpoints / facts.MESSAGE_ENDPOINTS)


def limits():
    """Events a second that each stage takes."""
    case = Case(1, 1, 0.05)
    size, lanes = facts.template("DispatcherSource", "BatchSize"), facts.template("DispatcherSource", "ParallelizationFactor")
    shard = lanes * size / (DISPATCH + size * EVENT_PROCESSOR / PROCESSOR)
    none = math.nan
    yield "API Gateway's throttle", {"account": none, "all": case.requests_a_second}
    yield "a key's limits", {"account": min(facts.PER_MINUTE / 60, facts.PER_HOUR / 3600), "all": none}
    yield "a key's rate window", {"account": PARTITION_WRITES, "all": none}
    yield "invocations at once", {"account": none, "all": INVOCATIONS_AT_ONCE / (REQUEST + EVENT_PROCESSOR / PROCESSOR)}
    for name, units in (("events", EVENT_UNITS), ("deliveries", 2 * DELIVERY_UNITS)):
        rate = PARTITION_WRITES / units
        yield f"table of {name}", {"account": rate, "all": rate * TABLE_PARTITIONS}
    yield "stream and dispatcher", {"account": shard, "all": shard * TABLE_PARTITIONS}
    for endpoints in (1, 10):
        for answer in (0.05, 0.5):
            title = f"deliverers, {endpoints} endpoint{'s' * (endpoints > 1)} that answer{'s' * (endpoints == 1)} after"
            yield f"{title} {answer * 1000:.0f} ms", {"account": none, "all": deliverers(endpoints, answer)}


def compare(cases, events=EVENTS):
    for title, case in cases.items():
        yield title, summary(run(case, events))
