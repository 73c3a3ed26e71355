"""Runs the samples of the docs against a real local system. usage: check.py <binary of the local system>"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SAMPLES = pathlib.Path("functions/portal/docs/samples")
VERIFY = {
    "Node": ["node", SAMPLES / "verify.mjs"],
    "Python": ["python3", SAMPLES / "verify.py"],
    "PHP": ["php", SAMPLES / "verify.php"],
    "bash": ["bash", SAMPLES / "verify.sh"],
    "Ruby": ["ruby", SAMPLES / "verify.rb"],
    "Go": [pathlib.Path("target/samples/verify-go")],
    "Rust": [pathlib.Path("target/samples/verify/target/debug/verify")],
}
SEND = {
    "bash": ["bash", SAMPLES / "send.sh"],
    "Node": ["node", SAMPLES / "send.mjs"],
    "Python": ["python3", SAMPLES / "send.py"],
    "PHP": ["php", SAMPLES / "send.php"],
}
RECEIVERS = {"Node": ["node", "receiver.mjs"], "Python": ["python3", "receiver.py"]}
checks = 0


def check(right, what):
    global checks
    checks += 1
    if not right:
        sys.exit(f"FAILED: {what}")


def until(what, found):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    sys.exit(f"FAILED: {what} did not come")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True


class Capture(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives, as it arrives."""

    received = []

    def do_POST(self):
        self.received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def call(base, key, path, body):
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(base + path, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


def verdict(language, secret, timestamp, signature, body, now=None):
    environment = {**os.environ, "WEBHOOK_SECRET": secret} | ({"VERIFY_NOW": str(now)} if now else {})
    command = [str(word) for word in VERIFY[language]] + [timestamp, signature]
    done = subprocess.run(command, input=body, capture_output=True, env=environment, timeout=60)
    text = done.stdout.decode().strip()
    check(text in ("verified", "refused") and done.returncode == (text != "verified"), f"{language}: {done}")
    return text


def check_language(language, secret, timestamp, signature, body):
    """The real delivery is verified, and everything that differs from it is refused."""
    sent = int(timestamp)
    check(verdict(language, secret, timestamp, signature, body) == "verified", f"{language} refused a real delivery")
    tampered = {
        "a body with another character": (secret, timestamp, signature, body.replace(b"WO-12345", b"WO-12346"), None),
        "a body with a line break more": (secret, timestamp, signature, body + b"\n", None),
        "another secret": ("whsec_" + secret[6:].swapcase(), timestamp, signature, body, None),
        "another time": (secret, str(sent + 1), signature, body, None),
        "another signature": (secret, timestamp, signature[:-1] + ("0" if signature[-1] != "0" else "1"), body, None),
        "no signature": (secret, timestamp, "", body, None),
        "a signature that is no hex": (secret, timestamp, "v1,AAAA", body, None),
        "a time that is no number": (secret, "now", signature, body, None),
        "a delivery of six minutes ago": (secret, timestamp, signature, body, sent + 360),
        "a delivery of the future": (secret, timestamp, signature, body, sent - 360),
    }
    for what, arguments in tampered.items():
        check(verdict(language, *arguments) == "refused", f"{language} accepted {what}")
    vector = json.loads((SAMPLES / "test-vector.json").read_text())
    arguments = (vector["secret"], vector["timestamp"], vector["X-Webhook-Signature"], vector["body"].encode())
    check(verdict(language, *arguments, now=int(vector["timestamp"])) == "verified", f"{language}: the test vector")


def check_receivers(base, key, directory):
    """Each sample of a receiver is a real endpoint and prints what it gets, once."""
    with contextlib.ExitStack() as stack:
        outputs = {}
        for language, command in RECEIVERS.items():
            port = free_port()
            # The secret is known when the endpoint is there, and the endpoint is not called before a record is sent.
            secret = call(base, key, "/api/endpoints", {"url": f"http://127.0.0.1:{port}/", "events": ["workorder.*"]})["secret"]
            outputs[language] = output = directory / f"{language}.txt"
            environment = {**os.environ, "WEBHOOK_SECRET": secret}
            stack.enter_context(running([*command, port], cwd=SAMPLES, env=environment, stdout=output.open("w")))
            until(f"the receiver in {language}", lambda port=port: listens(port))
        call(base, key, "/api/webhook/workorder", {"workOrderNumber": "WO-1", "title": "Install HVAC System"})
        for language, output in outputs.items():
            line = until(f"the event at the receiver in {language}", output.read_text)
            check(re.fullmatch(r"workorder\.created wo_\w+ version 1\n", line), f"{language}: {line}")


def main(binary):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        log = directory / "log"
        with running([binary, "--port", "0", "--data-dir", directory / "data"], stdout=log.open("w"), stderr=subprocess.STDOUT):
            base = until("the system", lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text())).group()
            key = until("the key", lambda: (directory / "data/api-key").exists() and (directory / "data/api-key").read_text().strip())
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Capture)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/"
            secret = call(base, key, "/api/endpoints", {"url": url, "events": ["*"]})["secret"]
            for action, (language, command) in zip(["created", *["unchanged"] * 3], SEND.items()):
                environment = {**os.environ, "API_KEY": key}
                sent = subprocess.run([*map(str, command), base], capture_output=True, text=True, env=environment, timeout=60)
                check(sent.returncode == 0 and action in sent.stdout, f"sending with {language}: {sent}")
                environment["API_KEY"] = "wsk_live_wrong"
                wrong = subprocess.run([*map(str, command), base], capture_output=True, text=True, env=environment, timeout=60)
                check(wrong.returncode != 0 and "API key" in wrong.stdout + wrong.stderr, f"{language} with a wrong key: {wrong}")
            headers, body = until("the delivery", lambda: Capture.received)[0]
            headers = {header.lower(): value for header, value in headers.items()}
            for language in VERIFY:
                check_language(language, secret, headers["x-webhook-timestamp"], headers["x-webhook-signature"], body)
            check_receivers(base, key, directory)
    print(f"{len(VERIFY)} languages verify a real delivery and refuse what differs from it; {len(SEND)} send, {len(RECEIVERS)} receive; {checks} checks")
    print("C# was not run: Debian has no compiler for it")


main(sys.argv[1])
