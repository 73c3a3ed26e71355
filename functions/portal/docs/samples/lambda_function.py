"""Takes deliveries in AWS Lambda behind a function URL or an HTTP API (payload format 2.0), with verify.py beside it.

Python 3.11 or later; boto3 comes with Lambda's runtime. In the environment: WEBHOOK_SECRET, and TABLE, the name of a DynamoDB
table whose partition key is the string `id`, with time to live on `expires_at`. The role needs dynamodb:PutItem on that table.
"""

import base64
import contextlib
import os
import time

import boto3
from verify import verify

KEEP_SECONDS = 30 * 24 * 3600  # a manual retry or a replay brings an id again for 30 days
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def lambda_handler(event, context):
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()  # the bytes as they came
    headers = event["headers"]  # their names are in lower case
    signatures = [headers.get(f"x-webhook-signature{which}") for which in ("", "-next", "-previous")]
    if not verify(os.environ["WEBHOOK_SECRET"], headers.get("x-webhook-timestamp"), signatures, raw):
        return {"statusCode": 401}
    id = headers.get("x-webhook-id")
    if not id:
        return {"statusCode": 400}
    item = {"id": id, "body": raw, "expires_at": int(time.time()) + KEEP_SECONDS}
    # It may have come before. Where anything else is raised, the answer is 5xx, and the delivery comes again.
    with contextlib.suppress(table.meta.client.exceptions.ConditionalCheckFailedException):
        table.put_item(Item=item, ConditionExpression="attribute_not_exists(id)")
    return {"statusCode": 204}  # stored once, and only now acknowledged; another function reads the table's stream
