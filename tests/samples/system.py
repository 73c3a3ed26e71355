"""What the checks of the samples are made with: a count of them, processes, servers, calls."""

import contextlib
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

_checks = 0


def check(right, what):
    global _checks
    _checks += 1
    if not right:
        sys.exit(f"FAILED: {what}")


def counted():
    return _checks


def until(what, found, seconds=30):
    deadline = time.monotonic() + seconds
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
    # In a group of its own: Next.js would leave its server behind.
    process = subprocess.Popen([str(word) for word in command], start_new_session=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True


def call(base, key, path, body=None, method=None):
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers, method=method)) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def answer(port, body, headers=(), path="/", timeout=10):
    """The status that a receiver answers with."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def answer_to_length(port, length):
    """The status that a receiver answers with to a request whose Content-Length is not one, without waiting for its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{".encode())
        return int(connection.makefile("rb").readline().split()[1])


def break_off(port):
    """A request whose connection is reset within its body."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Capture(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives, as it arrives."""

    received = []

    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.received.append((headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class FlakyServer:
    """Answers 503, not at all, 408 and 429 before it does what it is asked to."""

    def __enter__(self):
        self.bodies = bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                answers = {1: (503, {}), 3: (408, {}), 4: (429, {"Retry-After": "1"})}
                if len(bodies) == 2:
                    self.close_connection = True
                    return
                status, headers = answers.get(len(bodies), (200, {}))
                record = {"id": "wo_xyz789", "version": 1}
                self.send_response(status)
                for header in headers.items():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(json.dumps({"action": "created", "data": record, "detail": "not now"}).encode())

            def log_message(self, *_):
                pass

        self.server = serving(Handler)
        self.url = self.server.__enter__().rstrip("/")
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)
