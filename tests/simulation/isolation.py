"""Do endpoints that hang, are slow or flap hold up the others? (`docs/architecture.md`)"""

import dataclasses
import math

import facts
import receivers
from delivering import Delivering, Design, Endpoint
from engine import Simulation, percentile

# The troubled ones among the endpoints, from TROUBLE on; what happened before is not counted.
HANGING, SLOW, FLAPPING = 1, 3, 1
TROUBLE = 120.0
FLAPS = 60.0
# Of the answers of healthy endpoints, some are failures, so that there are retries of theirs.
FAILURES = 0.005


@dataclasses.dataclass(frozen=True)
class Load:
    title: str
    endpoints: int = 100
    # Events a second for each endpoint.
    rate: float = 2.0
    # Whether each event goes to all endpoints of one account; otherwise each endpoint has its own events.
    fans_out: bool = False
    seconds: float = 720.0
    median: float = 0.1
    # How many times as many events the troubled endpoints have.
    hot: int = 1


def endpoints_of(load, has_trouble):
    healthy = receivers.quick(load.median, failing=FAILURES)
    troubles = (
        [("hanging", receivers.hanging)] * HANGING
        + [("slow", receivers.slow())] * SLOW
        + [("flapping", receivers.flapping(FLAPS, receivers.hanging, healthy))] * FLAPPING
    )
    endpoints = []
    for number in range(load.endpoints):
        kind, trouble = troubles[number] if number < len(troubles) else ("healthy", None)
        answer = receivers.from_then_on(TROUBLE, math.inf, trouble, healthy) if trouble and has_trouble else healthy
        # Troubled ones are spread over the messages of an event.
        endpoints.append(Endpoint(f"{kind} {number}", answer))
    Simulation(2).random.shuffle(endpoints)
    return endpoints


def run(load, design, has_trouble=True, seed=1):
    """What came of it, by kind of endpoint."""
    simulation = Simulation(seed)
    delivering = Delivering(simulation, design)
    endpoints = endpoints_of(load, has_trouble)
    chance = Simulation(seed + 1).random
    hot = [endpoint for endpoint in endpoints if not endpoint.name.startswith("healthy")]
    sources = endpoints + hot * (load.hot - 1)
    total = load.rate if load.fans_out else load.rate * len(sources)

    def raise_event():
        delivering.dispatch(endpoints if load.fans_out else [chance.choice(sources)])
        following = simulation.now + chance.expovariate(total)
        if following < load.seconds:
            simulation.at(following, raise_event)

    simulation.at(0.0, raise_event)
    simulation.run(load.seconds)
    return outcome(load, delivering, endpoints)


def still_waiting(load, delivering):
    """How long healthy endpoints have been waiting for first attempts that have not begun."""
    return [
        load.seconds - delivery.created
        for lane in delivering.lanes()
        for message in lane.queue.all_waiting()
        for delivery in message
        if delivery.attempts == 0 and delivery.created >= TROUBLE and delivery.endpoint.name.startswith("healthy")
    ]


