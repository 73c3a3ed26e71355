"""How receivers answer: seconds until the answer to an attempt that begins at a time, and whether it is a success.
Infinity is no answer."""

import math


def quick(median=0.1, spread=0.5, failing=0.0):
    """Most answers take about `median` seconds; a share of them is a 500."""

    def answer(random, now):
        return median * math.exp(random.gauss(0, spread)), random.random() >= failing

    return answer


def constant(seconds, succeeds=True):
    return lambda random, now: (seconds, succeeds)


def slow(least=3.0, most=10.0):
    return lambda random, now: (random.uniform(least, most), True)


def hanging(random, now):
    return math.inf, False


def from_then_on(begin, end, trouble, otherwise):
    """One way from `begin` to `end`, another before and after."""
    return lambda random, now: (trouble if begin <= now < end else otherwise)(random, now)


def flapping(period, down, up):
    """Down for a period, up for the next."""
    return lambda random, now: (down if int(now / period) % 2 == 0 else up)(random, now)
