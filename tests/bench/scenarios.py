"""What tests/bench/run measures, and what it prints of it. See docs/performance.md."""

import dataclasses

# How long events and deliveries are kept, in seconds.
RETENTION = 30 * 86_400

FAN_OUT = {"endpoints": 10, "rate": 40}
# What lists, statistics and searches are timed with. A title is looked for where no number fits.
CALLS = {
    "list_ms": "/api/deliveries?limit=50",
    "of_endpoint_ms": "/api/deliveries?limit=50&endpointId={endpoint}",
    "failed_ms": "/api/deliveries?limit=50&status=failed",
    "stats_ms": "/api/stats?hours=168",
    "number_ms": "/api/records?q=FIRST",
    "title_ms": "/api/records?q=benchm",
    "timeline_ms": "/api/records/workorder/FIRST/timeline",
}


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What is measured: the arguments of the load and of what is stored before, and what is different with --short."""

    title: str
    load: dict
    # None: another scenario shows as much, with --short.
    short: dict | None
    fill: dict = dataclasses.field(default_factory=dict)
    short_fill: dict = dataclasses.field(default_factory=dict)
    # It takes minutes, and is run when it is named.
    is_long: bool = False


SCENARIOS = {
    "one": Scenario("one endpoint, 64 senders", {"events": 20_000}, {"events": 500}),
    "ten": Scenario("ten endpoints, 64 senders", {"events": 5_000, "endpoints": 10}, {"events": 100}),
    "steady": Scenario("50 events/s to one endpoint", {"events": 1_000, "rate": 50}, {"events": 100}),
    "clean": Scenario("40 events/s to ten endpoints", {"events": 800, **FAN_OUT}, {"events": 60}),
    "hang": Scenario("the same, one of them hangs", {"events": 800, "hanging": 1, **FAN_OUT}, {"events": 60}),
    "failing": Scenario("the same, three answer 500", {"events": 800, "failing": 3, **FAN_OUT}, {"events": 40}),
    "late": Scenario(
        "the same for 5 minutes, one answers after 29 s",
        {"events": 12_000, "late": 1, **FAN_OUT},
        {"events": 40},
        is_long=True,
    ),
    # As many events as a search looks through, and more.
    "thousand": Scenario(
        "1,000 stored deliveries of one account to one endpoint",
        {"events": 5_000},
        None,
        {"events": 1_000, "endpoints": 1, "accounts": 1, "failed": 10},
    ),
    "stored": Scenario(
        "one endpoint, 1,000 stored deliveries, 10 accounts",
        {"events": 5_000},
        None,
        {"events": 100, "endpoints": 10, "accounts": 10, "failed": 1},
    ),
    "accounts": Scenario(
        "the same with 1,000 accounts",
        {"events": 5_000},
        {"events": 50},
        {"events": 100, "endpoints": 10, "accounts": 1_000, "failed": 1},
        {"events": 20, "accounts": 10},
    ),
    "million": Scenario(
        "the same with 1,000,000 stored deliveries",
        {"events": 5_000},
        None,
        {"events": 100_000, "endpoints": 10, "accounts": 1_000},
        is_long=True,
    ),
    # As much as it stores expires meanwhile: each of these events has a delivery that failed, as each new one will have.
    "soak": Scenario(
        "100 events/s to five endpoints, one answers 500",
        {"endpoints": 5, "rate": 100, "failing": 1, "every": 60},
        {"rate": 50, "every": 1},
        {"endpoints": 5, "accounts": 1, "failed": 1, "ago": RETENTION},
        is_long=True,
    ),
}

COLUMNS = {
    "deliveries_per_second": ("deliveries/s", 0),
    "accepted_per_second": ("accepted/s", 0),
    "p50_ms": ("arrival p50 ms", 1),
    "p95_ms": ("p95", 1),
    "p99_ms": ("p99", 1),
    "cpu_seconds_per_1000": ("CPU s/1,000", 2),
    "connections": ("connections", 0),
    "peak_mb": ("peak MB", 0),
    "database_mb": ("database MB", 0),
}

# Of scenarios with something stored.
STORED_COLUMNS = {
    "start_ms": ("start to first accepted ms", 0),
    "list_ms": ("list ms", 1),
    "of_endpoint_ms": ("of an endpoint", 1),
    "failed_ms": ("failed", 1),
    "stats_ms": ("stats of 7 days", 1),
    "number_ms": ("record by number", 1),
    "title_ms": ("by title", 1),
    "timeline_ms": ("its timeline", 1),
}

# Of each minute of a soak.
PIECE_COLUMNS = {
    "delivered": ("delivered", 0),
    "p50_ms": ("arrival p50 ms", 1),
    "p99_ms": ("p99", 1),
    "cpu_percent": ("CPU %", 0),
    "resident_mb": ("resident MB", 0),
    "database_mb": ("database MB", 1),
    "free_mb": ("of it free", 1),
    "log_mb": ("log MB", 1),
}
