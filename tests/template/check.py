"""Holds template.yaml against the code.

What the code does is not written down here: the end-to-end tests note what each function asks of AWS and reads of its
environment, and which routes, tables and queues there are (USAGE_FILE). All of it has to be in the template, and nothing
more. Then the template is broken in every place, and each break has to be found.

usage: check.py <template.yaml> <usage file>
"""

import os
import sys

import access
import care
import mutations
import shape
import wiring
from code_facts import Code, Template
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


def check(template, code):
    """Every sentence that is wrong with the template's resources."""
    yield from shape.check_shape(template)
    yield from access.check_roles(template, code)
    yield from access.check_tracing(template)
    yield from access.check_keys(template)
    yield from access.check_invocations(template, code)
    yield from wiring.check_variables(template, code)
    yield from wiring.check_routes(template, code)
    yield from wiring.check_stage(template)
    yield from wiring.check_tables(template, code)
    yield from wiring.check_queues(template, code)
    yield from wiring.check_sources(template)
    yield from care.check_functions(template, code)
    yield from care.check_logs(template)
    yield from care.check_alarms(template, code)
    yield from care.check_dashboard(template, code)
    yield from care.check_topic(template)


def sentences(document, code, *checks):
    """What the checks say; a template that they can't even read is wrong, too."""
    try:
        for one in checks:
            yield from one(Template(document), code)
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as broken:
        yield f"this can't be right: {broken!r}"


def translated(path):
    """The template as CloudFormation gets it."""
    with open(path, encoding="utf-8") as file:
        document = yaml_parse(file.read())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://packaged/later"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(document, {}, None)


def main(path, usage):
    document = translated(path)
    with open(usage, encoding="utf-8") as file:
        code = Code(file)
    assert len(code.calls) > 10 and code.routes and len(code.figures) == 4, "the usage file is of no whole test run"
    wrong = sorted(sentences(document, code, check, care.check_parameters))
    for sentence in wrong:
        print(f"template.yaml: {sentence}", file=sys.stderr)
    count, unseen = 0, []
    for what in mutations.of_resources(document):
        count += 1
        if next(sentences(document, code, check), None) is None:
            unseen.append(what)
    for what, other in mutations.of_parameters(document):
        count += 1
        if next(sentences(other, code, care.check_parameters, check), None) is None:
            unseen.append(what)
    for what in unseen:
        print(f"the check does not see it: {what}", file=sys.stderr)
    print(
        f"{len(Template(document).functions())} functions, {sum(len(calls) for calls in code.calls.values())} permissions, "
        f"{len(code.routes)} routes, {len(code.tables)} tables; "
        f"{count} mutations, {len(unseen)} of them not seen"
    )
    return 1 if wrong or unseen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
