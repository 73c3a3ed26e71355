"""A whole receiver. usage: WEBHOOK_SECRET=whsec_... python3 receiver.py [port]"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import verify

SECRET = os.environ["WEBHOOK_SECRET"]
seen = set()  # in production: a table that keeps ids for three days


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))  # the raw bytes, before any parser
        timestamp, signature = self.headers["X-Webhook-Timestamp"], self.headers["X-Webhook-Signature"]
        verified = verify(SECRET, timestamp, signature, body)
        self.send_response(204 if verified else 401)  # answered at once; the work comes after
        self.end_headers()
        id = self.headers["X-Webhook-ID"]
        if verified and id not in seen:
            seen.add(id)
            event = json.loads(body)
            print(event["event"], event["data"]["id"], "version", event["data"].get("version"), flush=True)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4000), Receiver).serve_forever()
