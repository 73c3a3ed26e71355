"""What the code does: as the end-to-end tests noted it, and as its constants say."""

import collections
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def constant(path, pattern):
    """The first number or text that `pattern` finds in a source file."""
    found = re.search(pattern, (ROOT / path).read_text(encoding="utf-8"))
    assert found, f"{path} has no {pattern}"
    return int(found[1].replace("_", "")) if found[1].replace("_", "").isdigit() else found[1]


class Code:
    """The facts of a usage file, and constants of the sources."""

    def __init__(self, lines):
        self.calls = collections.defaultdict(set)
        self.variables = collections.defaultdict(set)
        self.routes, self.tables, self.indexes, self.queues = set(), {}, set(), {}
        for line in lines:
            match line.split():
                case ["route", method, path, function]:
                    self.routes.add((method, path, function))
                case ["route", "$default", function]:
                    self.routes.add(("ANY", "$default", function))
                case ["table", name, variable, keys, ttl, stream]:
                    self.tables[name] = (variable, keys, ttl, stream)
                case ["index", table, name, partition, sort, kind]:
                    self.indexes.add((table, name, partition, sort, kind))
                case ["queue", name, dead, variable, visibility, receives]:
                    self.queues[name] = (dead, variable, int(visibility), int(receives))
                case [function, "reads", variable]:
                    self.variables[function].add(variable)
                case [function, action, resource]:
                    self.calls[function].add((action, resource))
        self.read_sources()

    def read_sources(self):
        # In seconds.
        self.call = constant("shared/store/src/aws.rs", r"OPERATION_TIMEOUT: Duration = Duration::from_secs\((\d+)\)")
        self.attempt = constant("shared/outbound/src/deliverer.rs", r"const TIMEOUT: Duration = Duration::from_secs\((\d+)\)")
        health = "shared/domain/src/endpoint/health.rs"
        self.slow_after = constant(health, r"SLOW_AFTER: Duration = Duration::from_secs\((\d+)\)")
        limiter = "shared/outbound/src/deliverer/endpoint_limiter.rs"
        self.turn = constant(limiter, r"PATIENCE: Duration = Duration::from_secs\((\d+)\)")
        near = r"NEAR_FOR_A_PERSON: SignedDuration = SignedDuration::from_secs\((\d+)\)"
        self.near = constant("shared/domain/src/pace.rs", near)
        self.test_send = constant(
            "functions/manage-endpoints/src/test_send.rs", r"const TIMEOUT: Duration = Duration::from_secs\((\d+)\)"
        )
        self.settled = constant(
            "functions/manage-deliveries/src/feed.rs", r"SETTLED: SignedDuration = SignedDuration::from_secs\((\d+)\)"
        )
        self.longest_hop = constant("shared/domain/src/schedule.rs", r"LONGEST_HOP_SECONDS: u32 = ([\d_]+)")
        self.longest_wait = constant("shared/domain/src/schedule.rs", r"LONGEST_WAIT_SECONDS: u32 = ([\d_]+)")
        self.most_waits = constant("shared/domain/src/schedule.rs", r"MOST_WAITS: usize = (\d+)")
        # The defaults of variables, which the parameters repeat.
        schedule = constant("shared/domain/src/schedule.rs", r"fn default\(\) -> Self \{\s*Self\(vec!\[([\d_, ]+)\]\)")
        self.schedule = schedule.replace("_", "").replace(" ", "")
        self.most_endpoints = constant("functions/manage-endpoints/src/lib.rs", r'"MAX_ENDPOINTS_PER_ACCOUNT", (\d+)\)')
        tables = "shared/store/src/tables.rs"
        self.event_days = constant(tables, r"EVENT_RETENTION_DAYS: i64 = (\d+)")
        self.alert_days = constant(tables, r"ALERT_RETENTION_DAYS: i64 = (\d+)")
        self.least_days = constant(tables, r"RETENTION_DAYS: RangeInclusive<i64> = (\d+)")
        self.most_days = constant(tables, r"RETENTION_DAYS: RangeInclusive<i64> = \d+\.\.=(\d+)")
        self.docs = constant("shared/outbound/src/sender.rs", r'optional\("DOCS_URL"\)\.unwrap_or_else\(\|\| "([^"]+)"')
        self.last_use = constant("shared/store/src/api_keys.rs", r'update_expression\("SET (lastUsedAt) = :now"\)')
        figures = (ROOT / "shared/outbound/src/metrics.rs").read_text(encoding="utf-8")
        self.figures = set(re.findall(r'"(\w+)": batch\.', figures))

    def http(self):
        """The functions behind the API."""
        return {function for _, _, function in self.routes}


def listed(value):
    return value if isinstance(value, list) else [value]


class Template:
    """The template as CloudFormation gets it: translated, with parameters that SAM has filled in, and its resources by what the
    code calls them."""

    KEYS = {"SealKey": "seal", "MacKey": "mac"}

    def __init__(self, document, given):
        self.document, self.given = document, given
        self.parameters, self.resources = document["Parameters"], document["Resources"]

    def of_type(self, kind):
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind}

    def functions(self):
        """Logical name and properties of each function, by the name of its package."""
        return {self.name(logical): (logical, p) for logical, p in self.of_type("AWS::Lambda::Function").items()}

    def name(self, logical):
        """`ApiKeysTable` -> `api-keys`: what the code calls it."""
        properties = self.resources[logical].get("Properties", {})
        for key in ("TableName", "QueueName", "FunctionName", "TopicName"):
            if key in properties:
                name = properties[key]["Fn::Sub"]
                # Two stacks in one account must not meet.
                assert name.startswith("${AWS::StackName}-"), f"{logical} is called {name}"
                return name.removeprefix("${AWS::StackName}-")
        return self.KEYS.get(logical, logical)

    def resource(self, value):
        """A resource that is referred to, as the usage file has it."""
        match value:
            case {"Ref": logical}:
                return self.name(logical)
            case {"Fn::GetAtt": [logical, "StreamArn"]}:
                return self.name(logical) + "/stream"
            case {"Fn::GetAtt": [logical, "Arn" | "QueueName"]}:
                return self.name(logical)
            case {"Fn::Sub": text}:
                logical, rest = re.fullmatch(r"\$\{(\w+)\.Arn\}(/index/[\w-]+)", text).groups()
                return self.name(logical) + rest
        return json.dumps(value)
