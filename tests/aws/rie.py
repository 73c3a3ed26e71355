"""Every bootstrap under AWS's own runtime interface emulator, with the environment that the template gives it and events as
API Gateway, SQS, the stream and the schedule send them."""

import base64
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

EVENTS = pathlib.Path(__file__).parent / "events"
HTTP = {
    "create-workorder": ("/api/webhook/workorder", {"workOrderNumber": "RIE-1", "title": "Install"}),
    "create-project": ("/api/webhook/project", {"projectNumber": "RIE-1", "name": "Tower"}),
    "create-employee": ("/api/webhook/employee", {"employeeNumber": "RIE-1", "firstName": "A", "lastName": "B", "role": "foreman"}),
    "create-vendor": ("/api/webhook/vendor", {"vendorNumber": "RIE-1", "name": "Gravel", "vendorType": "supplier"}),
    "request-timeoff": ("/api/webhook/timeoff", {"requestNumber": "RIE-1", "employeeNumber": "E-1", "type": "sick", "startDate": "2031-01-07", "endDate": "2031-01-08"}),
    "publish-event": ("/api/events", None),
    "manage-endpoints": ("/api/endpoints", {"url": "http://127.0.0.1:9/", "events": ["*"]}),
    "manage-deliveries": ("/api/deliveries", None),
    "manage-keys": ("/api/keys", {"name": "rie", "scopes": ["inbound"]}),
}


def emulator():
    """It comes with the SAM CLI, which is in a place of its own."""
    found = list(pathlib.Path("target").glob("sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
    if not found:
        raise SystemExit("FAILED: the emulator is not there; tests/template/run installs the SAM CLI")
    found[0].chmod(0o755)
    return found[0]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(bootstrap, environment):
    """Yields a function that invokes the bootstrap with an event."""
    port = free_port()
    process = subprocess.Popen(
        [emulator(), "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
         "--runtime-api-address", f"127.0.0.1:{free_port()}", bootstrap],
        env={"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": bootstrap.name, "AWS_LAMBDA_FUNCTION_TIMEOUT": "60", **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )

    def invoke(event):
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=70)
                connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
                return json.loads(connection.getresponse().read() or b"null")
            time.sleep(0.1)
        raise SystemExit(f"FAILED: the emulator of {bootstrap.name} does not listen")

    try:
        yield invoke
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def event(name):
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def request(path, method, body, key):
    """As an HTTP API sends it, payload format 2.0."""
    made = event("http-api")
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    made["requestContext"]["http"]["method"] = method
    made["routeKey"] = made["requestContext"]["routeKey"] = f"{method} {path}"
    if key:
        made["headers"]["x-api-key"] = key
    made["body"] = None if body is None else json.dumps(body)
    return made


def run(clients, stack, url, key, directory, report, check):
    functions = clients["lambda"]
    given = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def bootstrap(name):
        variables = functions.get_function_configuration(FunctionName=f"{stack}-{name}").get("Environment", {}).get("Variables", {})
        return running(directory / name, variables | given)

    for name, (path, body) in HTTP.items():
        if name == "publish-event":
            body = {"event": "report.generated", "idempotencyKey": "rie", "data": report}
        with bootstrap(name) as invoke:
            answer = invoke(request(path, "POST" if body else "GET", body, None))
            refused = json.loads(answer["body"])
            problem = answer["headers"]["content-type"].startswith("application/problem+json")
            check(f"{name} refuses a stranger", answer["statusCode"] == 401 and refused["code"] == "unauthorized" and problem, answer)
            answer = invoke(request(path, "POST" if body else "GET", body, key))
            check(f"{name} answers", answer["statusCode"] in (200, 201), answer)
            check(f"{name} answers in JSON", isinstance(json.loads(answer["body"]), dict) and not answer["isBase64Encoded"], answer)

    with bootstrap("portal") as invoke:
        answer = invoke(request("/openapi.json", "GET", None, None))
        check("portal describes the API to anybody", "/api/endpoints" in json.loads(answer["body"])["paths"], answer["statusCode"])
        answer = invoke(request("/docs/explorer/scalar.js", "GET", None, None))
        packed = base64.b64decode(answer["body"])
        check("portal sends what is compressed as it is", answer["isBase64Encoded"] and b"Scalar" in gzip.decompress(packed), answer["headers"])
        check("and within what Lambda may answer with", len(answer["body"]) < 6_000_000, len(answer["body"]))

    for name in ("deliverer", "retry-worker"):
        with bootstrap(name) as invoke:
            answer = invoke(event("sqs"))
            check(f"{name} gives back what it can't read, and nothing else",
                  answer == {"batchItemFailures": [{"itemIdentifier": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78"}]}, answer)

    table = f"{stack}-events"
    items = clients["dynamodb"].scan(TableName=table)["Items"]
    batch = event("stream")
    template = batch["Records"].pop()
    for number, item in enumerate(items[:3]):
        record = json.loads(json.dumps(template))
        record["dynamodb"] |= {"Keys": {k: item[k] for k in ("pk", "sk")}, "NewImage": item, "SequenceNumber": str(100 + number)}
        batch["Records"].append(record)
    with bootstrap("dispatcher") as invoke:
        answer = invoke(batch)
        check("dispatcher takes what the stream brings again", answer == {"batchItemFailures": []}, answer)
        batch["Records"][1]["dynamodb"]["NewImage"] = {"pk": {"S": "x"}}
        answer = invoke(batch)
        check("dispatcher names the first record that it can't read", answer == {"batchItemFailures": [{"itemIdentifier": "101"}]}, answer)

    with bootstrap("sweeper") as invoke:
        check("sweeper runs by the schedule", invoke(event("schedule")) is None)

    with running(directory / "hello", given) as invoke:
        answer = invoke(request("/panic", "GET", None, None))
        check("a panic is answered", "asked for" in answer.get("errorMessage", ""), answer)
        answer = invoke(request("/", "GET", None, None))
        check("and the next request, too", answer["body"] == "Hello", answer)
