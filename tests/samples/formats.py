"""Deliveries in each format, of a real system: every sample verifies them as they came, the CloudEvents SDKs read theirs."""

import json
import subprocess

import frameworks
from system import Capture, call, check, serving, until

CLOUD_EVENTS = {
    "Node": ["node", frameworks.NODE / "cloudevents-sdk.mjs"],
    "Python": [frameworks.PYTHON, frameworks.SAMPLES / "cloudevents-sdk.py"],
}


def check_formats(base, key, languages, verdict):
    for format, read in {"full": read_full, "thin": read_thin, "cloudevents": read_cloud_event}.items():

        class Mine(Capture):
            received = []

        with serving(Mine) as url:
            endpoint = call(base, key, "/api/endpoints", {"url": url, "events": ["project.*"], "format": format})
            number = f"P-{format}"
            made = call(base, key, "/api/webhook/project", {"projectNumber": number, "name": "Straße 12"})["data"]
            headers, body = until(f"a delivery in the format {format}", lambda received=Mine.received: received)[0]
            # As many languages as there are, and the library of the standard: none looks at the format.
            signed = (endpoint["secret"], headers["x-webhook-timestamp"], [headers["x-webhook-signature"]])
            for language in languages:
                check(verdict(language, *signed, body) == "verified", f"{language} refused the format {format}")
                check(verdict(language, *signed, body + b" ") == "refused", f"{language} took what was changed in {format}")
            frameworks.check_libraries(endpoint["secret"], headers, body)
            read(base, key, endpoint["secret"], made, headers, body)
            shown = call(base, key, f"/api/deliveries/{headers['x-webhook-id']}")
            check(shown["requestBody"].encode() == body, f"{format} is shown as {shown}")
            call(base, key, f"/api/endpoints/{endpoint['id']}", method="DELETE")


def read_full(base, key, secret, made, headers, body):
    event = json.loads(body)
    check(headers["content-type"] == "application/json" and event["data"]["name"] == "Straße 12", f"a full event: {event}")


def read_thin(base, key, secret, made, headers, body):
    """Its link leads to the whole."""
    event = json.loads(body)
    check(headers["content-type"] == "application/json" and list(event) == ["event", "timestamp", "data"], f"thin: {event}")
    check(event["data"]["id"] == made["id"] and event["data"]["version"] == 1, f"thin: {event}")
    whole = call(base, key, event["data"]["url"])
    check(whole["event"] == event["event"] and whole["data"]["name"] == "Straße 12", f"the whole of a thin event: {whole}")


def read_cloud_event(base, key, secret, made, headers, body):
    """Those who made the specification read it."""
    check(headers["content-type"] == "application/cloudevents+json", f"a CloudEvent is sent as {headers['content-type']}")
    expected = f"{headers['x-webhook-event-id']} com.workskedge.project.created {made['id']} version 1"
    signed = [headers["x-webhook-timestamp"], headers["x-webhook-signature"]]
    environment = frameworks.environment(secret) | {"PYTHONPATH": str(frameworks.SAMPLES)}
    for language, command in CLOUD_EVENTS.items():
        for text, said in ((body, expected), (body + b" ", "refused")):
            words = [str(word) for word in [*command, *signed]]
            done = subprocess.run(words, input=text, capture_output=True, env=environment, timeout=60)
            check(done.stdout.decode().strip() == said, f"the CloudEvents SDK of {language}: {done}")
