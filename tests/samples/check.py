"""Runs the samples of the docs against a real local system. usage: check.py <binary of the local system>"""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

import formats
import frameworks
import mappings
from system import (
    Capture,
    FlakyServer,
    answer,
    answer_to_length,
    break_off,
    call,
    check,
    counted,
    free_port,
    listens,
    running,
    serving,
    until,
)

SAMPLES = pathlib.Path("functions/portal/docs/samples").resolve()
BUILT = pathlib.Path("target/samples").resolve()
VERIFY = {
    "Node": ["node", SAMPLES / "verify.mjs"],
    "Python": ["python3", SAMPLES / "verify.py"],
    "PHP": ["php", SAMPLES / "verify.php"],
    "bash": ["bash", SAMPLES / "verify.sh"],
    "Ruby": ["ruby", SAMPLES / "verify.rb"],
    "Go": [BUILT / "verify-go"],
    "Rust": [BUILT / "verify/target/debug/verify"],
    "C#": ["mono", BUILT / "verify-cs.exe"],
    "Java": ["java", "-cp", BUILT / "java", "Verify"],
}
SEND = {
    "bash": ["bash", SAMPLES / "send.sh"],
    "Node": ["node", SAMPLES / "send.mjs"],
    "Python": ["python3", SAMPLES / "send.py"],
    "PHP": ["php", SAMPLES / "send.php"],
}
RECEIVERS = {"Node": ["node", SAMPLES / "receiver.mjs"], "Python": ["python3", SAMPLES / "receiver.py"]}
CATCH_UP = {"Node": ["node", SAMPLES / "catch-up.mjs"], "Python": ["python3", SAMPLES / "catch-up.py"]}
# What Python would leave beside the samples would be part of the docs.
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def run(command, **options):
    environment = ENVIRONMENT | options.pop("env", {})
    command = [str(word) for word in command]
    return subprocess.run(command, capture_output=True, env=environment, timeout=90, **options)


def verdict(language, secret, timestamp, signatures, body, now=None):
    environment = {"WEBHOOK_SECRET": secret} | ({"VERIFY_NOW": str(now)} if now else {})
    done = run([*VERIFY[language], timestamp, *signatures], input=body, env=environment)
    text = done.stdout.decode().strip()
    check(text in ("verified", "refused") and done.returncode == (text != "verified"), f"{language}: {done}")
    return text


def check_language(language, secret, timestamp, signature, body):
    """The real delivery is verified, and everything that differs from it is refused."""
    sent = int(timestamp)
    check(verdict(language, secret, timestamp, [signature], body) == "verified", f"{language} refused a real delivery")
    other = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    tampered = {
        "a body with another character": (secret, timestamp, [signature], body.replace(b"WO-12345", b"WO-12346"), None),
        "a body with a line break more": (secret, timestamp, [signature], body + b"\n", None),
        "another secret": ("whsec_" + secret[6:].swapcase(), timestamp, [signature], body, None),
        "no secret": ("", timestamp, [signature], body, None),
        "another time": (secret, str(sent + 1), [signature], body, None),
        "another signature": (secret, timestamp, [other], body, None),
        "two other signatures": (secret, timestamp, [other, other], body, None),
        "no signature": (secret, timestamp, [], body, None),
        "an empty signature": (secret, timestamp, [""], body, None),
        "a signature that is no hex": (secret, timestamp, ["v1,AAAA"], body, None),
        "a time that is no number": (secret, "now", [signature], body, None),
        "a delivery of six minutes ago": (secret, timestamp, [signature], body, sent + 360),
        "a delivery of the future": (secret, timestamp, [signature], body, sent - 360),
    }
    for what, arguments in tampered.items():
        check(verdict(language, *arguments) == "refused", f"{language} accepted {what}")
    vector = json.loads((SAMPLES / "test-vector.json").read_text())
    arguments = (vector["secret"], vector["timestamp"], [vector["X-Webhook-Signature"]], vector["body"].encode())
    check(verdict(language, *arguments, now=int(vector["timestamp"])) == "verified", f"{language}: the test vector")


