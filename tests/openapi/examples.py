"""Makes every described call as its example says, and is to be answered as described; then what is to be refused, is.

usage: examples.py <address> <openapi.json> <ids.json>
"""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

base, document, made = sys.argv[1], *(json.loads(pathlib.Path(path).read_text()) for path in sys.argv[2:])
FIRST = ["send-employee", "send-project", "send-vendor"]  # what the others refer to
DELETED = {"delete-endpoint": "create-endpoint", "delete-key": "create-key"}  # what they are made by
LAST = ["change-endpoint", *DELETED]
PLACES = {"name": "workorder.created", "type": "workorder", "record": "WO-1"}
RARE = ["get-alert", "change-alert"]  # an alert takes a delivery that fails for good, which takes hours
calls = 0


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirects)


def call(method, path, key=made["key"], body=None, headers=(), type="application/json"):
    global calls
    calls += 1
    sent = dict(headers) | ({"X-API-Key": key} if key else {})
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    if data is not None and type:
        sent["Content-Type"] = type
    try:
        answer = opener.open(urllib.request.Request(base + path, data, sent, method=method.upper()), timeout=40)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def operations():
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method, path, operation


def resolve(node):
    while "$ref" in node:
        found = document
        for step in node["$ref"][2:].split("/"):
            found = found[step]
        node = found
    return node


def described(operation, what, status, headers, text):
    """The answer is one of those that are described: its type, and every header that is always there."""
    answer = operation["responses"].get(str(status))
    if answer is None:
        sys.exit(f"FAILED: {what} was answered with {status}, which is not described: {text[:300]}")
    for name, header in answer.get("headers", {}).items():
        if resolve(header).get("required") and name not in headers:
            sys.exit(f"FAILED: {what}, {status}: {name} is not there")
    media = (headers["Content-Type"] or "").split(";")[0]
    if answer.get("content") and not {media, "*/*"} & set(answer["content"]):
        sys.exit(f"FAILED: {what}, {status}: {media} is not described")


def filled(path):
    for thing, id in made["ids"].items():
        path = re.sub(rf"^/api/{thing}/{{id}}", f"/api/{thing}/{id}", path)
    for parameter, value in PLACES.items():
        path = path.replace(f"{{{parameter}}}", value)
    return path


def address(id, query):
    """Where the operation is called, with what it requires in the query."""
    _, path, operation = by_id[id]
    required = filter(lambda parameter: parameter["in"] == "query" and parameter["required"], operation["parameters"])
    query = {parameter["name"]: parameter["example"] for parameter in required} | query
    return filled(path) + (f"?{urllib.parse.urlencode(query)}" if query else "")


def expect(id, status, **options):
    """The operation answers with this status when it is called like that."""
    method, _, operation = by_id[id]
    query = options.pop("query", {})
    path = options.pop("path", None) or address(id, query)
    got, headers, text = call(options.pop("method", method), path, **options)
    if got != status:
        sys.exit(f"FAILED: {id} was to answer {status}, and answered {got}: {text[:300]}")
    described(operation, id, got, headers, text)
    return json.loads(text) if text.startswith(b"{") else None


def make_each_call():
    names = sorted(by_id, key=lambda id: (id not in FIRST, FIRST.index(id) if id in FIRST else 0, id in LAST))
    new = {}
    for id in filter(lambda id: id not in RARE, names):
        method, path, operation = by_id[id]
        successes = sorted(int(status) for status in operation["responses"] if status[0] == "2")
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        if id == "create-endpoint":
            body["url"] = "http://127.0.0.1:9/"  # the example's host is nobody's
        thing = new[DELETED[id]]["id"] if id in DELETED else None
        # What makes something says 201, and 200 when the same is there already.
        # A batch says 207 when a record is not accepted.
        for success in reversed(successes):
            sent = {"records": [*body["records"], {}]} if success == 207 else body
            made_or_found = expect(id, success, body=sent, path=path.replace("{id}", thing) if thing else None)
            new[id] = new.get(id) or made_or_found
        for parameter in operation["parameters"]:
            if parameter["in"] == "query":
                go_through(id, parameter, body)
    expect("change-endpoint", 200, body={"status": "enabled"})


def go_through(id, parameter, body):
    """A page is asked for by what the one before says, everything else by the values that its schema has."""
    name = parameter["name"]
    more = {"order": "newest"} if (id, name) == ("list-events", "cursor") else {}
    if name in ("cursor", "after"):
        values = [expect(id, 200, query=more | {"limit": 1})["nextCursor"]]
    else:
        values = valid(parameter["schema"])
    for value in filter(None, values):
        expect(id, 200, query=more | {name: value}, body=body)


def valid(schema):
    if "enum" in schema:
        return schema["enum"]
    if schema["type"] == "boolean":
        return ["true", "false"]
    if "pattern" not in schema and schema["type"] == "string" and "format" not in schema:
        return ["WO-12345"]
    if schema["type"] == "integer":
        return [schema["minimum"], schema["default"], schema["maximum"]]
    if schema.get("format") == "date-time":
        return ["2026-11-20T00:00:00Z"]
    return [id for id in made["ids"].values() if re.match(schema["pattern"], id)]


def be_refused():
    order = {"workOrderNumber": "WO-E1", "title": "t"}
    again = {"Idempotency-Key": "examples-1"}
    for id, (method, _, operation) in by_id.items():
        if operation.get("security") != []:
            expect(id, 401, key=None, body={} if method in ("post", "patch") else None)
            expect(
                id,
                403,
                key=made["other"] if "webhooks:manage" in operation["description"] else made["manager"],
                body={} if method in ("post", "patch") else None,
            )
        expect(id, 405, method="PUT", body={})
    expect("send-workorder", 400, body=b"{")
    expect("send-workorder", 400, body=order | {"sheduledStart": "x"})
    expect("send-workorder", 404, body=order | {"operation": "update", "workOrderNumber": "WO-NONE"})
    expect("send-workorder", 200, body=order, headers=again)
    expect("send-workorder", 409, body=order | {"operation": "create"})
    expect("send-workorder", 409, body=order | {"ifVersion": 7})
    expect("send-workorder", 413, body=b" " * 131_073)
    expect("send-workorder", 415, body=order, type="text/plain")
    expect("send-workorder", 422, body=order | {"title": "u"}, headers=again)
    expect("get-endpoint", 404, path="/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG")
    for id in RARE:
        expect(id, 404, body={"status": "resolved"} if id.startswith("change") else None)
    expect("create-endpoint", 400, body={"url": "no address", "events": ["*"]})
    for _ in range(3):
        status = call("get", "/api/endpoints", key=made["slow"])[0]
    expect("list-endpoints", 429, key=made["slow"]) if status == 429 else sys.exit("FAILED: a key made more calls than it may")
    for id, (_, path, operation) in by_id.items():
        if "304" in operation["responses"]:
            tag = call("get", filled(path))[1]["ETag"]
            expect(id, 304, headers={"If-None-Match": tag})


by_id = {id: (method, path, operation) for id, method, path, operation in operations()}
be_refused()
make_each_call()
print(f"{len(by_id) - len(RARE)} of {len(by_id)} operations do what their examples say; {calls} calls")
