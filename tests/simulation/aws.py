"""What AWS does between our functions: queues, and Lambda's pollers in front of a function.

| number | source |
|---|---|
| pollers: 5 at first, 300 more a minute while messages wait, none beyond MaximumConcurrency | \
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html |
| fair queues: a group is noisy with 30 messages and a tenth of all in flight, or with a tenth of the processing time; \
others go first, then the noisy group with the fewest in flight | \
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html |
| a delay of at most 15 minutes, in whole seconds | \
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html |

AWS says neither how fast pollers go again (here: those beyond the most that were busy in a minute, and five) nor over how long
processing time is counted (here: it fades over a minute).
"""

import heapq
import itertools
import math
from collections import deque

from engine import Share

FIRST_POLLERS = 5
POLLERS_A_SECOND = 300 / 60
# Between a message in the queue and its batch at the function: a long poll answers, and Lambda invokes.
HAND_OVER = 0.015
NOISY_SHARE = 0.1
NOISY_MESSAGES = 30
# Of all groups, in a minute: a share of less says nothing.
NOISY_SECONDS = 30.0
PROCESSING_MEMORY = 60.0


class Group:
    """Messages of one MessageGroupId."""

    def __init__(self):
        self.waiting, self.in_flight, self.processing = deque(), 0, Share(PROCESSING_MEMORY)


class Queue:
    """A standard queue of SQS. Messages are handed out oldest first; when it is fair, those of quiet groups before others."""

    def __init__(self, simulation, name, fair=True):
        self.simulation, self.name, self.fair = simulation, name, fair
        self._counted = f"messages to {name}"
        self.consumer = None
        self.waiting, self.in_flight, self.processing = 0, 0, Share(PROCESSING_MEMORY)
        self._groups = {}
        self._quiet, self._noisy = [], set()
        self._order = itertools.count()

    def send(self, group, message, delay=0.0):
        """Sends a message, held back for `delay` seconds: rounded up, as `hop_delay` does."""
        self.simulation.count(self._counted)
        if delay > 0:
            self.simulation.after(math.ceil(delay), self._show, group, message)
        else:
            self._show(group, message)

    def _show(self, group, message):
        of = self._groups.get(group)
        if of is None:
            of = self._groups[group] = Group()
        order = (self.simulation.now, next(self._order))
        of.waiting.append((order, message))
        self.waiting += 1
        if len(of.waiting) == 1 and group not in self._noisy:
            heapq.heappush(self._quiet, (order, group))
        if self.consumer:
            self.consumer.wake()

    def _is_noisy(self, of):
        if not self.fair:
            return False
        now = self.simulation.now
        if of.in_flight >= NOISY_MESSAGES and of.in_flight > NOISY_SHARE * self.in_flight:
            return True
        if of.processing.value < NOISY_SECONDS * NOISY_SHARE:
            return False
        total = self.processing.at(now)
        return total > NOISY_SECONDS and of.processing.at(now) > NOISY_SHARE * total

    def receive(self, most):
        """At most this many messages, each with its group."""
        self._calm_down()
        batch = []
        while len(batch) < most and self.waiting:
            group = self._next()
            of = self._groups[group]
            _, message = of.waiting.popleft()
            self.waiting -= 1
            of.in_flight += 1
            self.in_flight += 1
            if of.waiting and group not in self._noisy:
                heapq.heappush(self._quiet, (of.waiting[0][0], group))
            batch.append((group, message))
        return batch

    def _next(self):
        while self._quiet:
            _, group = heapq.heappop(self._quiet)
            if not self._is_noisy(self._groups[group]):
                return group
            self._noisy.add(group)
        waiting = [group for group in self._noisy if self._groups[group].waiting]
        return min(waiting, key=lambda group: (self._groups[group].in_flight, self._groups[group].waiting[0][0]))

    def _calm_down(self):
        for group in list(self._noisy):
            of = self._groups[group]
            if not of.waiting or not self._is_noisy(of):
                self._noisy.remove(group)
                if of.waiting:
                    heapq.heappush(self._quiet, (of.waiting[0][0], group))

    def all_waiting(self):
        """The messages that wait to be received."""
        return [message for group in self._groups.values() for _, message in group.waiting]

    def delete(self, batch, received):
        """Deletes messages that were received at `received`."""
        self.in_flight -= len(batch)
        if not self.fair:
            return
        now = self.simulation.now
        for group, _ in batch:
            of = self._groups[group]
            of.in_flight -= 1
            of.processing.add(now - received, now)
        self.processing.add((now - received) * len(batch), now)


class Pollers:
    """Lambda's pollers between a queue and a function, without a batching window. `handle(batch, done)` is the function,
    which calls `done` when the invocation has ended."""

    def __init__(self, simulation, queue, handle, batch_size, most):
        self.simulation, self.queue, self.handle = simulation, queue, handle
        self.batch_size, self.most = batch_size, most
        self.pollers, self.busy, self.coming = min(FIRST_POLLERS, most), 0, 0
        self.busy_seconds, self.most_busy, self.invocations = 0.0, 0, 0
        self._busy_lately = deque([0])
        self._is_growing = False
        queue.consumer = self
        simulation.after(60, self._shrink)

    def wake(self):
        """A message has come, or a poller is free."""
        if self.busy + self.coming < self.pollers and self.coming * self.batch_size < self.queue.waiting:
            self.coming += 1
            self.simulation.after(HAND_OVER, self._receive)
        elif self.pollers < self.most and not self._is_growing and self.busy + self.coming >= self.pollers:
            self._is_growing = True
            self.simulation.after(1 / POLLERS_A_SECOND, self._grow)

    def _grow(self):
        self._is_growing = False
        if self.queue.waiting and self.busy + self.coming >= self.pollers:
            self.pollers += 1
            self.wake()
            self.wake()

    def _shrink(self):
        self._busy_lately.append(self.busy)
        while len(self._busy_lately) > 2:
            self._busy_lately.popleft()
        keep = max(self._busy_lately) + FIRST_POLLERS
        self._busy_lately[-1] = self.busy
        self.pollers = max(min(FIRST_POLLERS, self.most), min(self.pollers, keep))
        self.simulation.after(60, self._shrink)

    def _receive(self):
        self.coming -= 1
        batch = self.queue.receive(self.batch_size)
        if not batch:
            return
        self.busy += 1
        self.invocations += 1
        self.most_busy = max(self.most_busy, self.busy)
        self._busy_lately[-1] = max(self._busy_lately[-1], self.busy)
        began = self.simulation.now
        self.handle([message for _, message in batch], lambda: self._done(batch, began))
        if self.queue.waiting:
            self.wake()

    def _done(self, batch, began):
        self.queue.delete(batch, began)
        self.busy -= 1
        self.busy_seconds += self.simulation.now - began
        if self.queue.waiting:
            self.wake()