def check_rotation(language, old, new, headers, body):
    """A delivery from within a rotation is verified with either secret, and with no other."""
    names = [f"x-webhook-signature{which}" for which in ("", "-next", "-previous")]
    signatures = [headers[name] for name in names if name in headers]
    check(len(signatures) == 2, f"a delivery of the rotation has {len(signatures)} signatures")
    for which, secret in {"new": new, "old": old}.items():
        accepted = verdict(language, secret, headers["x-webhook-timestamp"], signatures, body)
        check(accepted == "verified", f"{language} refused the {which} secret during a rotation")
    strange = verdict(language, "whsec_" + new[6:].swapcase(), headers["x-webhook-timestamp"], signatures, body)
    check(strange == "refused", f"{language} accepted a strange secret during a rotation")
    tampered = verdict(language, old, headers["x-webhook-timestamp"], signatures, body + b" ")
    check(tampered == "refused", f"{language} accepted a tampered body during a rotation")


def check_sending(base, key):
    """Each sample sends, says what is wrong, and sends the same body again when that may help."""
    for action, (language, command) in zip(["created", *["unchanged"] * 3], SEND.items(), strict=True):
        sent = run([*command, base], env={"API_KEY": key})
        check(sent.returncode == 0 and action in sent.stdout.decode(), f"sending with {language}: {sent}")
        wrong = run([*command, base], env={"API_KEY": "wsk_live_wrong"})
        check(wrong.returncode != 0 and b"API key" in wrong.stdout + wrong.stderr, f"{language} with a wrong key: {wrong}")
        with FlakyServer() as flaky:
            sent = run([*command, flaky.url], env={"API_KEY": key})
            check(sent.returncode == 0 and b"created" in sent.stdout, f"{language} after five tries: {sent}")
            check(len(flaky.bodies) == 5 and len(set(flaky.bodies)) == 1, f"{language} sent {flaky.bodies}")


def stored(language, directory):
    """How many deliveries a receiver holds."""
    if language == "Node":
        return len(list((directory / "deliveries").iterdir()))
    with contextlib.closing(sqlite3.connect(directory / "deliveries.db")) as database:
        return database.execute("SELECT count(*) FROM deliveries").fetchone()[0]


def check_receiver(language, base, key, directory):
    """A whole receiver is a real endpoint: through a rotation, a duplicate, requests that break off, and a restart."""
    port = free_port()
    # The secret is known when the endpoint is there, and the endpoint is not called before a record is sent.
    endpoint = call(base, key, "/api/endpoints", {"url": f"http://127.0.0.1:{port}/", "events": ["vendor.*"]})
    directory.mkdir()
    output = directory / "output.txt"
    environment = ENVIRONMENT | {"WEBHOOK_SECRET": endpoint["secret"]}
    command = [*RECEIVERS[language], port]

    def started():
        receiver = running(command, cwd=directory, env=environment, stdout=output.open("a"), stderr=subprocess.DEVNULL)
        stack.enter_context(receiver)
        until(f"the receiver in {language}", lambda: listens(port))

    def lines(count):
        return until(f"line {count} in {language}", lambda: len(found := output.read_text().splitlines()) == count and found)

    number = f"V-{language}"
    with contextlib.ExitStack() as stack:
        started()
        call(base, key, "/api/webhook/vendor", {"vendorNumber": number, "name": "Müller", "vendorType": "supplier"})
        line = lines(1)[0]
        check(re.fullmatch(r"vendor\.created ven_\w+ version 1", line), f"{language}: {line}")
        # It still has the old secret, and loses nothing before the promotion and after it.
        call(base, key, f"/api/endpoints/{endpoint['id']}/secret/rotate", {"overlapHours": 1})
        call(base, key, "/api/webhook/vendor", {"vendorNumber": number, "name": "Müller 1"})
        check("vendor.updated" in lines(2)[1], f"{language} during a rotation")
        call(base, key, f"/api/endpoints/{endpoint['id']}/secret/promote", {})
        call(base, key, "/api/webhook/vendor", {"vendorNumber": number, "name": "Müller 2"})
        check("vendor.updated" in lines(3)[2], f"{language} after a promotion")
        deliveries = call(base, key, f"/api/deliveries?endpointId={endpoint['id']}")["data"]
        call(base, key, f"/api/deliveries/{deliveries[0]['id']}/retry", {"force": True})
        again = until("the duplicate", lambda: attempts(base, key, deliveries[0]["id"], 2))
        check(again[-1]["statusCode"] == 204, f"{language} answered a duplicate with {again[-1]}")
        for wrong in (b"", b"{}"):
            check(answer(port, wrong) == 401, f"{language} took what nobody signed")
        for length in ("-1", "many", "9" * 30):
            check(400 <= answer_to_length(port, length) < 500, f"{language} took {length} for a length")
        break_off(port)
        check(answer(port, b"{}") == 401, f"{language} does not answer after a request that broke off")
    check(stored(language, directory) == 3 and len(output.read_text().splitlines()) == 3, f"{language} did things twice")
    with contextlib.ExitStack() as stack:
        started()
        call(base, key, f"/api/deliveries/{deliveries[1]['id']}/retry", {"force": True})
        until("the duplicate", lambda: attempts(base, key, deliveries[1]["id"], 2))
        check(stored(language, directory) == 3, f"{language} forgot what it had when it was started again")
    call(base, key, f"/api/endpoints/{endpoint['id']}", method="DELETE")


