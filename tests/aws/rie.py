"""Every bootstrap under AWS's own runtime interface emulator, with the environment that the template gives it and events as
API Gateway, SQS, the stream and the schedule send them."""

import base64
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import platform
import socket
import subprocess
import tempfile
import time

EVENTS = pathlib.Path(__file__).parent / "events"
HTTP = {
    "create-workorder": ("/api/webhook/workorder", {"workOrderNumber": "RIE-1", "title": "Install"}),
    "create-project": ("/api/webhook/project", {"projectNumber": "RIE-1", "name": "Tower"}),
    "create-employee": (
        "/api/webhook/employee",
        {"employeeNumber": "RIE-1", "firstName": "A", "lastName": "B", "role": "foreman"},
    ),
    "create-vendor": ("/api/webhook/vendor", {"vendorNumber": "RIE-1", "name": "Gravel", "vendorType": "supplier"}),
    "request-timeoff": (
        "/api/webhook/timeoff",
        {"requestNumber": "RIE-1", "employeeNumber": "E-1", "type": "sick", "startDate": "2031-01-07", "endDate": "2031-01-08"},
    ),
    "publish-event": ("/api/events", None),
    "manage-endpoints": ("/api/endpoints", {"url": "http://127.0.0.1:9/", "events": ["*"]}),
    "manage-deliveries": ("/api/deliveries", None),
    "manage-keys": ("/api/keys", {"name": "rie", "scopes": ["inbound"]}),
}


def emulator():
    """It comes with the SAM CLI, which is in a place of its own."""
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    (found,) = pathlib.Path("target").glob(f"sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}")
    found.chmod(0o755)
    return found


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Running:
    """A bootstrap under the emulator."""

    def __init__(self, bootstrap, environment):
        self.name, self.port, self.log = bootstrap.name, free_port(), tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [
                emulator(),
                "--runtime-interface-emulator-address",
                f"127.0.0.1:{self.port}",
                "--runtime-api-address",
                f"127.0.0.1:{free_port()}",
                bootstrap,
            ],
            env={
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_FUNCTION_NAME": self.name,
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
                **environment,
            },
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def __call__(self, event):
        """What the bootstrap answers."""
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=70)
                connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
                return json.loads(connection.getresponse().read() or b"null")
            time.sleep(0.1)
        raise SystemExit(f"FAILED: the emulator of {self.name} does not listen")

    def lines(self):
        """The lines of its log that are JSON."""
        self.log.seek(0)
        for line in self.log.read().decode().splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)

    def peak(self):
        """The most memory that the bootstrap had, in MB."""
        pid = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        pids = [str(self.process.pid), *pid]
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            pids += (task / "children").read_text(encoding="ascii").split()
        for pid in pids:
            if pathlib.Path(f"/proc/{pid}/exe").resolve().name == self.name:
                status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                return int(status.split("VmHWM:")[1].split()[0]) / 1024
        return float("nan")


def event(name):
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def request(path, method, body=None, key=None, query="", **more):
    """As an HTTP API sends it, payload format 2.0."""
    made = event("http-api") | more
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    made["requestContext"]["http"]["method"] = method
    made["routeKey"] = made["requestContext"]["routeKey"] = f"{method} {path}"
    made["rawQueryString"] = query
    if query:
        made["queryStringParameters"] = dict(pair.split("=") for pair in query.split("&"))
    if key:
        made["headers"]["x-api-key"] = key
    made["body"] = None if body is None else json.dumps(body)
    if made["isBase64Encoded"]:
        made["body"] = base64.b64encode(made["body"].encode()).decode()
    return made


