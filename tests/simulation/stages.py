"""Stages on the way of an event, each with what limits it.

The numbers of AWS are defaults of us-east-1; how long calls take is an assumption:

| number | source |
|---|---|
| 1,000 write units a second and partition; a new table on demand takes 4,000, which is four partitions | \
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html |
| 1,000 invocations at once in an account and region | \
https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html |
| a shard of a stream is read four times a second, in batches; several side by side keep the order of each item | \
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html |
| the token bucket of an HTTP API | \
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html |
| a function with 1,769 MB has one processor | https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html |
"""

import math
from collections import deque

import facts

PARTITION_WRITES = 1_000
TABLE_PARTITIONS = 4
READS_A_SECOND = 4
WHOLE_PROCESSOR = 1_769
# Seconds of waiting in a request, in a batch of the dispatcher, in one of the deliverer beside the receiver's answer; and
# of a whole processor for an event and for a delivery, a third of what the local system takes in all (docs/performance.md).
REQUEST, DISPATCH, DELIVER = 0.020, 0.040, 0.030
EVENT_PROCESSOR, DELIVERY_PROCESSOR = 0.0004, 0.0003
# A function's part of a processor.
PROCESSOR = facts.memory() / WHOLE_PROCESSOR


class Bucket:
    """So many a second, and so many at once."""

    def __init__(self, rate, burst, now=0.0):
        self.rate, self.burst, self.tokens, self.since = rate, burst, float(burst), now

    def has(self, tokens, now):
        self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
        self.since = now
        return self.tokens >= tokens

    def take(self, now, tokens=1):
        if not self.has(tokens, now):
            return False
        self.tokens -= tokens
        return True


class Partition:
    """Takes write units in turn; says when a write is through."""

    def __init__(self, rate=PARTITION_WRITES):
        self.rate, self.free = rate, 0.0

    def write(self, units, now):
        self.free = (self.free if self.free > now else now) + units / self.rate
        return self.free


class Shard:
    """A shard of the stream, with Lambda's batches in front of the dispatcher."""

    def __init__(self, path, number):
        self.path, self.simulation = path, path.simulation
        self.size = facts.template("DispatcherSource", "BatchSize")
        lanes = facts.template("DispatcherSource", "ParallelizationFactor")
        self.lanes = [deque() for _ in range(lanes)]
        self.busy = [False] * lanes
        self.order = 0
        self.simulation.after(self.simulation.random.random() / READS_A_SECOND, self.read)

    def add(self, account, accepted):
        # Batches side by side keep the order of each item only, and every event has an item of its own.
        self.order += 1
        self.lanes[self.order % len(self.lanes)].append((account, accepted))

    def read(self):
        for lane in range(len(self.lanes)):
            self.invoke(lane)
        self.simulation.after(1 / READS_A_SECOND, self.read)

    def invoke(self, lane):
        if self.busy[lane] or not self.lanes[lane]:
            return
        self.busy[lane] = True
        waiting = self.lanes[lane]
        batch = [waiting.popleft() for _ in range(min(self.size, len(waiting)))]
        accounts = len({account for account, _ in batch})
        rounds = math.ceil(accounts / facts.ACCOUNTS_AT_ONCE)
        processing = len(batch) * EVENT_PROCESSOR / PROCESSOR
        self.simulation.after(DISPATCH * rounds + processing, self.store, lane, batch)

    def store(self, lane, batch):
        now = self.simulation.now
        end = max(self.path.write_delivery(account, now) for account, _ in batch)
        self.simulation.at(end, self.done, lane, batch)

    def done(self, lane, batch):
        for account, accepted in batch:
            self.path.sent(account, accepted)
        self.busy[lane] = False
        # What is there already needs no further read.
        self.invoke(lane)
