"""Asks moto, another matcher of EventBridge's patterns, about each of tests/fixtures/patterns.jsonl.

Where Amazon's matcher says something else than moto, so do we: these are listed, and must go on to differ.
"""

import json
import sys

from moto.events.models import EventPattern

# moto takes an empty list for a value, and does not look into lists of objects.
DIFFER = {
    "exists: an empty list has no value",
    "lists of objects: the fields are of one object",
    "lists of lists of objects",
    "lists of objects: one lacks the field",
}


def main(path):
    """Returns what to exit with: a sentence for each case that does not have the answer that it should have."""
    with open(path, encoding="utf-8") as file:
        cases = [case for case in map(json.loads, file) if "matches" in case]
    wrong = [case["of"] for case in cases if (matches(case) == case["matches"]) == (case["of"] in DIFFER)]
    print(f"{len(cases)} patterns, of which moto sees {len(DIFFER)} otherwise")
    return "\n".join(f"FAILED: {name}" for name in wrong) or None


def matches(case):
    """Whether moto finds that the event of a case matches its pattern."""
    return EventPattern(None, case["pattern"]).matches_event(case["event"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