def run(clients, stack, url, key, directory, report, check):
    functions, peaks = clients["lambda"], {}
    given = {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
    }

    @contextlib.contextmanager
    def bootstrap(name):
        variables = (
            functions.get_function_configuration(FunctionName=f"{stack}-{name}").get("Environment", {}).get("Variables", {})
        )
        with Running(directory / name, variables | given) as invoke:
            yield invoke
            answer = invoke({"neither": "nor"})
            if name != "sweeper":
                check(f"{name} refuses what is no event of its kind, and lives", "errorMessage" in answer, answer)
            peaks[name] = invoke.peak()

    for name, (path, body) in HTTP.items():
        if name == "publish-event":
            body = {"event": "report.generated", "idempotencyKey": "rie", "data": report}
        method = "POST" if body else "GET"
        with bootstrap(name) as invoke:
            answer = invoke(request(path, method, body))
            refused = json.loads(answer["body"])
            problem = answer["headers"]["content-type"].startswith("application/problem+json")
            check(
                f"{name} refuses a stranger",
                answer["statusCode"] == 401 and refused["code"] == "unauthorized" and problem,
                answer,
            )
            # What clients and API Gateway may do to a request: cookies, and a body that is passed on as base64.
            answer = invoke(request(path, method, body, key, cookies=["session=1", "theme=dark"], isBase64Encoded=bool(body)))
            check(f"{name} answers", answer["statusCode"] in (200, 201), answer)
            check(
                f"{name} answers in JSON",
                isinstance(json.loads(answer["body"]), dict) and not answer["isBase64Encoded"],
                answer,
            )
            odd = request(path, method, body, key)
            odd["headers"]["x-forwarded-proto"] = "https,http"
            answer = invoke(odd)
            check(f"{name} reads what proxies add as lists", answer.get("statusCode") in (200, 201), answer)
            odd["headers"]["host"] = "a b"
            answer = invoke(odd)
            check(f"{name} refuses a host that is none", answer.get("statusCode") == 400 and "Host" in answer["body"], answer)
            if method == "GET":
                answer = invoke(request(path, method, None, key, "limit=1"))
                check(
                    f"{name} reads the query",
                    len(json.loads(answer["body"])["data"]) <= 1 and answer["statusCode"] == 200,
                    answer,
                )
                answer = invoke(request(path, method, None, key, "limit=many"))
                check(f"{name} refuses a query that it can not read", answer["statusCode"] in (400, 422), answer)
            # The access log has this id as functionRequestId.
            found = [line for line in invoke.lines() if "requestId" in line.get("span", {}) and "request_id" in line["fields"]]
            check(f"{name} logs the invocation beside the request", len(found) >= 2, list(invoke.lines()))

    with bootstrap("portal") as invoke:
        answer = invoke(request("/openapi.json", "GET"))
        check(
            "portal describes the API to anybody", "/api/endpoints" in json.loads(answer["body"])["paths"], answer["statusCode"]
        )
        answer = invoke(request("/docs/explorer/scalar.js", "GET"))
        packed = base64.b64decode(answer["body"])
        check(
            "portal sends what is compressed as it is",
            answer["isBase64Encoded"] and b"Scalar" in gzip.decompress(packed),
            answer["headers"],
        )
        check("and within what Lambda may answer with", len(answer["body"]) < 6_000_000, len(answer["body"]))

    for name in ("deliverer", "retry-worker", "slow-worker"):
        with bootstrap(name) as invoke:
            answer = invoke(event("sqs"))
            check(
                f"{name} gives back what it can't read, and nothing else",
                answer == {"batchItemFailures": [{"itemIdentifier": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78"}]},
                answer,
            )

    table = f"{stack}-events"
    items = clients["dynamodb"].scan(TableName=table)["Items"]
    batch = event("stream")
    template = batch["Records"].pop()
    for number, item in enumerate(items[:3]):
        record = json.loads(json.dumps(template))
        record["dynamodb"] |= {
            "Keys": {k: item[k] for k in ("pk", "sk")},
            "NewImage": item,
            "SequenceNumber": str(100 + number),
        }
        batch["Records"].append(record)
    with bootstrap("dispatcher") as invoke:
        answer = invoke(batch)
        check("dispatcher takes what the stream brings again", answer == {"batchItemFailures": []}, answer)
        batch["Records"][1]["dynamodb"]["NewImage"] = {"pk": {"S": "x"}}
        answer = invoke(batch)
        check(
            "dispatcher names the first record that it can't read",
            answer == {"batchItemFailures": [{"itemIdentifier": "101"}]},
            answer,
        )

    with bootstrap("sweeper") as invoke:
        check("sweeper runs by the schedule", invoke(event("schedule")) is None)

    # The functions have no way to a panic that would be known; this one has, and is built with the same profile.
    with Running(directory / "hello", given) as invoke:
        answer = invoke(request("/panic", "GET"))
        check("a panic is answered", "asked for" in answer.get("errorMessage", ""), answer)
        answer = invoke(request("/", "GET"))
        check("and the next request, too", answer["body"] == "Hello", answer)
    print("peak memory in MB: " + ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items()))
