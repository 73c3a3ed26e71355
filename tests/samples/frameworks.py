"""The samples that stand on other people's libraries and frameworks.

Each framework runs as it does elsewhere, with its own check against forged requests where it has one. What is around a sample
that is only a part of a site lies in `sites/`.
"""

import contextlib
import hashlib
import hmac
import os
import pathlib
import sqlite3
import subprocess
import time
import typing
import urllib.request

from system import answer, check, free_port, listens, running, until

SAMPLES = pathlib.Path("functions/portal/docs/samples").resolve()
SITES = pathlib.Path("tests/samples/sites").resolve()
BUILT = pathlib.Path("target/samples").resolve()
NODE, NEXT = BUILT / "node", BUILT / "next"
PYTHON = pathlib.Path("target/frameworks/bin/python").absolute()
MINISTACK = pathlib.Path("target/ministack/bin").absolute()
# Debian's: of all that lies there, what Spring MVC with its JDBC, Tomcat and H2 are.
JARS = [
    jar
    for name in ("spring*", "tomcat9-*", "h2", "commons-logging")
    for jar in pathlib.Path("/usr/share/java").glob(f"{name}.jar")
]
LIBRARIES = {
    "Node": ["node", NODE / "standard-webhooks.mjs"],
    "Python": [PYTHON, SAMPLES / "standard-webhooks.py"],
}
HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"]
# Ten of them start at once, on two processors.
PATIENCE = 180


class Site(typing.NamedTuple):
    """A server of deliveries at /webhooks. Its last argument, or `{port}` in one of them, is the port."""

    command: list
    environment: dict = {}
    #: The table of its deliveries.db; none where `GET /stored` says how many deliveries are stored.
    table: str | None = "deliveries"
    #: What /guarded answers, which is like /webhooks without the sample's exemption from the framework's check.
    guarded: int | None = None


SITE_PACKAGES = {"PYTHONPATH": str(SAMPLES)}
CLASSES = ":".join(str(path) for path in [BUILT / "java", *JARS])
FRAMEWORKS = {
    "Express": Site(["node", NODE / "express-app.mjs"]),
    "Next.js": Site(
        [NEXT / "node_modules/.bin/next", "dev", NEXT, "--hostname", "127.0.0.1", "--port"],
        {"NEXT_TELEMETRY_DISABLED": "1"},
    ),
    "FastAPI": Site([PYTHON, SAMPLES / "fastapi-app.py"]),
    "Flask": Site([PYTHON, SAMPLES / "flask-app.py"]),
    "Django": Site([PYTHON, SITES / "django_site.py"], SITE_PACKAGES, "webhooks_delivery", 403),
    "Rails": Site(
        ["puma", "--quiet", SITES / "rails.ru", "--bind", "tcp://127.0.0.1:{port}"], {"RUBYLIB": str(SAMPLES)}, guarded=422
    ),
    "Laravel": Site(["php", "-S", "127.0.0.1:{port}", SITES / "laravel.php"], {"SAMPLES": str(SAMPLES)}, guarded=419),
    "Spring": Site(["java", "-cp", CLASSES, "SpringSite"], table=None),
    "Lambda": Site([MINISTACK / "python", SITES / "lambda_url.py"], SITE_PACKAGES, table=None),
}


def environment(secret):
    return {**os.environ, "WEBHOOK_SECRET": secret, "PYTHONDONTWRITEBYTECODE": "1"}


def check_libraries(secret, headers, body):
    """Standard Webhooks' own libraries verify a delivery as it came, and nothing else."""
    for language, command in LIBRARIES.items():
        for text, expected in ((body, "verified"), (body + b" ", "refused")):
            words = [str(word) for word in [*command, *(headers[name] for name in HEADERS)]]
            done = subprocess.run(words, input=text, capture_output=True, env=environment(secret), timeout=60)
            check(done.stdout.decode().strip() == expected, f"Standard Webhooks in {language}: {done}")


