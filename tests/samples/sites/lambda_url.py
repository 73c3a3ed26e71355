"""What a Lambda function URL does: turns requests into events (payload format 2.0) for the handler, its results into answers.

`GET /stored` counts what is stored. usage: lambda_url.py <port>, with a DynamoDB at AWS_ENDPOINT_URL
"""

import base64
import http.server
import os
import sys

import boto3

boto3.client("dynamodb").create_table(
    TableName=os.environ["TABLE"],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    BillingMode="PAY_PER_REQUEST",
)
from lambda_function import lambda_handler, table  # noqa: E402  the table is there first


def event(method, path, headers, body):
    headers = {name.lower(): value for name, value in headers.items()}
    # As function URLs do it: what calls itself text or JSON stays as it is.
    is_text = headers.get("content-type", "").startswith(("text/", "application/json"))
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}},
        "body": body.decode() if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }


class Url(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        result = lambda_handler(event("POST", self.path, self.headers, body), None)
        self.answer(result["statusCode"], b"")

    def do_GET(self):
        self.answer(200, str(table.scan(Select="COUNT")["Count"]).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Url).serve_forever()