def outcome(load, delivering, endpoints):
    counts = delivering.simulation.counts
    counted = [attempt for attempt in delivering.finished if attempt.created >= TROUBLE]
    healthy = [attempt for attempt in counted if attempt.endpoint.startswith("healthy")]
    firsts = [attempt for attempt in healthy if attempt.number == 0]
    took = [attempt.ended - attempt.created for attempt in firsts] + still_waiting(load, delivering)
    spans = {}
    for attempt in firsts:
        spans.setdefault(int(attempt.created // 30), []).append(attempt.ended - attempt.created)
    slow = [attempt for attempt in counted if attempt.endpoint.startswith("slow") and attempt.number == 0]
    total = lambda begin: sum(count for name, count in counts.items() if name.startswith(begin))
    deliveries = load.rate * load.endpoints * load.seconds
    return {
        "p50": percentile(took, 0.5),
        "p95": percentile(took, 0.95),
        "p99": percentile(took, 0.99),
        "worst": max(percentile(span, 0.95) for span in spans.values()),
        "late": percentile([attempt.began - attempt.due for attempt in healthy if attempt.number > 0], 0.95),
        "slow": percentile([attempt.began - attempt.created for attempt in slow], 0.95),
        "at_once": max(endpoint.most_at_once for endpoint in endpoints if not endpoint.name.startswith("healthy")),
        "busy": max(lane.most_busy for lane in delivering.first),
        "processes": sum(lane.busy_seconds for lane in delivering.lanes()) / load.seconds,
        "messages": total("messages to") / deliveries,
        "writes": total("writes") / deliveries,
        "cut": counts.get("cut off", 0),
    }


AS_IT_WAS = Design("as it was")
AS_IT_IS = Design(
    "as it is: a mark, and a lane",
    slow_after=facts.SLOW_AFTER,
    slow_for=facts.SLOW_FOR,
    lane=facts.template("SlowWorkerSource", "MaximumConcurrency"),
    lane_batch=facts.template("SlowWorkerSource", "BatchSize"),
)
LIMITED = dataclasses.replace(AS_IT_IS, title="... 40 at once at one, and a time-out of 10 s", cap=40, short=10.0)
# What is compared, beside a clean run.
MAIN = [AS_IT_WAS, dataclasses.replace(AS_IT_WAS, title="200 processes", concurrency=200), AS_IT_IS, LIMITED]
OTHERS = [
    dataclasses.replace(AS_IT_WAS, title="batches of one", batch=1),
    dataclasses.replace(AS_IT_WAS, title="five queues", shards=5),
    dataclasses.replace(AS_IT_WAS, title="without SQS's fairness", fair=False),
    dataclasses.replace(AS_IT_WAS, title="10 s after one that ran out", short=10.0),
    dataclasses.replace(AS_IT_WAS, title="ten at once at each endpoint", cap=10, cap_for_all=True, short=10.0),
]
VARIANTS = [
    dataclasses.replace(AS_IT_IS, title="... 40 at once at one", cap=40),
    dataclasses.replace(AS_IT_IS, title="... a time-out of 10 s", short=10.0),
    dataclasses.replace(AS_IT_IS, title="... with 20 processes", lane=20),
    dataclasses.replace(AS_IT_IS, title="... after 2 s", slow_after=2.0),
    dataclasses.replace(AS_IT_IS, title="... for ten minutes", slow_for=600.0),
    dataclasses.replace(AS_IT_IS, title="... cleared by a quick answer", clears=True),
    dataclasses.replace(AS_IT_IS, title="... chosen by the deliverer alone", dispatcher=False),
    dataclasses.replace(AS_IT_IS, title="... cut off after 3 s", cut=3.0),
    dataclasses.replace(AS_IT_IS, title="... without SQS's fairness", fair=False),
]
LOADS = {
    Load("2 events/s to each of 100 endpoints", seconds=540): MAIN + OTHERS + VARIANTS,
    Load("2 events/s, each to all 100 endpoints of an account", seconds=540, fans_out=True): MAIN + OTHERS + VARIANTS,
    Load("0.5 events/s to each", rate=0.5, seconds=540): MAIN,
    Load("5 events/s to each", rate=5.0, seconds=360): MAIN,
    Load("1 event/s to each, 10 to each of the five", rate=1.0, hot=10, seconds=540): MAIN,
}
SHORT = {Load("2 events/s to each of 100 endpoints", seconds=240): MAIN}
# What the system has to keep to.
MOST = 1.2

COLUMNS = {
    "p50": ("p50 s", 3),
    "p95": ("p95 s", 3),
    "ratio": ("of clean p95", 2),
    "p99": ("p99 s", 3),
    "worst": ("p95, worst 30 s", 2),
    "late": ("retries late, p95 s", 1),
    "slow": ("slow ones wait, p95 s", 1),
    "at_once": ("at once at one", 0),
    "busy": ("busy of the first lane", 0),
    "processes": ("processes, mean", 1),
    "messages": ("messages a delivery", 3),
    "writes": ("more writes a delivery", 3),
    "cut": ("cut off", 0),
}


def compare(load, designs):
    """The clean run, and what came of each design beside its title."""
    clean = run(load, AS_IT_WAS, has_trouble=False)
    yield "clean", clean | {"ratio": 1.0}
    for design in designs:
        came = run(load, design)
        yield design.title, came | {"ratio": came["p95"] / clean["p95"]}
