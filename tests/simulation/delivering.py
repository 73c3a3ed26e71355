"""Deliverers, retry worker and endpoints, as `shared/outbound/src/deliverer` decides; and the designs that are compared."""

import dataclasses
import math
import typing

import facts
from aws import Pollers, Queue

# A read of what a batch needs, a write of an outcome, a message to a queue: DynamoDB and SQS answer within some milliseconds.
READ = WRITE = SEND = 0.01
# Of the wait before a retry.
JITTER = 0.1


@dataclasses.dataclass(frozen=True)
class Design:
    """What is done about endpoints that take long. The defaults are the system without any of it."""

    title: str = "as it was"
    # MaximumConcurrency and BatchSize of the queue of first attempts.
    concurrency: int = facts.template("DelivererSource", "MaximumConcurrency")
    batch: int = facts.template("DelivererSource", "BatchSize")
    # The queues that endpoints are spread over, each with its part of the concurrency.
    shards: int = 1
    # Seconds after which an attempt that is still under way marks its endpoint as slow, and seconds that the mark then holds.
    slow_after: float | None = None
    slow_for: float = 600.0
    # Whether the mark ends with the first quick answer.
    clears: bool = False
    # The lane of slow endpoints.
    lane: int = 20
    lane_batch: int = 10
    # Whether the dispatcher chooses the lane; otherwise only the deliverer passes on.
    dispatcher: bool = True
    # Attempts at one slow endpoint at once, over all functions.
    cap: int | None = None
    # Whether the cap holds for all endpoints: two writes for each attempt.
    cap_for_all: bool = False
    # Seconds that an attempt may take at an endpoint at which one has run out of time lately, unless it is the last.
    short: float | None = None
    short_for: float = 300.0
    # Seconds after which the lane of first attempts cuts an attempt off and passes it on.
    cut: float | None = None
    # Whether SQS shares the queues fairly.
    fair: bool = True


@dataclasses.dataclass
class Endpoint:
    """What is stored of an endpoint, and how it answers."""

    name: str
    answer: object
    failures: int = 0
    failing: bool = False
    slow_until: float = -math.inf
    short_until: float = -math.inf
    # When each attempt under way has ended for certain; how long the last one took; when the next that waits is to come.
    leases: list = dataclasses.field(default_factory=list)
    took: float = 0.0
    line: float = -math.inf
    at_once: int = 0
    most_at_once: int = 0


@dataclasses.dataclass
class Delivery:
    endpoint: Endpoint
    created: float
    due: float
    attempts: int = 0


class Attempt(typing.NamedTuple):
    """An attempt that has ended."""

    endpoint: str
    # How many were made before it.
    number: int
    # When the event was raised, when the attempt was due, began and ended.
    created: float
    due: float
    began: float
    ended: float
    succeeded: bool
    lane: str


