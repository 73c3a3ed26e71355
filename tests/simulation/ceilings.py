"""What 100,000 events in a minute do, from the API's throttle to the last delivery. The stages are in `stages`."""

import dataclasses
import math
from collections import deque

import facts
from aws import Pollers, Queue
from engine import Simulation, percentile
from stages import DELIVER, DELIVERY_PROCESSOR, EVENT_PROCESSOR, PROCESSOR, REQUEST, TABLE_PARTITIONS, Bucket, Partition, Shard

EVENTS, MINUTE = 100_000, 60.0
# Of all functions of an account and region together.
INVOCATIONS_AT_ONCE = 1_000
# Write units of a request in its account's partition of the events table, and of an event in that of the deliveries table: the
# transaction counts twice (infra/cost.md).
EVENT_UNITS, DELIVERY_UNITS = 2, 1
# A request that the table refuses is tried again by the SDK and gives up with 503 after about so long.
GIVES_UP = 2.0
# Calls come in steps of so many seconds. Who was refused comes again unless a request would take longer than this.
TICK, PATIENT = 0.01, 0.5
# Nothing is followed for longer than this.
LONGEST = 3_600.0


@dataclasses.dataclass(frozen=True)
class Case:
    accounts: int
    endpoints: int
    answer: float
    # Limits of each account's key, a minute and an hour; None for so many that they don't matter.
    per_minute: int | None = None
    per_hour: int | None = None
    # Whether senders come again until they are answered 200.
    persistent: bool = True
    requests_a_second: int = facts.template("Api", "ThrottlingRateLimit")
    burst: int = facts.template("Api", "ThrottlingBurstLimit")
    concurrency: int = facts.template("DelivererSource", "MaximumConcurrency")