def attempts(base, key, delivery, count):
    found = call(base, key, f"/api/deliveries/{delivery}")["attempts"]
    return len(found) == count and found


def check_signing(base, directory):
    """The sample that signs is believed by a receiver with the same secret, and by no other."""
    port, home = free_port(), directory / "signing"
    home.mkdir()
    environment = ENVIRONMENT | {"WEBHOOK_SECRET": "whsec_test"}
    command = ["bash", SAMPLES / "sign.sh", f"http://127.0.0.1:{port}/", "workorder.completed", base]
    id = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG"
    with running([*RECEIVERS["Python"], port], cwd=home, env=environment, stdout=subprocess.DEVNULL):
        until("the receiver", lambda: listens(port))
        for secret, status in (("whsec_test", b"204"), ("whsec_test", b"204"), ("whsec_other", b"401")):
            done = run(command, env={"WEBHOOK_SECRET": secret, "ID": id})
            check(done.stdout.split() == [status], f"signing with {secret}: {done}")
        check(stored("Python", home) == 1, "the same id was stored twice")
        done = run(command, env={"WEBHOOK_SECRET": "whsec_test"})
        check(done.stdout.split() == [b"204"] and stored("Python", home) == 2, f"signing with an id of its own: {done}")


def check_getting_started(base, key, directory):
    """The commands of the page as they stand there, one after the other in one shell."""
    home, port = directory / "getting-started", free_port()
    (home / ".workskedge").mkdir(parents=True)
    (home / ".workskedge/api-key").write_text(key)
    page = (SAMPLES.parent / "getting-started.md").read_text()
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M))
    # A person is slower than this, and has sent nothing before.
    until_it_listens = f"until curl -so /dev/null http://127.0.0.1:{port}; do kill -0 $!; sleep 0.1; done"
    until_it_arrived = "until grep -q workorder.created arrived; do sleep 0.1; done"
    replaced = {
        "http://127.0.0.1:3000": base,
        "http://127.0.0.1:4000": f"http://127.0.0.1:{port}",
        "node receiver.mjs &": f"node receiver.mjs {port} >arrived & {until_it_listens}",
        "API_KEY=$KEY bash": "sed -i s/WO-12345/WO-12346/ send.sh; API_KEY=$KEY bash",
        "DELIVERY=": f"{until_it_arrived}; DELIVERY=",
    }
    for words, others in replaced.items():
        check(words in commands, f"the page has no {words} any more")
        commands = commands.replace(words, others)
    done = run(["bash", "-euc", f"trap 'kill $(jobs -p)' EXIT\n{commands}"], cwd=home)
    text = done.stdout.decode()
    check('"action":"created"' in text and '"event": "workorder.created"' in text, f"getting started: {done}")


