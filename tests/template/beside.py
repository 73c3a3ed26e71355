"""Holds the templates beside template.yaml against it and the code: infra/egress.yaml and infra/edge.yaml.

Each promise of theirs is a check, and each check is tried on a template that breaks the promise.

usage: beside.py
"""

import copy
import json
import sys

from choices import PARAMETERS
from code_facts import ROOT, constant
from evaluate import Deployment
from samcli.yamlhelper import yaml_parse

ANYWHERE = "0.0.0.0/0"
# Ports of endpoints, as docs/contract.md has them. AWS itself is on 443.
PORTS = {("tcp", 443, 443, ANYWHERE), ("tcp", 1024, 65535, ANYWHERE)}
# AWS's names: CachingDisabled, UseOriginCacheControlHeaders.
UNCACHED, AS_ORIGIN_SAYS = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "83da9c7e-98b4-4e11-a168-04f0df8e2c65"
# Errors that CloudFront keeps for ten seconds unless it is told otherwise.
KEPT_ERRORS = {404, 414, 500, 501, 502, 503, 504}
EDGE = "shared/inbound/src/http/edge.rs"


def of_kind(document, kind):
    return {name: one.get("Properties", {}) for name, one in document["Resources"].items() if one["Type"] == f"AWS::{kind}"}


def egress(document):
    """Every sentence that is wrong with infra/egress.yaml."""
    wanted = {name for name in PARAMETERS if name.startswith("Egress")}
    yield from (f"the outputs are no parameters of template.yaml: {name}" for name in document["Outputs"].keys() ^ wanted)
    (group,) = of_kind(document, "EC2::SecurityGroup").values()
    out = {(one["IpProtocol"], one["FromPort"], one["ToPort"], one["CidrIp"]) for one in group["SecurityGroupEgress"]}
    if out != PORTS or "SecurityGroupIngress" in group:
        yield f"the functions can reach {out}, or be reached"
    for name, one in document["Resources"].items():
        kept = (one.get("DeletionPolicy"), one.get("UpdateReplacePolicy"))
        if (one["Type"] == "AWS::EC2::EIP") != (kept == ("RetainExceptOnCreate", "Retain")):
            yield f"{name} goes with the stack and is in firewalls, or stays and is of no use"
    for gateways, addresses in ((1, "${AddressA.PublicIp}"), (2, "${AddressA.PublicIp},${AddressB.PublicIp}")):
        yield from way_out(document, gateways, addresses)


def way_out(document, gateways, addresses):
    """From each subnet of the functions through a NAT gateway with a fixed address that is told."""
    deployment = Deployment(document, NatGateways=gateways)
    holds = lambda one: "Condition" not in one or deployment.holds(one["Condition"])
    there = {name for name, one in document["Resources"].items() if holds(one)}
    told = deployment.value(document["Outputs"]["EgressAddresses"]["Value"])
    if told not in ({"Fn::Sub": addresses}, {"Fn::GetAtt": ["AddressA", "PublicIp"]} if gateways == 1 else None):
        yield f"with {gateways} gateways subscribers are told {told}"
    associations = of_kind(document, "EC2::SubnetRouteTableAssociation").values()
    tables = {one["SubnetId"]["Ref"]: one["RouteTableId"] for one in associations}
    routes = {one["RouteTableId"]["Ref"]: one for one in map(deployment.value, of_kind(document, "EC2::Route").values())}
    endpoint = of_kind(document, "EC2::VPCEndpoint")["DynamoDbEndpoint"]["RouteTableIds"]
    for subnet in document["Outputs"]["EgressSubnetIds"]["Value"]["Fn::Sub"].split(","):
        table = tables[subnet.strip("${}")]
        nat = routes[table["Ref"]].get("NatGatewayId", {}).get("Ref")
        if nat not in there or routes[table["Ref"]]["DestinationCidrBlock"] != ANYWHERE:
            yield f"with {gateways} gateways {subnet} has no way out through one"
        elif document["Resources"][nat]["Properties"]["AllocationId"]["Fn::GetAtt"][0] not in there:
            yield f"with {gateways} gateways {nat} has no address"
        if table not in endpoint:
            yield f"from {subnet} DynamoDB is reached through the NAT gateway, which costs"