class Path:
    """All stages, and what was seen of each."""

    def __init__(self, case, seed=1):
        self.case, self.simulation = case, Simulation(seed)
        self.gateway = Bucket(case.requests_a_second, case.burst)
        self.answers, self.coming = {}, []
        self.windows, self.pool = {}, deque()
        self.running, self.most_running = 0, 0
        self.keys = [Partition() for _ in range(case.accounts)]
        self.events = [Partition() for _ in range(case.accounts)]
        self.tables = {name: [Partition() for _ in range(TABLE_PARTITIONS)] for name in ("events", "deliveries")}
        self.deliveries = [Partition() for _ in range(case.accounts)]
        shards = min(TABLE_PARTITIONS, case.accounts)
        self.shards = [Shard(self, number) for number in range(shards)]
        # All accounts are alike, so that fairness among them would change nothing.
        self.queue = Queue(self.simulation, "first", fair=False)
        # How many endpoints each message of an event is about.
        most = facts.MESSAGE_ENDPOINTS
        self.messages = [min(most, case.endpoints - begin) for begin in range(0, case.endpoints, most)]
        size = facts.template("DelivererSource", "BatchSize")
        self.deliverer = Pollers(self.simulation, self.queue, self.deliver, size, case.concurrency)
        self.accepted, self.arrived, self.latencies = [], [], []
        self.depths = {"stream": 0, "queue": 0}
        self.waiting_in_stream = 0

    # ---- The API ----

    def tick(self, number, events):
        """What arrives within a tick, from event `number` on, arrives at its beginning; then who was refused comes again."""
        due = min(events, math.ceil((self.simulation.now + TICK) * events / MINUTE))
        for _ in range(number, due):
            self.request(self.simulation.random.randrange(self.case.accounts))
        self.come_again()
        if self.coming:
            self.simulation.after(REQUEST + EVENT_PROCESSOR / PROCESSOR, self.accept, self.coming)
            self.coming = []
        if due < events or self.pool or self.running:
            self.simulation.after(TICK, self.tick, due, events)

    def request(self, account):
        """A sender's call."""
        answer = self.answered(account)
        if answer is not None:
            self.refuse(account, answer)

    def refuse(self, account, answer):
        self.note(answer)
        if self.case.persistent:
            self.pool.append(account)

    def come_again(self):
        """Senders that were refused find out when there is room: the best that they can do."""
        now = self.simulation.now
        for _ in range(len(self.pool)):
            account = self.pool[0]
            if not self.gateway.has(1, now) or self.events[account].free > now + PATIENT:
                break
            self.request(self.pool.popleft())

    def note(self, answer, times=1):
        self.answers[answer] = self.answers.get(answer, 0) + times

    def answered(self, account):
        now = self.simulation.now
        if not self.gateway.take(now):
            return "429 gateway"
        if self.running >= INVOCATIONS_AT_ONCE - self.case.concurrency:
            return "503 concurrency"
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if not self.window_has_room(account, now):
            self.simulation.after(REQUEST / 2, self.refused, account, "429 key")
            return None
        through = max(self.keys[account].write(1, now), now)
        events = self.events[account]
        table = self.tables["events"][account % TABLE_PARTITIONS]
        if max(through, events.free, table.free) - now > GIVES_UP:
            self.simulation.after(GIVES_UP, self.refused, account, "503 partition")
            return None
        through = max(through, events.write(EVENT_UNITS, now), table.write(EVENT_UNITS, now))
        if through < now + TICK:
            self.coming.append(account)
        else:
            self.simulation.at(through + REQUEST + EVENT_PROCESSOR / PROCESSOR, self.accept, [account])
        return None

    def window_has_room(self, account, now):
        case = self.case
        if case.per_minute is None:
            return True
        minute, hour = (account, "m", int(now // 60)), (account, "h", int(now // 3600))
        if self.windows.get(minute, 0) >= case.per_minute or self.windows.get(hour, 0) >= case.per_hour:
            return False
        self.windows[minute] = self.windows.get(minute, 0) + 1
        self.windows[hour] = self.windows.get(hour, 0) + 1
        return True

    def refused(self, account, answer):
        self.running -= 1
        self.refuse(account, answer)

    def accept(self, accounts):
        """Requests of these accounts are answered, all at once."""
        now = self.simulation.now
        self.running -= len(accounts)
        self.note("200", len(accounts))
        self.accepted += [now] * len(accounts)
        self.waiting_in_stream += len(accounts)
        self.depths["stream"] = max(self.depths["stream"], self.waiting_in_stream)
        for account in accounts:
            self.shards[account % len(self.shards)].add(account, now)

    # ---- The dispatcher ----

    def sent(self, account, accepted):
        """The deliveries of an event are stored and its messages sent."""
        self.waiting_in_stream -= 1
        for count in self.messages:
            self.queue.send("all", (account, accepted, count))
        self.depths["queue"] = max(self.depths["queue"], self.queue.waiting)

    # ---- The deliverer ----

    def deliver(self, messages, done):
        attempts = sum(count for _, _, count in messages)
        processing = attempts * DELIVERY_PROCESSOR / PROCESSOR
        self.simulation.after(DELIVER + self.case.answer + processing, self.record, messages, done)

    def record(self, messages, done):
        """The answers have come: one write for each message. The batch ends when they are through."""
        now = end = self.simulation.now
        for account, accepted, count in messages:
            self.arrived.append((now, count))
            self.latencies.append(now - accepted)
            end = max(end, self.write_delivery(account, now))
        self.simulation.at(end, done)

    def write_delivery(self, account, now):
        """When a write of an item with deliveries is through: its account and its partition take so many a second."""
        table = self.tables["deliveries"][account % TABLE_PARTITIONS]
        return max(self.deliveries[account].write(DELIVERY_UNITS, now), table.write(DELIVERY_UNITS, now))

    def is_done(self, events):
        accepted = len(self.accepted)
        waits_for_more = self.running or (self.case.persistent and accepted < events)
        return not waits_for_more and len(self.latencies) == accepted * math.ceil(self.case.endpoints / facts.MESSAGE_ENDPOINTS)


def run(case, events=EVENTS, seed=1):
    """`events` come evenly over a minute, from any account. Ends when all that was accepted is delivered."""
    path = Path(case, seed)
    path.simulation.at(0.0, path.tick, 0, events)
    path.simulation.run(MINUTE)
    while path.simulation.now < LONGEST and not path.is_done(events):
        path.simulation.run(path.simulation.now + 5)
    return path


def summary(path):
    answers = path.answers
    last = max((arrival for arrival, _ in path.arrived), default=math.nan)
    in_minute = sum(count for arrival, count in path.arrived if arrival <= MINUTE)
    return {
        "answered_200": answers.get("200", 0),
        "gateway": answers.get("429 gateway", 0),
        "key": answers.get("429 key", 0),
        "unavailable": answers.get("503 partition", 0) + answers.get("503 concurrency", 0),
        "running": path.most_running,
        "last_accepted": max(path.accepted, default=math.nan),
        "stream": path.depths["stream"],
        "queue": path.depths["queue"],
        "delivered_minute": in_minute,
        "last_delivered": last,
        "p50": percentile(path.latencies, 0.5),
        "p95": percentile(path.latencies, 0.95),
        "busy": path.deliverer.most_busy,
    }
