"""Waits for the local system, makes one of each thing that a path can name, and writes what schemathesis is to use.

Prints where the system listens; ids.json is for what makes calls by itself.

usage: prepare.py <directory for schemathesis.toml> <data directory>
"""

import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

work, data = (pathlib.Path(argument) for argument in sys.argv[1:])
MANY = 100_000_000
DEADLINE = time.monotonic() + 60


def until(what):
    """What `what` returns, once it is something."""
    while time.monotonic() < DEADLINE:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    sys.exit((work / "system.log").read_text()[-2000:])


def call(path, key, body=None):
    request = urllib.request.Request(base + path, headers={"X-API-Key": key, "Content-Type": "application/json"})
    request.data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def listening():
    found = re.search(r"http://127\.0\.0\.1:\d+", (work / "system.log").read_text())
    return found and found.group()


base = until(listening)
first = until(lambda: (data / "api-key").exists() and (data / "api-key").read_text().strip())
scopes = ["inbound", "events:publish", "webhooks:manage", "records:read", "keys:manage", "audit:read"]
limits = {"perHour": MANY, "perMinute": MANY}
key = call("/api/keys", first, {"name": "schemathesis", "scopes": scopes, "limits": limits})
made = {"key": key["key"]}
for name, scope, more in [
    ("other", "inbound", {}),
    ("manager", "webhooks:manage", {}),
    ("slow", "webhooks:manage", {"perMinute": 1}),
]:
    made[name] = call("/api/keys", first, {"name": name, "scopes": [scope], "limits": limits | more})["key"]
victim = call("/api/keys", first, {"name": "to be changed", "scopes": ["inbound"]})
endpoint = call("/api/endpoints", first, {"url": "http://127.0.0.1:9/", "events": ["*"]})
call("/api/webhook/workorder", first, {"workOrderNumber": "WO-1", "title": "Install HVAC System"})
delivery = until(lambda: call("/api/deliveries?status=retrying", first)["data"])[0]
ids = {
    "endpoints": endpoint["id"],
    "deliveries": delivery["id"],
    "events": delivery["eventId"],
    "keys": victim["id"],
    "portal-links": call("/api/portal-links", first, {"scopes": ["webhooks:manage"]})["id"],
}

(work / "ids.json").write_text(json.dumps(made | {"ids": ids}))
lines = ["[headers]", f'X-API-Key = "{key["key"]}"']
# 401 is what a call without a key gets, until there were fifty in a minute.
lines += ["[checks.missing_required_header]", 'expected-statuses = ["401", "429"]']
for thing, id in ids.items():
    # What is deleted is not there for the calls after it: those deletions try an id that leads nowhere.
    path = rf"^/api/{thing}/\{{id\}}(/.*)?$"
    lines += ["[[operations]]", f"include-path-regex = '{path}'"]
    lines += ['exclude-method = "DELETE"', f'parameters = {{ id = "{id}" }}']
lines += ["[[operations]]", r"include-path-regex = '^/api/records/\{type\}/\{record\}(/.*)?$'"]
lines += ['parameters = { type = "workorder", record = "WO-1" }']
(work / "schemathesis.toml").write_text("\n".join(lines) + "\n")
print(base)
