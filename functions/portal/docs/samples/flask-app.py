"""Takes deliveries in Flask: pip install flask, with verify.py and inbox.py beside this file.

usage: WEBHOOK_SECRET=whsec_... python3 flask-app.py [port]
"""

import os
import sys

from flask import Flask, request
from inbox import store
from verify import verify

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 32 * 1024  # no event is larger


@app.post("/webhooks")
def receive():
    body = request.get_data()  # the bytes as they came; request.json would parse them
    signatures = [request.headers.get(f"X-Webhook-Signature{which}") for which in ("", "-Next", "-Previous")]
    if not verify(os.environ["WEBHOOK_SECRET"], request.headers.get("X-Webhook-Timestamp"), signatures, body):
        return "", 401
    id = request.headers.get("X-Webhook-ID")
    if not id:
        return "", 400
    store(id, body)  # where this raises, Flask answers 500, and the delivery comes again
    return "", 204  # stored once, and only now acknowledged; the work is done afterwards


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
