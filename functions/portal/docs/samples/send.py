"""Sends a work order. usage: API_KEY=wsk_... python3 send.py [address of the API]"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request

API = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"
ORDER = {"workOrderNumber": "WO-12345", "title": "Install HVAC System", "priority": "high"}
TRIES = 5
LONGEST_WAIT_SECONDS = 120


def post(path, body):
    """Status, headers and JSON of the answer; status 0 when there is none."""
    headers = {"X-API-Key": os.environ["API_KEY"], "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(API + path, body, headers), timeout=30) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)
    except (OSError, http.client.HTTPException):
        return 0, {}, {}


def send(path, record):
    """Sends a record. Sending the same body again is safe: its number finds the record."""
    body = json.dumps(record).encode()
    for attempt in range(1, TRIES + 1):
        status, headers, answer = post(path, body)
        if status == 200:
            return answer
        seconds = int(headers.get("Retry-After", 2 ** (attempt - 1)))
        # No answer, 408, 429 and 5xx may be better the next time; everything else won't.
        if not (status in (0, 408, 429) or status >= 500) or attempt == TRIES or seconds > LONGEST_WAIT_SECONDS:
            break
        time.sleep(seconds)
    defects = [f"{defect['field']} {defect['message']}" for defect in answer.get("errors", [])]
    sys.exit("; ".join([answer.get("detail", "no answer"), *defects, answer.get("requestId", "")]))


answer = send("/api/webhook/workorder", ORDER)
print(answer["action"], answer["data"]["id"], "version", answer["data"]["version"])