def edge(document):
    """Every sentence that is wrong with infra/edge.yaml."""
    config = of_kind(document, "CloudFront::Distribution")["Distribution"]["DistributionConfig"]
    (origin,) = config["Origins"]
    header = constant(EDGE, r'const SECRET: &str = "([^"]+)"')
    (sent,) = origin["OriginCustomHeaders"]
    if (sent["HeaderName"].lower(), sent["HeaderValue"]) != (header, {"Ref": "OriginSecret"}):
        yield f"CloudFront is known by {sent}, the code looks at {header}"
    secret = document["Parameters"]["OriginSecret"]
    if secret.get("NoEcho") is not True or secret["MinLength"] < 32:
        yield "the secret is shown, or can be guessed"
    custom = origin["CustomOriginConfig"]
    if (custom["OriginProtocolPolicy"], custom["OriginSSLProtocols"]) != ("https-only", ["TLSv1.2"]):
        yield "the API is called without TLS 1.2"
    if config["ViewerCertificate"]["MinimumProtocolVersion"] != "TLSv1.2_2021":
        yield "callers come without TLS 1.2"
    if config["WebACLId"] != {"Fn::GetAtt": ["WebAcl", "Arn"]}:
        yield "callers come without WAF"
    policy = of_kind(document, "CloudFront::OriginRequestPolicy")["OriginRequests"]["OriginRequestPolicyConfig"]
    viewer = constant(EDGE, r'const VIEWER: &str = "([^"]+)"')
    if [name.lower() for name in policy["HeadersConfig"]["Headers"]] != [viewer]:
        yield f"the code looks for the caller in {viewer}"
    # Without Host API Gateway does not know which API is meant.
    if policy["HeadersConfig"]["HeaderBehavior"] != "allViewerAndWhitelistCloudFront":
        yield "headers of callers don't arrive"
    yield from caching(config)
    yield from rules(document)


def caching(config):
    default = config["DefaultCacheBehavior"]
    if default["CachePolicyId"] != UNCACHED or default["ViewerProtocolPolicy"] != "https-only":
        yield "answers of the API are kept, or keys are sent in the clear"
    if "DELETE" not in default["AllowedMethods"]:
        yield "calls of the API are refused"
    for behavior in config["CacheBehaviors"]:
        if behavior["CachePolicyId"] != AS_ORIGIN_SAYS or not behavior["PathPattern"].startswith(("/console/", "/docs")):
            yield f"{behavior['PathPattern']} is kept otherwise than its headers say"
    if not all(one["OriginRequestPolicyId"] == {"Ref": "OriginRequests"} for one in (default, *config["CacheBehaviors"])):
        yield "headers of callers don't arrive everywhere"
    never = {one["ErrorCode"] for one in config["CustomErrorResponses"] if one["ErrorCachingMinTTL"] == 0}
    if not never >= KEPT_ERRORS:
        yield f"errors are kept for ten seconds: {KEPT_ERRORS - never}"


def rules(document):
    acl = of_kind(document, "WAFv2::WebACL")["WebAcl"]
    code = constant("shared/inbound/src/problem/code.rs", r'RateLimitExceeded = "(\w+)"')
    problem = json.loads(acl["CustomResponseBodies"]["TooMany"]["Content"])
    if (problem["status"], problem["code"]) != (429, code) or acl["DefaultAction"] != {"Allow": {}}:
        yield "who sends too much is told otherwise than by the functions, or all are refused"
    first = min(acl["Rules"], key=lambda rule: rule["Priority"])
    if first["Statement"].get("RateBasedStatement", {}).get("AggregateKeyType") != "IP" or "Block" not in first["Action"]:
        yield "an address may send as much as it likes"
    # They show headers, and keys are headers.
    if any(one["VisibilityConfig"]["SampledRequestsEnabled"] for one in (acl, *acl["Rules"])):
        yield "sampled requests show keys"
    (logging,) = of_kind(document, "WAFv2::LoggingConfiguration").values()
    if logging["RedactedFields"] != [{"SingleHeader": {"Name": "x-api-key"}}]:
        yield "the log shows keys"
    for rule in acl["Rules"]:
        group = rule["Statement"].get("ManagedRuleGroupStatement")
        if group is None:
            continue
        counted = {one["Name"] for one in group.get("RuleActionOverrides", []) if one["ActionToUse"] == {"Count": {}}}
        # Those that AWS describes for these groups. A body that WAF refuses never gets to the functions.
        bodies = {
            "AWSManagedRulesAmazonIpReputationList": set(),
            "AWSManagedRulesCommonRuleSet": {
                "SizeRestrictions_BODY",
                "EC2MetaDataSSRF_BODY",
                "GenericLFI_BODY",
                "GenericRFI_BODY",
                "CrossSiteScripting_BODY",
            },
            "AWSManagedRulesKnownBadInputsRuleSet": {"JavaDeserializationRCE_BODY", "Log4JRCE_BODY"},
        }[group["Name"]]
        if not counted >= bodies:
            yield f"{rule['Name']} refuses bodies: {bodies - counted}"
        if rule["OverrideAction"] != {"Fn::If": ["Blocks", {"None": {}}, {"Count": {}}]}:
            yield f"{rule['Name']} refuses without being asked to, or never does"


def replaced(*path):
    """A change that puts the last of `path` where the others lead."""

    def change(document):
        *steps, last, value = path
        part = document
        for step in steps:
            part = part[step]
        part[last] = value

    return change


