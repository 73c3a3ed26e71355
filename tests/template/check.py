"""Holds template.yaml against the code.

What the code does is not written down here: the end-to-end tests note what each function asks of AWS and reads of its
environment, and which routes, tables and queues there are (USAGE_FILE). All of it has to be in the template, and nothing
more. Then the template is broken in every place, and each break has to be found.

usage: check.py <template.yaml> <usage file>
"""

import os
import re
import sys

import access
import alarms
import care
import choices
import mutations
import shape
import wiring
from code_facts import ROOT, Code, Template
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# Other values than the defaults.
OTHERS = {"Stage": "staging", "CorsOrigins": "https://one.example,https://two.example", "RequestsPerSecond": 7}


def check(template, code):
    """Every sentence that is wrong with the template."""
    yield from shape.check_shape(template)
    yield from access.check_roles(template, code)
    yield from access.check_tracing(template)
    yield from access.check_egress(template)
    yield from access.check_keys(template)
    yield from access.check_invocations(template, code)
    yield from wiring.check_variables(template, code)
    yield from wiring.check_routes(template, code)
    yield from wiring.check_stage(template, code)
    yield from wiring.check_tables(template, code)
    yield from wiring.check_queues(template, code)
    yield from wiring.check_sources(template)
    yield from care.check_functions(template, code)
    yield from care.check_logs(template)
    yield from care.check_topic(template)
    yield from alarms.check_alarms(template, code)
    yield from alarms.check_dashboard(template, code)
    yield from choices.check(template, code)
    yield from shape.check_functions(template.document)


def sentences(document, code, given=None):
    """What the check says; a template that it can't even read is wrong, too."""
    try:
        yield from check(Template(document, given or {}), code)
    except (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError, re.error) as broken:
        yield f"this can't be right: {broken!r}"


def translated(path, given=None):
    """The template as CloudFormation gets it."""
    with open(path, encoding="utf-8") as file:
        document = yaml_parse(file.read())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://packaged/{resource['Properties']['CodeUri']}"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(document, given or {}, None)


def main(path, usage):
    document = translated(path)
    with open(usage, encoding="utf-8") as file:
        code = Code(file)
    assert len(code.calls) > 10 and code.routes and len(code.figures) == 4, "the usage file is of no whole test run"
    # SAM fills in some parameters by itself: with other values nothing else may change.
    wrong = {sentence for given in ({}, OTHERS) for sentence in sentences(translated(path, given), code, given)}
    count, unseen = 0, []
    for what in mutations.of_document(document):
        count += 1
        if next(sentences(document, code), None) is None:
            unseen.append(what)
    config = choices.presets(ROOT / "infra/samconfig.toml")
    wrong |= set(choices.check_presets(config))
    for what in mutations.of_config(config):
        count += 1
        if next(choices.check_presets(config), None) is None:
            unseen.append(what)
    for sentence in sorted(wrong):
        print(f"template.yaml: {sentence}", file=sys.stderr)
    for what in unseen:
        print(f"the check does not see it: {what}", file=sys.stderr)
    print(
        f"{len(Template(document, {}).functions())} functions, {sum(len(calls) for calls in code.calls.values())} permissions, "
        f"{len(code.routes)} routes, {len(code.tables)} tables; "
        f"{count} mutations, {len(unseen)} of them not seen"
    )
    return 1 if wrong or unseen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
