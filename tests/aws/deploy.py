"""The template on ministack: deployed, then used as an integrator and a subscriber would.

It is deployed as `infra/ministack/up` does it, but with its API. ministack's has no routes when they come as an OpenAPI body,
as SAM writes it, so they are given as resources of their own. `cargo run -- --lambdas` in front of it is tried as well.

usage: deploy.py <directory of the bootstraps>     with infra/ and infra/ministack/ in PYTHONPATH
"""

import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import rie
import stack
import without_api

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "webhooks"
# Short waits, so that a retry is seen.
PARAMETERS = {"Stage": "test", "Architecture": stack.ARCHITECTURE, "RetrySchedule": "2,2,2,2"}


def until(what, condition):
    """The first true answer of `condition`, or the end."""
    found = stack.wait_for(condition)
    if not found:
        raise SystemExit(f"FAILED: {what}: not within {stack.PATIENCE} s")
    print(f"ok: {what}")
    return found


def check(what, truth, detail=""):
    if not truth:
        raise SystemExit(f"FAILED: {what} {detail}")
    print(f"ok: {what}")


class Receiver(http.server.ThreadingHTTPServer):
    """A subscriber's server: keeps what it gets, and answers what it is told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.answers, self.lock = [], [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.requests.append((dict(self.headers.items()), body))
            status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def header(headers, name):
    return next(value for key, value in headers.items() if key.lower() == name)


def is_signed(request, secret):
    """As the API page says: hex HMAC-SHA256 of timestamp, dot, body, keyed with the whole secret."""
    headers, body = request
    message = header(headers, "x-webhook-timestamp").encode() + b"." + body
    own = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(own, header(headers, "x-webhook-signature"))


def translated():
    """The template as ministack takes it, with its API."""
    document = without_api.read(ROOT / "template.yaml")
    without_api.allow_loopback(document)
    document = stack.adapted(document)
    resources = document["Resources"]
    paths = resources["Api"]["Properties"].pop("Body")["paths"]
    resources["Api"]["Properties"] |= {"Name": STACK, "ProtocolType": "HTTP"}
    resources["Api"]["Properties"].pop("FailOnWarnings", None)
    for path, methods in paths.items():
        for method, operation in methods.items():
            if method == "options":
                continue
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            function = re.search(r"functions/\$\{(\w+)\.Arn\}", uri)[1]
            key = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            resources[f"{function}Integration"] = {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "IntegrationType": "AWS_PROXY",
                    "PayloadFormatVersion": "2.0",
                    "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
                },
            }
            resources["Route" + re.sub(r"\W", "", key + path)] = {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "RouteKey": path if path == "$default" else f"{key} {path}",
                    "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"{function}Integration"}]]},
                },
            }
    return document


class Api:
    """Calls of an API."""

    def __init__(self, port, host, key):
        self.port, self.host, self.key = port, host, key

    def __call__(self, method, path, body=None, key=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        headers = {"Host": self.host, "Content-Type": "application/json"}
        if key:
            headers["X-API-Key"] = self.key
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text


def first_key(url):
    made = stack.admin(url, STACK, "accounts", "create", "--name", "Test", "--environment", PARAMETERS["Stage"])
    limits = ("--per-hour", "100000", "--per-minute", "10000")
    stack.admin(url, STACK, "keys", "set-limits", made["key"]["id"], "--account", made["account"]["id"], *limits)
    return made["key"]["key"]


def use(port, url, clients):
    api_id = clients["cloudformation"].describe_stack_resource(StackName=STACK, LogicalResourceId="Api")
    api_id = api_id["StackResourceDetail"]["PhysicalResourceId"]
    api = Api(port, f"{api_id}.execute-api.localhost:{port}", first_key(url))
    sqs, receiver = clients["sqs"], Receiver()
    queue = lambda name: sqs.get_queue_url(QueueName=f"{STACK}-{name}")["QueueUrl"]
    topic = clients["cloudformation"].describe_stack_resource(StackName=STACK, LogicalResourceId="AlertTopic")
    topic = topic["StackResourceDetail"]["PhysicalResourceId"]
    told = sqs.create_queue(QueueName="told")["QueueUrl"]
    told_arn = sqs.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)

    status, problem = api("GET", "/nothing/here", key=False)
    check(
        "what has no route is a problem with a request id",
        status == 404 and problem["requestId"].startswith("req_"),
        (status, problem),
    )
    status, problem = api("POST", "/api/webhook/workorder", {}, key=False)
    check("without a key it is 401", status == 401 and problem["code"] == "unauthorized", (status, problem))
    status, types = api("GET", "/api/event-types")
    check("the catalog is open", status == 200 and len(types["data"]) == 23, (status, types))
    status, endpoint = api("POST", "/api/endpoints", {"url": receiver.url, "events": ["*"]})
    check("an endpoint is made", status == 201 and endpoint["secret"].startswith("whsec_"), (status, endpoint))
    order = lambda number: api("POST", "/api/webhook/workorder", {"workOrderNumber": number, "title": "Install HVAC System"})

    # POST -> stream -> dispatcher -> SQS -> deliverer -> receiver.
    status, answer = order("WO-1")
    check("a work order is accepted", status == 200 and answer["action"] == "created", (status, answer))
    until("its event arrives", lambda: len(receiver.requests) == 1)
    check("it is signed", is_signed(receiver.requests[0], endpoint["secret"]))
    check("it is the event", json.loads(receiver.requests[0][1])["event"] == "workorder.created")
    status, answer = order("WO-1")
    check("the same again is unchanged", status == 200 and answer["action"] == "unchanged", (status, answer))
    for resource, body in {
        "project": {"projectNumber": "P-1", "name": "Tower"},
        "employee": {"employeeNumber": "E-1", "firstName": "Ana", "lastName": "Ruiz", "role": "foreman"},
        "vendor": {
            "vendorNumber": "V-1",
            "name": "Gravel",
            "vendorType": "supplier",
            "taxId": "12-3456789",
            "taxIdType": "ein",
        },
        "timeoff": {
            "requestNumber": "T-1",
            "employeeNumber": "E-1",
            "type": "vacation",
            "startDate": "2030-01-07",
            "endDate": "2030-01-08",
        },
    }.items():
        status, answer = api("POST", f"/api/webhook/{resource}", body)
        check(f"{resource} is accepted", status == 200 and answer["action"] == "created", (status, answer))
        status, answer = api("POST", f"/api/webhook/{resource}/batch", {"records": [body]})
        check(f"{resource} is taken in a batch", status == 200 and answer["succeeded"] == 1, (status, answer))
    until("their events arrive", lambda: len(receiver.requests) == 5)
    check("all are signed", all(is_signed(request, endpoint["secret"]) for request in receiver.requests))

    through_the_gateway(url, api.key, receiver)

    # A retry.
    receiver.answers = [500]
    order("WO-2")
    until("what failed is tried again", lambda: len(receiver.requests) == 8)
    first, second = (headers for headers, _ in receiver.requests[6:8])
    check("under the same id", header(first, "x-webhook-id") == header(second, "x-webhook-id"))
    check("as a retry", (header(first, "x-webhook-retry"), header(second, "x-webhook-retry")) == ("0", "1"))

    # The sweeper: an event that the stream did not bring has its marker, an alert is published.
    receiver.answers = [500] * 5
    order("WO-3")
    path = f"/api/deliveries?endpointId={endpoint['id']}&status=failed"
    until("after five attempts it has failed", lambda: api("GET", path)[1]["data"])
    alerts = lambda: sqs.receive_message(QueueUrl=told, WaitTimeSeconds=1).get("Messages", [])
    message = until("the scheduled sweeper publishes the alert", alerts)[0]
    alert = json.loads(json.loads(message["Body"])["Message"])
    check("with its account and what to do", alert["accountId"].startswith("acc_") and "retry" in alert["message"], alert)
    count = len(receiver.requests)
    delivery = api("GET", path)[1]["data"][0]["id"]
    status, _ = api("POST", f"/api/deliveries/{delivery}/retry")
    check("it is retried by hand", status == 202)
    until("and arrives", lambda: len(receiver.requests) == count + 1)

    # Looking back: a record with its history, what was refused, and the failure.
    status, record = api("GET", "/api/records/workorder/WO-1")
    check("a record is read back", status == 200 and record["record"]["title"] == "Install HVAC System", (status, record))
    status, page = api("GET", "/api/records/workorder/WO-1/timeline")
    delivered = [
        delivery["status"] for change in page["data"] for event in change["events"] for delivery in event["deliveries"]
    ]
    check("with what happened to it", status == 200 and delivered == ["delivered"], (status, page))
    api("POST", "/api/webhook/workorder", {"workOrderNumber": "WO-X", "name": "Install HVAC System"})
    status, page = api("GET", "/api/requests?number=WO-X")
    check("a refused call is listed", status == 200 and page["data"][0]["code"] == "validation_failed", (status, page))
    status, page = api("GET", "/api/alerts?status=open")
    check("the failure is one open alert", status == 200 and [one["count"] for one in page["data"]] == [1], (status, page))

    # A message that is lost, and one that is none.
    receiver.answers = [503]
    order("WO-4")
    until("the first attempt fails", lambda: len(receiver.requests) == count + 2)
    sqs.purge_queue(QueueUrl=queue("retry"))
    dynamodb = clients["dynamodb"]
    pending = until("its delivery is retrying", lambda: api("GET", "/api/deliveries?status=retrying")[1]["data"])[0]["id"]
    overdue(dynamodb, pending)
    until("what the queue lost, the sweeper puts back", lambda: len(receiver.requests) == count + 3)
    # A message is hidden for 360 s each of five times: here it comes back at once.
    sqs.set_queue_attributes(QueueUrl=queue("delivery"), Attributes={"VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=queue("delivery"), MessageBody="no task")

    def dead():
        asked = sqs.get_queue_attributes(QueueUrl=queue("delivery-dead"), AttributeNames=["ApproximateNumberOfMessages"])
        return asked["Attributes"]["ApproximateNumberOfMessages"] == "1"

    until("a message that is none ends in the dead-letter queue", dead)

    count = len(receiver.requests)
    lose_event(clients, order)
    until("what the stream lost, the sweeper makes it bring", lambda: len(receiver.requests) == count + 1)

    status, key = api("POST", "/api/keys", {"name": "more", "scopes": ["inbound"]})
    check("keys are made", status == 201 and key["key"].startswith("wsk_test_"), (status, key))
    status, test = api("POST", f"/api/endpoints/{endpoint['id']}/test", {"event": "workorder.created"})
    check("a test send works", status == 200, (status, test))
    status, event = api("POST", "/api/events", {"event": "report.generated", "idempotencyKey": "r-1", "data": report()})
    check("an event is published", status == 200, (status, event))
    return api.key


def through_the_gateway(url, key, receiver):
    """`cargo run -- --lambdas`: the API of stacks that have none."""
    command = [ROOT / "target/debug/workskedge-webhooks", "--lambdas", url, "--stack", STACK, "--port", "0"]
    before = len(receiver.requests)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        try:
            line = gateway.stdout.readline()
            found = re.match(r"listening on http://127\.0\.0\.1:(\d+), in front of the functions of webhooks at ", line)
            check("the gateway says where it listens", found, line)
            api = Api(int(found[1]), f"127.0.0.1:{found[1]}", key)
            status, answer = api("POST", "/api/webhook/workorder", {"workOrderNumber": "WO-G", "title": "Install"})
            check("the gateway hands a work order on", status == 200 and answer["action"] == "created", (status, answer))
            status, page = api("GET", "/")
            check("and shows the console", status == 200 and "<!doctype html>" in page.lower(), (status, page))
            status, problem = api("POST", "/api/webhook/workorder", {}, key=False)
            check("and what a function refuses", status == 401 and problem["code"] == "unauthorized", (status, problem))
            until("the order's event arrives", lambda: len(receiver.requests) == before + 1)
        finally:
            gateway.terminate()


def report():
    return json.loads((ROOT / "tests/fixtures/events/report.generated.json").read_text(encoding="utf-8"))["data"]


def lose_event(clients, order):
    """An order whose event the stream did not bring, ten minutes ago."""
    dynamodb, functions = clients["dynamodb"], clients["lambda"]
    (source,) = functions.list_event_source_mappings(FunctionName=f"{STACK}-dispatcher")["EventSourceMappings"]
    functions.delete_event_source_mapping(UUID=source["UUID"])
    status, answer = order("WO-5")
    check("an order is accepted while nobody reads the stream", status == 200, (status, answer))
    # Its item, its marker and the endpoint, as they would be had they come earlier: time is the beginning of a ULID.
    item = max(dynamodb.scan(TableName=f"{STACK}-events")["Items"], key=lambda one: one["sk"]["S"])
    markers = dynamodb.scan(TableName=f"{STACK}-undispatched")["Items"]
    marker = max(markers, key=lambda one: one["sk"]["S"])
    for table, one in (("undispatched", marker), ("events", item)):
        dynamodb.delete_item(TableName=f"{STACK}-{table}", Key={"pk": one["pk"], "sk": one["sk"]})
        ulid = re.match("[0-9A-Z]{26}", one["sk"]["S"])[0]
        one["sk"] = {"S": one["sk"]["S"].replace(ulid, earlier(ulid, 900))}
        dynamodb.put_item(TableName=f"{STACK}-{table}", Item=one)
    for one in dynamodb.scan(TableName=f"{STACK}-endpoints")["Items"]:
        if "endpoint" in one:
            endpoint = json.loads(one["endpoint"]["S"]) | {"createdAt": "2020-01-01T00:00:00Z"}
            dynamodb.put_item(TableName=f"{STACK}-endpoints", Item=one | {"endpoint": {"S": json.dumps(endpoint)}})
    time.sleep(1)
    # From now on: whatever is in the stream by now is lost.
    functions.create_event_source_mapping(
        FunctionName=f"{STACK}-dispatcher",
        EventSourceArn=source["EventSourceArn"],
        StartingPosition="LATEST",
        BatchSize=100,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def earlier(ulid, seconds):
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = sum(digits.index(digit) << 5 * place for place, digit in enumerate(reversed(ulid[:10]))) - 1000 * seconds
    return "".join(digits[milliseconds >> 5 * place & 31] for place in reversed(range(10))) + ulid[10:]


def overdue(dynamodb, delivery):
    """Makes a delivery overdue, which would take five minutes."""
    table = f"{STACK}-deliveries"
    for item in dynamodb.scan(TableName=table)["Items"]:
        if item["sk"]["S"] == delivery:
            dynamodb.update_item(
                TableName=table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET dueAt = :due",
                ExpressionAttributeValues={":due": {"N": "1"}},
            )


def findings(url, name, code=0):
    """What the preflight finds, by what it has looked at."""
    command = [ROOT / "target/debug/workskedge-admin", "--stack", name, "--endpoint-url", url, "--json", "preflight"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(f"the preflight of {name} ends with {code}", done.returncode == code, done.stdout + done.stderr)
    return {one["check"]: (one["result"], one["finding"]) for one in json.loads(done.stdout)["data"]}


def preflight(url, name, stands, fine):
    """Nothing is in the way of a deployment; what ministack has no answer to is a warning."""
    found = findings(url, name)
    check("it knows who calls", found["caller"][0] == "ok", found["caller"])
    check(f"and how the stack stands: {stands}", stands in found["stack"][1], found["stack"])
    for name in fine.split():
        check(f"{name} are in nobody's way", found[name][0] == "ok", found[name])


def left_over(url, clients):
    """Another stack, of which a table and a queue are left."""
    key = {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "pk", "AttributeType": "S"}
    table = {"TableName": "left-events", "KeySchema": [key[0]], "AttributeDefinitions": [key[1]]}
    clients["dynamodb"].create_table(**table, BillingMode="PAY_PER_REQUEST")
    clients["sqs"].create_queue(QueueName="left-retry-dead")
    found = findings(url, "left", 1)
    for name, taken in ("tables", "left-events"), ("queues", "left-retry-dead"):
        check(f"{name} that are left are a problem", found[name][0] == "problem" and taken in found[name][1], found[name])


def main(directory):
    os.environ |= stack.ENVIRONMENT
    with stack.ministack(0) as url:
        port, clients = int(url.rsplit(":", 1)[1]), stack.clients(url)
        preflight(url, STACK, "makes it", "tables queues functions")
        stack.package(ROOT / directory, clients["s3"])
        stack.deploy(url, clients, translated(), STACK, PARAMETERS)
        print("ok: the stack is deployed")
        preflight(url, STACK, "this deployment changes it", "tables queues functions")
        left_over(url, clients)
        key = use(port, url, clients)
        rie.run(clients, STACK, url, key, ROOT / directory, report(), check)
    print("the template works as deployed")


if __name__ == "__main__":
    main(*sys.argv[1:])
