"""A whole receiver: verifies, stores on disk, answers, works. usage: WEBHOOK_SECRET=whsec_... python3 receiver.py [port]"""

import contextlib
import json
import os
import re
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import verify

SECRET = os.environ["WEBHOOK_SECRET"]
KEEP_SECONDS = 30 * 24 * 3600  # a retry by hand or a replay brings an id again for 30 days
MAX_BYTES = 32 * 1024  # no event is larger
arrived = threading.Event()


def run(statement, *values):
    """One transaction; SQLite has it on disk when this returns."""
    with contextlib.closing(sqlite3.connect("deliveries.db", timeout=20)) as database, database:
        return database.execute(statement, values).fetchall()


def work():
    """Does what is stored and not done, what an earlier run left included, and forgets what is older than 30 days."""
    while True:
        for id, body in run("SELECT id, body FROM deliveries WHERE done = 0 ORDER BY at"):
            event = json.loads(body)
            # Your work goes here.
            print(event["event"], event["data"]["id"], "version", event["data"].get("version"), flush=True)
            run("UPDATE deliveries SET done = 1 WHERE id = ?", id)
        run("DELETE FROM deliveries WHERE done = 1 AND at < ?", time.time() - KEEP_SECONDS)
        arrived.wait()
        arrived.clear()


class Receiver(BaseHTTPRequestHandler):
    timeout = 30  # seconds, for who sends slowly or nothing

    def do_POST(self):
        try:
            status = self.receive()
        except (OSError, sqlite3.Error) as error:
            # The connection broke, or the disk is full: without a 2xx the delivery comes again.
            print(error, file=sys.stderr, flush=True)
            status = 503
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.end_headers()

    def receive(self):
        length = self.headers.get("Content-Length") or ""
        if not re.fullmatch(r"[0-9]{1,9}", length):
            return 411
        size = int(length)
        if size > MAX_BYTES:
            return 413
        body = self.rfile.read(size)  # the raw bytes, before any parser
        signatures = [self.headers[f"X-Webhook-Signature{which}"] for which in ("", "-Next", "-Previous")]
        if not verify(SECRET, self.headers["X-Webhook-Timestamp"], signatures, body):
            return 401
        id = self.headers["X-Webhook-ID"] or ""
        if not re.fullmatch(r"dlv_[0-9A-Z]{26}", id):
            return 400
        run("INSERT OR IGNORE INTO deliveries (id, at, body, done) VALUES (?, ?, ?, 0)", id, time.time(), body)
        arrived.set()
        return 204  # stored, and only now acknowledged

    def log_message(self, *_):
        pass


run("CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, at REAL, body BLOB, done INTEGER)")
threading.Thread(target=work, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4000), Receiver).serve_forever()