class Delivering:
    """The queues of first attempts, of later ones and of slow endpoints, with their functions."""

    def __init__(self, simulation, design):
        self.simulation, self.design = simulation, design
        self.schedule = facts.schedule()
        self.finished = []
        worker = (facts.template("RetryWorkerSource", "MaximumConcurrency"), facts.template("RetryWorkerSource", "BatchSize"))
        part = max(2, design.concurrency // design.shards)
        self.first = [self._lane(f"first {shard}", "first", part, design.batch) for shard in range(design.shards)]
        self.retry = self._lane("retry", "retry", *worker)
        self.slow = self._lane("slow", "slow", design.lane, design.lane_batch) if design.slow_after else None

    def _lane(self, name, kind, most, batch):
        queue = Queue(self.simulation, name, self.design.fair)
        handle = lambda messages, done: self.simulation.after(READ, self._decide, kind, messages, done)
        return Pollers(self.simulation, queue, handle, batch, most)

    def lanes(self):
        return [*self.first, self.retry, *([self.slow] if self.slow else [])]

    # ---- The dispatcher ----

    def dispatch(self, endpoints):
        """Sends the messages of a new event: to healthy endpoints in messages of up to ten."""
        now = self.simulation.now
        healthy = []
        for endpoint in endpoints:
            delivery = Delivery(endpoint, now, now)
            if self.design.dispatcher and self._is_slow(endpoint):
                self.slow.queue.send(endpoint.name, [delivery])
            elif endpoint.failing:
                self.retry.queue.send(endpoint.name, [delivery])
            else:
                healthy.append(delivery)
        for begin in range(0, len(healthy), facts.MESSAGE_ENDPOINTS):
            some = healthy[begin : begin + facts.MESSAGE_ENDPOINTS]
            group = some[0].endpoint.name if len(some) == 1 else "account"
            shard = hash_of(some[0].endpoint.name) % len(self.first)
            self.first[shard].queue.send(group, some)

    # ---- The deliverer ----

    def _is_slow(self, endpoint):
        return self.slow is not None and endpoint.slow_until > self.simulation.now

    def _decide(self, kind, messages, done):
        """Decides about the tasks of a batch: all was read at this moment."""
        now = self.simulation.now
        ends = now
        for delivery in (delivery for message in messages for delivery in message):
            endpoint = delivery.endpoint
            if delivery.due > now + 0.05:
                self._put_off(delivery, self.retry.queue)
                ends = max(ends, now + SEND)
            elif kind != "slow" and self._is_slow(endpoint):
                self.slow.queue.send(endpoint.name, [delivery])
                ends = max(ends, now + SEND)
            elif kind == "first" and endpoint.failing:
                self.retry.queue.send(endpoint.name, [delivery])
                ends = max(ends, now + SEND)
            else:
                ends = max(ends, self._attempt(kind, delivery))
        self.simulation.at(ends, done)

    def _put_off(self, delivery, queue):
        wait = min(delivery.due - self.simulation.now, facts.LONGEST_HOP)
        queue.send(delivery.endpoint.name, [delivery], max(wait, 0.0))

    def _attempt(self, kind, delivery):
        """Makes an attempt, or puts it off because its endpoint has no room. Returns when the task has ended."""
        now, endpoint, design = self.simulation.now, delivery.endpoint, self.design
        takes_lease = design.cap is not None and (kind == "slow" or design.cap_for_all)
        begin = now
        if takes_lease:
            self.simulation.count("writes for room")
            begin += WRITE
            endpoint.leases = [until for until in endpoint.leases if until > now]
            if len(endpoint.leases) >= design.cap:
                # Behind those that wait already, at the pace at which room comes free.
                self.simulation.count("writes for room")
                endpoint.line = max(endpoint.line, now) + max(endpoint.took, 1.0) / design.cap
                delivery.due = endpoint.line
                self._put_off(delivery, self.slow.queue if kind == "slow" else self.retry.queue)
                return begin + WRITE + SEND
        is_last = delivery.attempts == len(self.schedule)
        is_short = design.short is not None and endpoint.short_until > now and not is_last
        timeout = design.short if is_short else facts.TIMEOUT
        takes, succeeds = endpoint.answer(self.simulation.random, begin)
        is_cut = design.cut is not None and kind == "first" and takes > design.cut
        succeeds = succeeds and takes <= timeout and not is_cut
        ran_out = takes > timeout
        takes = min(takes, timeout, design.cut if is_cut else math.inf)
        if takes_lease:
            # Released with the end, which is a second write.
            self.simulation.count("writes for room")
            endpoint.leases.append(begin + takes)
        if design.slow_after is not None and takes > design.slow_after:
            self.simulation.at(begin + design.slow_after, self._mark_slow, endpoint)
        self.simulation.count(f"attempts in {kind}")
        endpoint.at_once += 1
        endpoint.most_at_once = max(endpoint.most_at_once, endpoint.at_once)
        end = (delivery, kind, begin, takes, succeeds, is_cut, ran_out and not is_short)
        self.simulation.at(begin + takes, self._ended, *end)
        return begin + takes + WRITE

    def _mark_slow(self, endpoint):
        """At most once in a tenth of the time that the mark holds, whoever sees it."""
        now = self.simulation.now
        if endpoint.slow_until < now + 0.9 * self.design.slow_for:
            self.simulation.count("writes of marks")
            endpoint.slow_until = now + self.design.slow_for

    def _ended(self, delivery, kind, begin, takes, succeeds, is_cut, ran_out):
        now, endpoint, design = self.simulation.now, delivery.endpoint, self.design
        endpoint.at_once -= 1
        endpoint.took = takes
        times = (delivery.created, delivery.due, begin, now)
        self.finished.append(Attempt(endpoint.name, delivery.attempts, *times, succeeds, kind))
        if is_cut:
            self.simulation.count("cut off")
            self.slow.queue.send(endpoint.name, [delivery])
            return
        if design.clears and design.slow_after and takes < design.slow_after and self._is_slow(endpoint):
            self.simulation.count("writes of marks")
            endpoint.slow_until = -math.inf
        if succeeds:
            endpoint.failures, endpoint.failing = 0, False
            return
        if ran_out and design.short is not None:
            endpoint.short_until = now + design.short_for
        if delivery.attempts == 0:
            endpoint.failures += 1
            endpoint.failing = endpoint.failing or endpoint.failures >= facts.FAILING_AFTER
        if delivery.attempts < len(self.schedule):
            wait = self.schedule[delivery.attempts] * (1 + JITTER * self.simulation.random.random())
            delivery.attempts += 1
            delivery.due = now + wait
            self._put_off(delivery, self.retry.queue)
        else:
            self.simulation.count("failed for good")


def hash_of(name):
    """The same in every run, unlike `hash`."""
    return sum(ord(character) * (31**place) for place, character in enumerate(name))
