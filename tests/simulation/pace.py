"""Is `maxPerSecond` of an endpoint kept over all workers, and used? Each attempt takes the next free slot of its endpoint by a
conditional write; what finds none near waits in a queue, behind those that wait already."""

import dataclasses
import math

from aws import Pollers, Queue
from delivering import READ, SEND, WRITE
from engine import Simulation

# A slot that is this near (s) is waited for by the worker, with the attempt's message in hand: what is put off comes back after
# a second at the earliest, and whoever comes meanwhile stands behind it. In the lane of first attempts a worker waits for less.
NEAR, NEAR_AT_FIRST = 1.0, 0.5
# How late (s) a slot that was given when its message was put off still counts, in the other design.
LATE = 1.0


@dataclasses.dataclass(frozen=True)
class Pace:
    title: str
    # Slots are taken by who attempts now; otherwise when the message is put off, and again when it comes too late.
    takes_at_send: bool = True


class Paced:
    """One endpoint with a pace, a lane of first attempts, and the lane in which messages wait."""

    def __init__(self, simulation, per_second, design, concurrency=50):
        self.simulation, self.per_second, self.design = simulation, per_second, design
        self.slot, self.line, self.sent, self.writes = -math.inf, -math.inf, [], 0
        self.longest_hold = 0.0
        self.first = self._lane("first", concurrency, NEAR_AT_FIRST)
        self.waiting = self._lane("waiting", concurrency, NEAR)

    def _lane(self, name, most, near):
        handle = lambda messages, done: self.simulation.after(READ, self._batch, messages, near, done)
        return Pollers(self.simulation, Queue(self.simulation, name), handle, 10, most)

    def _batch(self, messages, near, done):
        ends = [self._task(message, near) for message in messages]
        self.simulation.at(max(ends), done)

    def _task(self, due, near):
        return self._at_send(due, near) if self.design.takes_at_send else self._reserved(due, near)

    def _at_send(self, due, near):
        now, interval = self.simulation.now, 1 / self.per_second
        self.writes += 1
        in_line = due is None and self.line > now + near
        slot = max(self.slot, now + WRITE)
        if not in_line and slot - now <= near:
            self.slot = slot + interval
            return self._send(slot)
        self.writes += 1
        self.line = max(self.line, self.slot, now) + interval
        return self._put_off(self.line)

    def _reserved(self, due, near):
        now, interval = self.simulation.now, 1 / self.per_second
        if due is not None and now <= due + LATE:
            if due - now > near:
                return self._put_off(due)
            return self._send(max(due, now))
        self.writes += 1
        slot = max(self.slot, now + WRITE)
        self.slot = slot + interval
        return self._send(slot) if slot - now <= near else self._put_off(slot)

    def _put_off(self, due):
        self.waiting.queue.send("endpoint", due, min(due - self.simulation.now, 900))
        return self.simulation.now + 2 * WRITE + SEND

    def _send(self, at):
        self.sent.append(at)
        self.longest_hold = max(self.longest_hold, at - self.simulation.now)
        return at + 0.1


def most_in(sent, seconds):
    """The most attempts in any span of so many seconds."""
    sent, begin, most = sorted(sent), 0, 0
    for end, time in enumerate(sent):
        while sent[begin] <= time - seconds:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def run(design, per_second, events, over, stalled=0.0, seed=1):
    """`events` over so many seconds, more than the pace lets through; with `stalled`, no message is taken for so long once."""
    simulation = Simulation(seed)
    paced = Paced(simulation, per_second, design)
    for _ in range(events):
        simulation.at(simulation.random.uniform(0, over), paced.first.queue.send, "endpoint", None)
    if stalled:
        for lane in (paced.first, paced.waiting):
            simulation.at(over / 2, stall, lane, stalled)
    simulation.run(events / per_second * 3 + 60)
    return {
        "sent": len(paced.sent),
        "hold": paced.longest_hold,
        "second": most_in(paced.sent, 1) / per_second,
        "minute": most_in(paced.sent, 60) / (per_second * 60),
        "used": events / per_second / (max(paced.sent) - min(paced.sent) + 1 / per_second),
        "writes": paced.writes / events,
        "messages": sum(simulation.counts.values()) / events,
    }


def stall(lane, seconds):
    """Lambda invokes nothing for a while: all its pollers are busy."""
    lane.busy += 1_000_000
    lane.simulation.after(seconds, resume, lane)


def resume(lane):
    lane.busy -= 1_000_000
    lane.wake()


AT_SEND = Pace("a slot is taken by who sends")
RESERVED = Pace("a slot is reserved by who waits", takes_at_send=False)
# Attempts a second, events, the seconds over which they come, and for how long no worker is free meanwhile.
CASES = [(10, 540, 60, 0), (10, 1_200, 60, 0), (10, 1_200, 60, 20), (50, 6_000, 60, 0), (50, 6_000, 60, 20), (1, 120, 30, 0)]
COLUMNS = {
    "hold": ("a worker waits at most, s", 2),
    "second": ("most in a second", 2),
    "minute": ("most in a minute", 3),
    "used": ("of the pace used", 3),
    "writes": ("writes an attempt", 2),
    "messages": ("messages an attempt", 2),
}


def compare():
    for design in (AT_SEND, RESERVED):
        for per_second, events, over, stalled in CASES:
            stall_text = f", {stalled} s without a worker" if stalled else ""
            title = f"{design.title}: {per_second}/s, {events:,} events in {over} s{stall_text}"
            yield title, run(design, per_second, events, over, stalled)
