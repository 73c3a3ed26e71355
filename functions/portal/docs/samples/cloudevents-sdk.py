"""Verifies a delivery in the format cloudevents, and reads it with the SDK: pip install cloudevents, with verify.py beside it.

usage: WEBHOOK_SECRET=whsec_... python3 cloudevents-sdk.py <X-Webhook-Timestamp> <X-Webhook-Signature> [more signatures] < body
"""

import os
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from verify import verify

timestamp, *signatures = sys.argv[1:]
body = sys.stdin.buffer.read()  # the bytes as they came: the signature is over these
if not verify(os.environ["WEBHOOK_SECRET"], timestamp, signatures, body):
    print("refused")
    sys.exit(1)

# In a server, the headers are those of the request. It raises where an attribute is missing or wrong.
event = from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, body))
print(event.get_id(), event.get_type(), event.get_subject(), "version", event.get_data()["version"])
