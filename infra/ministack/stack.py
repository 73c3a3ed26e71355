"""A ministack with template.yaml deployed to it. Its data is gone when it ends.

usage: stack.py <directory of the bootstraps> <port>     with infra/ in PYTHONPATH
"""

import contextlib
import http.client
import io
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile

import boto3
import without_api
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "workskedge-webhooks"
BUCKET = "packages"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
# Of the SDKs that the functions and the operator's tool call with.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}
PATIENCE = 90


def wait_for(condition):
    """The first true answer of `condition`; `None` when there is none in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    return None


@contextlib.contextmanager
def ministack(port):
    """A ministack on this port of 127.0.0.1, which ends with the bootstraps that it has started. Gives its URL."""
    with socket.socket() as wanted:
        wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            wanted.bind(("127.0.0.1", port))
        except OSError as error:
            raise SystemExit(f"port {port} on 127.0.0.1 can't be used: {error.strerror}") from error
        port = wanted.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", open(ROOT / "target/ministack.log", "w", encoding="utf-8")
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "LAMBDA_EXECUTOR": "local", "AWS_ENDPOINT_URL": url}
    with tempfile.TemporaryDirectory() as scratch:
        process = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "ministack"],
            env=os.environ | own,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=scratch,
        )

        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                connection.request("GET", "/_ministack/health")
                return connection.getresponse().status < 500

        try:
            if not wait_for(lambda: process.poll() is not None or answers()) or process.poll() is not None:
                raise SystemExit("ministack does not answer; its log is target/ministack.log")
            yield url
        finally:
            # With the bootstraps that it has started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def clients(url):
    names = ("cloudformation", "dynamodb", "lambda", "s3", "sns", "sqs")
    return {name: boto3.client(name, endpoint_url=url, **CREDENTIALS) for name in names}


def adapted(document):
    """The template with the packages in ministack's S3, as CloudFormation takes it, without what ministack refuses."""
    for name, function in without_api.functions(document).items():
        function["Properties"]["CodeUri"] = f"s3://{BUCKET}/{name}.zip"
    document = transform(document, {}, None)
    # Alarms over sums and rates of several metrics.
    is_math = lambda resource: resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    document["Resources"] = {name: one for name, one in document["Resources"].items() if not is_math(one)}
    return document


def package(directory, s3):
    s3.create_bucket(Bucket=BUCKET)
    for name in sorted(path.name for path in (ROOT / "functions").iterdir() if (path / "Cargo.toml").exists()):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            bootstrap = zipfile.ZipInfo("bootstrap")
            bootstrap.external_attr = 0o755 << 16
            file.writestr(bootstrap, (directory / name).read_bytes(), compresslevel=1)
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=archive.getvalue())


def deploy(url, aws, document, stack, parameters):
    """Deploys a template that was adapted; the packages are there."""
    aws["s3"].put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(document).encode())
    cloudformation = aws["cloudformation"]
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{url}/{BUCKET}/template.json",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    status = lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    wait_for(lambda: not status().endswith("IN_PROGRESS"))
    if status() != "CREATE_COMPLETE":
        for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        raise SystemExit(f"the stack was not deployed: {status()}")


def admin(url, stack, *arguments):
    """The operator's tool, as a person would call it."""
    command = [ROOT / "target/debug/workskedge-admin", "--stack", stack, "--endpoint-url", url, "--json", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main(directory, port):
    os.environ |= ENVIRONMENT
    for end in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(end, lambda *_: sys.exit(1))
    with ministack(int(port)) as url:
        aws = clients(url)
        print("Packing and deploying the functions ...", flush=True)
        package(ROOT / directory, aws["s3"])
        document = adapted(without_api.without_api(without_api.read(ROOT / "template.yaml")))
        deploy(url, aws, document, STACK, {"Stage": "local", "Architecture": ARCHITECTURE})
        made = admin(url, STACK, "accounts", "create", "--name", "My company", "--environment", "local")
        print(f"""
{STACK} is deployed to {url}, until Ctrl-C. Its first API key:

  {made["key"]["key"]}

The API and the console, in a second terminal:

  cargo run -- --lambdas {url}
""")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