def check_catching_up(base, key, directory):
    """Each sample reads every event once, goes on where it was, and keeps its place in a file."""
    for language, command in CATCH_UP.items():
        home = directory / f"catch-up-{language}"
        home.mkdir()
        lines = []

        # Events appear in the feed when they are a few seconds old.
        def read(home=home, command=command, lines=lines, language=language):
            done = run([*command, base], cwd=home, env={"API_KEY": key})
            check(done.returncode == 0, f"catching up with {language}: {done}")
            lines.extend(done.stdout.decode().splitlines())
            return len(lines) >= 6

        until("all events of the feed", read)
        check(len(lines) == len(set(lines)), f"{language} read twice: {lines}")
        check((home / "feed-position.txt").read_text(), f"{language} kept no position")


def main(binary):
    with tempfile.TemporaryDirectory() as name, serving(Capture) as url:
        directory = pathlib.Path(name)
        log = directory / "log"
        with running([binary, "--port", "0", "--data-dir", directory / "data"], stdout=log.open("w"), stderr=subprocess.STDOUT):
            base = until("the system", lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text())).group()
            key = until(
                "the key", lambda: (directory / "data/api-key").exists() and (directory / "data/api-key").read_text().strip()
            )
            # Nobody types as fast as this: the limits are not what is tested.
            limits = {"perHour": 1_000_000, "perMinute": 1_000_000}
            scopes = ["inbound", "webhooks:manage"]
            key = call(base, key, "/api/keys", {"name": "samples", "scopes": scopes, "limits": limits})["key"]
            endpoint = call(base, key, "/api/endpoints", {"url": url, "events": ["workorder.*"]})
            check_sending(base, key)
            headers, body = until("the delivery", lambda: Capture.received)[0]
            for language in VERIFY:
                arguments = (endpoint["secret"], headers["x-webhook-timestamp"], headers["x-webhook-signature"], body)
                check_language(language, *arguments)
            frameworks.check_libraries(endpoint["secret"], headers, body)
            new = call(base, key, f"/api/endpoints/{endpoint['id']}/secret/rotate", {})["secret"]
            call(base, key, "/api/webhook/workorder", {"workOrderNumber": "WO-12345", "priority": "urgent"})
            headers, body = until("the delivery of the rotation", lambda: Capture.received[1:])[0]
            for language in VERIFY:
                check_rotation(language, endpoint["secret"], new, headers, body)
            frameworks.check_libraries(endpoint["secret"], headers, body)
            frameworks.check_libraries(new, headers, body)
            # This one leads with the old secret: a receiver that has the new one looks at the next signature.
            served = frameworks.check_frameworks(new, headers, body, directory)
            call(base, key, f"/api/endpoints/{endpoint['id']}/secret/promote", {})
            call(base, key, "/api/webhook/workorder", {"workOrderNumber": "WO-12345", "priority": "low"})
            headers, body = until("the delivery after the promotion", lambda: Capture.received[2:])[0]
            for language in VERIFY:
                check_rotation(language, endpoint["secret"], new, headers, body)
            for language in RECEIVERS:
                check_receiver(language, base, key, directory / language)
            formats.check_formats(base, key, VERIFY, verdict)
            check_catching_up(base, key, directory)
            check_signing(base, directory)
            mappings.check_mappings(base, key)
            check_getting_started(base, key, directory)
    print(f"{len(VERIFY)} languages verify real deliveries, in a rotation and each format too, and refuse what differs;")
    print(f"{len(SEND)} send, {len(formats.CLOUD_EVENTS)} SDKs read CloudEvents,")
    print(f"{len(RECEIVERS)} and {served} frameworks receive, {len(CATCH_UP)} catch up, records of 2 other systems are mapped;")
    print(f"{counted()} checks")


main(sys.argv[1])