EGRESS, RESOURCES = "infra/egress.yaml", "Resources"
DISTRIBUTION = (RESOURCES, "Distribution", "Properties", "DistributionConfig")
FORWARDED = (RESOURCES, "OriginRequests", "Properties", "OriginRequestPolicyConfig", "HeadersConfig")
ACL = (RESOURCES, "WebAcl", "Properties")
BREAKS = {
    EGRESS: [
        replaced("Outputs", "More", {}),
        replaced(RESOURCES, "SecurityGroup", "Properties", "SecurityGroupIngress", []),
        replaced(RESOURCES, "SecurityGroup", "Properties", "SecurityGroupEgress", 0, "FromPort", 22),
        replaced(RESOURCES, "AddressA", "DeletionPolicy", "Delete"),
        replaced(RESOURCES, "AddressB", "UpdateReplacePolicy", "Delete"),
        replaced(RESOURCES, "PrivateRouteB", "Properties", "NatGatewayId", {"Ref": "NatGatewayB"}),
        replaced(RESOURCES, "PrivateRouteA", "Properties", {"RouteTableId": {"Ref": "PrivateRoutesA"}, "GatewayId": "igw"}),
        replaced(RESOURCES, "PrivateSubnetRoutesB", "Properties", "RouteTableId", {"Ref": "PublicRoutes"}),
        replaced(RESOURCES, "DynamoDbEndpoint", "Properties", "RouteTableIds", [{"Ref": "PrivateRoutesA"}]),
        replaced("Outputs", "EgressAddresses", "Value", {"Fn::GetAtt": ["AddressA", "PublicIp"]}),
        replaced(RESOURCES, "NatGatewayA", "Properties", "AllocationId", {"Fn::GetAtt": ["AddressB", "AllocationId"]}),
    ],
    "infra/edge.yaml": [
        replaced(*DISTRIBUTION, "Origins", 0, "OriginCustomHeaders", 0, "HeaderName", "X-Secret"),
        replaced(*DISTRIBUTION, "Origins", 0, "CustomOriginConfig", "OriginProtocolPolicy", "match-viewer"),
        replaced(*DISTRIBUTION, "ViewerCertificate", "MinimumProtocolVersion", "TLSv1"),
        replaced(*DISTRIBUTION, "WebACLId", ""),
        replaced(*DISTRIBUTION, "DefaultCacheBehavior", "CachePolicyId", AS_ORIGIN_SAYS),
        replaced(*DISTRIBUTION, "DefaultCacheBehavior", "ViewerProtocolPolicy", "redirect-to-https"),
        replaced(*DISTRIBUTION, "DefaultCacheBehavior", "AllowedMethods", ["GET", "HEAD"]),
        replaced(*DISTRIBUTION, "CacheBehaviors", 0, "PathPattern", "/api/*"),
        replaced(*DISTRIBUTION, "CacheBehaviors", 1, "OriginRequestPolicyId", "x"),
        replaced(*DISTRIBUTION, "CustomErrorResponses", 2, "ErrorCachingMinTTL", 10),
        replaced("Parameters", "OriginSecret", "NoEcho", False),
        replaced(*FORWARDED, "HeaderBehavior", "whitelist"),
        replaced(*FORWARDED, "Headers", []),
        replaced(*ACL, "DefaultAction", {"Block": {}}),
        replaced(*ACL, "Rules", 0, "Action", {"Count": {}}),
        replaced(*ACL, "Rules", 1, "VisibilityConfig", "SampledRequestsEnabled", True),
        replaced(*ACL, "Rules", 2, "Statement", "ManagedRuleGroupStatement", "RuleActionOverrides", []),
        replaced(*ACL, "Rules", 3, "OverrideAction", {"None": {}}),
        replaced(RESOURCES, "WafLogging", "Properties", "RedactedFields", []),
    ],
}
CHECKS = {EGRESS: egress, "infra/edge.yaml": edge}


def sentences(check, document):
    """What a check says; a template that it can't even read is wrong, too."""
    try:
        yield from check(document)
    except (AttributeError, LookupError, TypeError, ValueError) as broken:
        yield f"this can't be right: {broken!r}"


def main():
    failed = False
    for path, check in CHECKS.items():
        document = yaml_parse((ROOT / path).read_text(encoding="utf-8"))
        for sentence in sentences(check, document):
            print(f"{path}: {sentence}", file=sys.stderr)
            failed = True
        for number, change in enumerate(BREAKS[path]):
            broken = copy.deepcopy(document)
            change(broken)
            if next(sentences(check, broken), None) is None:
                print(f"the check does not see break {number} of {path}", file=sys.stderr)
                failed = True
        print(f"{path}: {len(BREAKS[path])} breaks")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
