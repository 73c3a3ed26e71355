"""template.yaml for services on this machine: without its API, which few of them have, and with endpoints on loopback allowed.

`cargo run -- --lambdas URL` is the API of what is deployed so. What refers to the API (its alarms, the dashboard, outputs)
goes with it.

usage: without_api.py TEMPLATE > DERIVED     the template as `sam build` leaves it, or as it is
"""

import json
import pathlib
import re
import sys

from samtranslator.yaml_helper import yaml_parse

# Those that open connections to endpoints, or check their addresses.
TO_ENDPOINTS = {"manage-endpoints", "deliverer", "retry-worker"}
API_TYPES = ("AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::")


def read(path):
    return yaml_parse(pathlib.Path(path).read_text(encoding="utf-8"))


def functions(document):
    """The functions of the template, by the names of their packages."""
    return {
        resource["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): resource
        for resource in document["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def allow_loopback(document):
    """Lets endpoints lie on this machine, by a variable that the template never sets."""
    for name, function in functions(document).items():
        if name in TO_ENDPOINTS:
            function["Properties"]["Environment"]["Variables"]["ALLOW_PRIVATE_ENDPOINTS"] = "true"


def references(node):
    """The names that a part of the template refers to."""
    if isinstance(node, list):
        for part in node:
            yield from references(part)
    elif isinstance(node, dict):
        for key, value in node.items():
            match key, value:
                case (("Ref" | "DependsOn"), str()):
                    yield value
                case "DependsOn", list():
                    yield from value
                case "Fn::GetAtt", list():
                    yield value[0]
                case "Fn::GetAtt", str():
                    yield value.split(".")[0]
                case _:
                    yield from references(value)
    elif isinstance(node, str):
        yield from (name.split(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", node))


def without_api(document):
    resources = document["Resources"]
    for function in functions(document).values():
        events = function["Properties"].get("Events", {})
        kept = {name: event for name, event in events.items() if event["Type"] != "HttpApi"}
        function["Properties"]["Events"] = kept
    gone = {name for name, resource in resources.items() if resource["Type"].startswith(API_TYPES)}
    # What SAM makes of the API has a name that begins with the API's.
    is_gone = lambda name: name in gone or any(name.startswith(one + "ApiGateway") for one in gone)
    while more := {name for name, resource in resources.items() if any(map(is_gone, references(resource)))} - gone:
        gone |= more
    if lost := [name for name in gone if resources[name]["Type"] == "AWS::Serverless::Function"]:
        raise SystemExit(f"without the API there would be no {lost}, since they refer to it")
    document["Resources"] = {name: resource for name, resource in resources.items() if name not in gone}
    document["Outputs"] = {
        name: output for name, output in document["Outputs"].items() if not any(map(is_gone, references(output)))
    }
    allow_loopback(document)
    return document


if __name__ == "__main__":
    json.dump(without_api(read(sys.argv[1])), sys.stdout)
