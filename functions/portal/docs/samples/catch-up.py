"""Reads the events since the last run. usage: API_KEY=wsk_... python3 catch-up.py [address of the API]

The place in the feed is kept in feed-position.txt: run it from a timer, and after your receiver was down.
"""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

API = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"
POSITION = pathlib.Path("feed-position.txt")


def page(after):
    """One page of the feed, oldest first; waits when the key has no calls left."""
    query = urllib.parse.urlencode({"limit": 100} | ({"after": after} if after else {}))
    request = urllib.request.Request(f"{API}/api/events?{query}", headers={"X-API-Key": os.environ["API_KEY"]})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                sys.exit(json.load(error)["detail"])
            time.sleep(int(error.headers["Retry-After"]))


after = POSITION.read_text() if POSITION.exists() else None
while True:
    answer = page(after)
    for event in answer["data"]:
        # Your work goes here. What happened last may come again after a crash: compare data.version with what you have.
        print(event["event"], event["data"]["id"], "version", event["data"].get("version"))
    after = answer["resumeAfter"]
    if after:
        # Written when the work is done, whole or not at all.
        new = POSITION.with_suffix(".new")
        new.write_text(after)
        new.replace(POSITION)
    if answer["nextCursor"] is None:
        break
