"""Takes deliveries in Flask. pip install flask; usage: WEBHOOK_SECRET=whsec_... python3 flask-app.py [port]"""

import os
import sys

from flask import Flask, request
from verify import verify

app = Flask(__name__)


@app.post("/")
def receive():
    body = request.get_data()  # the bytes as they came; request.json would parse them
    signatures = [request.headers.get(f"X-Webhook-Signature{which}") for which in ("", "-Next", "-Previous")]
    if not verify(os.environ["WEBHOOK_SECRET"], request.headers.get("X-Webhook-Timestamp"), signatures, body):
        return "", 401
    # Store it here by its X-Webhook-ID, as receiver.py does.
    return "", 204


app.run("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
