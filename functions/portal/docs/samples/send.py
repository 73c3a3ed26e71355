"""Sends a work order. usage: API_KEY=wsk_... python3 send.py [address of the API]"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

API = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"
ORDER = {"workOrderNumber": "WO-12345", "title": "Install HVAC System", "priority": "high"}


def send(path, record, tries=3):
    """Sends a record. Sending again is safe: its number finds it."""
    headers = {"X-API-Key": os.environ["API_KEY"], "Content-Type": "application/json"}
    request = urllib.request.Request(API + path, json.dumps(record).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if (error.code == 429 or error.code >= 500) and tries > 1:
            time.sleep(int(error.headers.get("Retry-After", 2)))
            return send(path, record, tries - 1)
        problem = json.load(error)
        defects = [f"{defect['field']} {defect['message']}" for defect in problem.get("errors", [])]
        sys.exit("; ".join([problem["detail"], *defects, problem["requestId"]]))


answer = send("/api/webhook/workorder", ORDER)
print(answer["action"], answer["data"]["id"], "version", answer["data"]["version"])
