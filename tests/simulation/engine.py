"""Discrete events: what happens is a list of calls in the order of their time. Nothing waits, and chance is seeded, so that a
run can be repeated exactly."""

import heapq
import itertools
import math
import random


class Simulation:
    """A clock in seconds, and what is still to happen."""

    def __init__(self, seed=1):
        self.now = 0.0
        self.random = random.Random(seed)
        self.counts = {}
        self._agenda = []
        self._order = itertools.count()

    def at(self, time, call, *arguments):
        """Calls `call` at `time`; what is due at the same time happens in the order in which it was planned."""
        heapq.heappush(self._agenda, (time, next(self._order), call, arguments))

    def after(self, seconds, call, *arguments):
        heapq.heappush(self._agenda, (self.now + seconds, next(self._order), call, arguments))

    def run(self, until=math.inf):
        """Lets happen what is due by `until`."""
        agenda, pop = self._agenda, heapq.heappop
        while agenda and agenda[0][0] <= until:
            self.now, _, call, arguments = pop(agenda)
            call(*arguments)

    def count(self, name, number=1):
        self.counts[name] = self.counts.get(name, 0) + number


def percentile(values, share):
    """The value below which `share` of the values are: 0.95 for the 95th percentile. NaN when there are none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


class Share:
    """A sum that fades: what was added `memory` seconds ago counts a third of what is added now."""

    def __init__(self, memory):
        self.memory, self.value, self.since = memory, 0.0, 0.0

    def add(self, amount, now):
        self.value = self.at(now) + amount
        self.since = now

    def at(self, now):
        return self.value * math.exp((self.since - now) / self.memory)
