"""Numbers of this system: read from template.yaml and from the sources, so that nothing here has to follow a change there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")


def block(name):
    """The lines of a parameter or a resource of the template."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", TEMPLATE, re.MULTILINE)
    assert found, f"template.yaml has no {name}"
    return found[1]


def template(name, field):
    """A number or a text of the template: of a resource, or the default of the parameter that it refers to."""
    found = re.search(rf"\b{field}: (!Ref \w+|[^\s,}}]+)", block(name))
    assert found, f"{name} in template.yaml has no {field}"
    value = found[1]
    if value.startswith("!Ref "):
        return template(value.removeprefix("!Ref "), "Default")
    return int(value) if value.isdigit() else value


def source(path, pattern):
    """The first number that `pattern` finds in a source file."""
    found = re.search(pattern, (ROOT / path).read_text(encoding="utf-8"))
    assert found, f"{path} has no {pattern}"
    return int(found[1].replace("_", ""))


def schedule():
    """The waits between the attempts of a delivery, in seconds."""
    found = re.search(r"^    Default: ([\d,]+)$", block("RetrySchedule"), re.MULTILINE)
    return [int(wait) for wait in found[1].split(",")]


def memory():
    """MB of every function."""
    found = re.search(r"^    MemorySize: (\d+)$", TEMPLATE, re.MULTILINE)
    assert found, "template.yaml has no MemorySize for all functions"
    return int(found[1])


DELIVERER = "shared/outbound/src/deliverer.rs"
LIMITER = "shared/outbound/src/deliverer/endpoint_limiter.rs"

# Seconds that an attempt may take.
TIMEOUT = source(DELIVERER, r"const TIMEOUT: Duration = Duration::from_secs\((\d+)\)")
# Attempts at one endpoint in a process, and how long (s) and after what (s) one beyond them comes again.
WIDTH = source(LIMITER, r"const WIDTH: usize = (\d+)")
PATIENCE = source(LIMITER, r"const PATIENCE: Duration = Duration::from_secs\((\d+)\)")
CROWDED = source(DELIVERER, r"const CROWDED: SignedDuration = SignedDuration::from_secs\((\d+)\)")
# Seconds after which an attempt marks its endpoint as slow, and for how many.
SLOW_AFTER = source("shared/domain/src/endpoint/health.rs", r"SLOW_AFTER: Duration = Duration::from_secs\((\d+)\)")
SLOW_FOR = source("shared/domain/src/endpoint/health.rs", r"SLOW_FOR_SECONDS: i64 = (\d+)")
# First attempts in a row after which an endpoint counts as failing.
FAILING_AFTER = source("shared/domain/src/endpoint/health.rs", r"FAILING_AFTER: u32 = (\d+)")
# Endpoints that one message is about at most, and the longest delay (s) of a message.
MESSAGE_ENDPOINTS = source("shared/domain/src/delivery/message.rs", r"pub const MOST: usize = (\d+)")
LONGEST_HOP = source("shared/domain/src/schedule.rs", r"LONGEST_HOP_SECONDS: u32 = ([\d_]+)")
# Calls that a key may make, unless it has limits of its own.
PER_HOUR = source("shared/domain/src/rate_limit.rs", r"Self \{ per_hour: (\d+)")
PER_MINUTE = source("shared/domain/src/rate_limit.rs", r"per_minute: (\d+) \}")
# Accounts that the dispatcher serves side by side, and the events of one that it writes side by side.
ACCOUNTS_AT_ONCE = source("functions/dispatcher/src/lib.rs", r"const ACCOUNTS_AT_ONCE: usize = (\d+)")
EVENTS_AT_ONCE = source("functions/dispatcher/src/lib.rs", r"const AT_ONCE: usize = (\d+)")
SHARDS = source("shared/store/src/shard.rs", r"const SHARDS: u8 = (\d+)")