def check_frameworks(secret, headers, body, directory):
    """Every framework takes a delivery of a rotation, of whose signatures only one is made with `secret`, and keeps it once."""
    with contextlib.ExitStack() as stack:
        aws = stack.enter_context(dynamodb(directory))
        started = {name: stack.enter_context(serving(name, site, secret, aws, directory)) for name, site in FRAMEWORKS.items()}
        for name, (port, home) in started.items():
            wait_for(name, port, home)
            check_site(name, port, home, secret, headers, body)
    return len(FRAMEWORKS)


@contextlib.contextmanager
def dynamodb(directory):
    """An AWS-alike for the sample of Lambda, and what its SDK has to know of it."""
    port, home = free_port(), directory / "ministack"
    home.mkdir()
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": str(home)}
    with (
        (home / "log").open("w") as output,
        running([MINISTACK / "ministack"], env=os.environ | own, cwd=home, stdout=output, stderr=output),
    ):
        until("ministack", lambda: listens(port), PATIENCE)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        yield keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "TABLE": "deliveries"}


@contextlib.contextmanager
def serving(name, site, secret, aws, directory):
    """A running site: its port and the directory that it runs in."""
    port, home = free_port(), directory / name
    home.mkdir()
    command = [str(word).replace("{port}", str(port)) for word in site.command]
    if command == [str(word) for word in site.command]:
        command.append(str(port))
    with (home / "log").open("w") as output:
        own = environment(secret) | site.environment | (aws if name == "Lambda" else {})
        with running(command, cwd=home, env=own, stdout=output, stderr=output):
            yield port, home


def wait_for(name, port, home):
    deadline = time.monotonic() + PATIENCE
    while not listens(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    check(listens(port), f"{name} did not start: {log(home)}")


def log(home):
    return (home / "log").read_text(errors="replace")[-2000:]


def stored(name, port, home):
    """How many deliveries a site holds."""
    if not FRAMEWORKS[name].table:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/stored", timeout=10) as reply:
            return int(reply.read())
    with contextlib.closing(sqlite3.connect(home / "deliveries.db")) as database:
        return database.execute(f"SELECT count(*) FROM {FRAMEWORKS[name].table}").fetchone()[0]


def signed(secret, body, age=0, which="", id="dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG"):
    """The headers of a delivery of `age` seconds ago."""
    timestamp = str(int(time.time()) - age)
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Webhook-ID": id, "X-Webhook-Timestamp": timestamp}
    return headers | {f"X-Webhook-Signature{which}": signature}


def check_site(name, port, home, secret, headers, body):
    real = {key: value for key, value in headers.items() if key not in ("host", "content-length")}

    def expect(status, what, headers, body=body, path="/webhooks"):
        # Next.js compiles what is called for the first time.
        given = answer(port, body, headers.items(), path, timeout=PATIENCE)
        check(given == status, f"{name} answered {what} with {given} and not {status}: {log(home)}")

    expect(204, "a real delivery", real)
    expect(204, "its retry", real)
    check(stored(name, port, home) == 1, f"{name} did not store a delivery once: {log(home)}")
    expect(401, "a tampered delivery", real, body + b" ")
    expect(401, "another secret", signed("whsec_" + secret[6:].swapcase(), body))
    expect(401, "a delivery of six minutes ago", signed(secret, body, age=360))
    expect(401, "a delivery of the future", signed(secret, body, age=-360))
    expect(401, "what nobody signed", {"Content-Type": "application/json", "X-Webhook-ID": "dlv_1"})
    expect(401, "an empty body", {"Content-Type": "application/json"}, b"")
    expect(400, "a delivery without an id", signed(secret, body, id=""))
    check(stored(name, port, home) == 1, f"{name} stored what it refused: {log(home)}")
    expect(204, "a signature of the secret before", signed(secret, body, which="-Previous"))
    for letter, kind in {"H": "application/octet-stream", "J": "application/cloudevents+json"}.items():
        other = signed(secret, body, id=f"dlv_01JAMB3X9T7Q2V5K8N4C6D0EF{letter}") | {"Content-Type": kind}
        expect(204, f"a body of the type {kind}", other)
    check(stored(name, port, home) == 4, f"{name} lost a delivery: {log(home)}")
    if FRAMEWORKS[name].guarded:
        expect(FRAMEWORKS[name].guarded, "a view without the exemption", signed(secret, body), path="/guarded")
