"""Takes deliveries in FastAPI: pip install fastapi uvicorn, with verify.py and inbox.py beside this file.

usage: WEBHOOK_SECRET=whsec_... python3 fastapi-app.py [port]
"""

import os
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from inbox import store
from verify import verify

app = FastAPI()


@app.post("/webhooks")
async def receive(request: Request) -> Response:
    body = await request.body()  # the bytes as they came; a parameter with a model would parse them
    signatures = [request.headers.get(f"X-Webhook-Signature{which}") for which in ("", "-Next", "-Previous")]
    if not verify(os.environ["WEBHOOK_SECRET"], request.headers.get("X-Webhook-Timestamp"), signatures, body):
        return Response(status_code=401)
    id = request.headers.get("X-Webhook-ID")
    if not id:
        return Response(status_code=400)
    # In a thread: a database that is waited for here would hold up all other requests. Where it raises, the answer is 500,
    # and the delivery comes again.
    await run_in_threadpool(store, id, body)
    return Response(status_code=204)  # stored once, and only now acknowledged; the work is done afterwards


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
