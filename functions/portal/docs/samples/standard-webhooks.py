"""Verifies a delivery with the library of Standard Webhooks. pip install standardwebhooks

usage: WEBHOOK_SECRET=whsec_... python3 standard-webhooks.py <webhook-id> <webhook-timestamp> <webhook-signature> < body
"""

import os
import sys

from standardwebhooks import Webhook

id, timestamp, signature = sys.argv[1:]
headers = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}
body = sys.stdin.buffer.read().decode()  # as it came, before any parser
try:
    Webhook(os.environ["WEBHOOK_SECRET"]).verify(body, headers)
    print("verified")
except Exception:
    print("refused")
