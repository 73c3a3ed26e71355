"""The samples that stand on other people's libraries: those of Standard Webhooks, Express and Flask."""

import os
import pathlib
import subprocess

from system import answer, check, free_port, listens, running, until

SAMPLES = pathlib.Path("functions/portal/docs/samples").resolve()
NODE = pathlib.Path("target/samples/node").resolve()
PYTHON = pathlib.Path("target/flask/bin/python").absolute()
LIBRARIES = {
    "Node": ["node", NODE / "standard-webhooks.mjs"],
    "Python": [PYTHON, SAMPLES / "standard-webhooks.py"],
}
FRAMEWORKS = {"Express": ["node", NODE / "express-app.mjs"], "Flask": [PYTHON, SAMPLES / "flask-app.py"]}
HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"]


def environment(secret):
    return {**os.environ, "WEBHOOK_SECRET": secret, "PYTHONDONTWRITEBYTECODE": "1"}


def check_libraries(secret, headers, body):
    """Standard Webhooks' own libraries verify a delivery as it came, and nothing else."""
    for language, command in LIBRARIES.items():
        for text, expected in ((body, "verified"), (body + b" ", "refused")):
            words = [str(word) for word in [*command, *(headers[name] for name in HEADERS)]]
            done = subprocess.run(words, input=text, capture_output=True, env=environment(secret), timeout=60)
            check(done.stdout.decode().strip() == expected, f"Standard Webhooks in {language}: {done}")


def check_frameworks(secret, headers, body):
    """A framework's receiver gets at the raw bytes."""
    for name, command in FRAMEWORKS.items():
        port = free_port()
        with running([*command, port], env=environment(secret), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
            until(f"the receiver in {name}", lambda port=port: listens(port))
            sent = {key: value for key, value in headers.items() if key not in ("host", "content-length")}
            check(answer(port, body, sent.items()) == 204, f"{name} refused a real delivery")
            check(answer(port, body + b" ", sent.items()) == 401, f"{name} accepted a tampered delivery")
