"""What nobody notices until it is missing: deadlines, logs, the topic of alerts."""

# Beside an attempt: reading, the secret, the endpoint's pace, the outcome, the next task, the endpoint's health. Behind the
# API: the call that stalls, and one that releases what was claimed.
CALLS_BESIDE_AN_ATTEMPT = 6
CALLS_BEHIND_THE_API = 2
# API Gateway answers itself after 30 s.
LONGEST_BEHIND_THE_API = 29
LONGEST_SWEEP = 60
MEGABYTES = 256
LOGS = {"LogFormat": "JSON", "ApplicationLogLevel": {"Ref": "LogLevel"}, "SystemLogLevel": {"Ref": "SystemLogLevel"}}
RESERVED = {"Fn::If": ["HasReservedConcurrency", {"Ref": "ApiReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
# Seconds, within what `deadline` allows. Behind the API: a stalled service is given up after 4 s, with 4 s more to release what
# was claimed. A test send may take 22. Messages are hidden for six times what their function has.
BEHIND_THE_API = 15
TIMEOUTS = {"manage-endpoints": 29, "dispatcher": 60, "deliverer": 60, "retry-worker": 60, "slow-worker": 60, "sweeper": 55}


def check_functions(template, code):
    for function, (logical, properties) in template.functions().items():
        # By default nothing is reserved: a new AWS account has none to give.
        if properties.get("ReservedConcurrentExecutions") != (RESERVED if function in code.http() else None):
            yield f"{function} has another share of the account's concurrency"
        if properties["LoggingConfig"] != LOGS | {"LogGroup": {"Ref": f"{logical}Logs"}}:
            yield f"{function} has no log group of its own, or logs in another way"
        if (properties["Runtime"], properties["Handler"], properties["Architectures"]) != (
            "provided.al2023",
            "bootstrap",
            [{"Ref": "Architecture"}],
        ):
            yield f"{function} runs on something else"
        if properties["Code"] != {"S3Bucket": "packaged", "S3Key": f"functions/{function}/"}:
            yield f"{function} has the code of another: {properties['Code']}"
        if template.resources[logical].get("Metadata") != {"BuildMethod": "rust-cargolambda"}:
            yield f"{function} is built in another way"
        if properties["MemorySize"] != MEGABYTES:
            yield f"{function} has {properties['MemorySize']} MB, infra/cost.md says {MEGABYTES}"
        # Lambda stops what looks like a loop: a function that sends to the queue that it reads.
        reads = {queue for queue in code.queues for name, s in sources(template) if name == function and s == queue}
        loops = any(("sqs:SendMessage", queue) in code.calls[function] for queue in reads)
        if properties.get("RecursiveLoop") != ("Allow" if loops else None):
            yield f"{function} {'is stopped as a loop' if loops else 'may loop and never needs to'}"
        least, most = deadline(function, code)
        seconds = TIMEOUTS.get(function, BEHIND_THE_API)
        if properties["Timeout"] != seconds or not least <= seconds <= most:
            yield f"{function} has {properties['Timeout']} s, it should have {seconds}, which is {least} to {most}"


def sources(template):
    for source in template.of_type("AWS::Lambda::EventSourceMapping").values():
        yield template.name(source["FunctionName"]["Ref"]), template.resource(source["EventSourceArn"])


def deadline(function, code):
    """The least and the most seconds that a function should have."""
    if function in code.http():
        if function == "manage-endpoints":
            return code.test_send + code.call + 1, LONGEST_BEHIND_THE_API
        # What a function stores as late as this must not appear behind a reader of the feed, whose clock may be fast.
        return CALLS_BEHIND_THE_API * code.call + 1, min(LONGEST_BEHIND_THE_API, code.settled - 5)
    if function == "sweeper":
        return 30, LONGEST_SWEEP
    if function == "dispatcher":
        return 30, 120
    return code.turn + code.near + code.attempt + CALLS_BESIDE_AN_ATTEMPT * code.call, 120


def check_logs(template):
    wanted = {"AccessLogs": "/aws/apigateway/${AWS::StackName}-access"}
    for function, (logical, _) in template.functions().items():
        wanted[f"{logical}Logs"] = "/aws/lambda/${AWS::StackName}-" + function
    groups = template.of_type("AWS::Logs::LogGroup")
    yield from (f"the log groups differ: {logical}" for logical in groups.keys() ^ wanted.keys())
    for logical, properties in groups.items():
        # CloudWatch takes no figures from what functions write to a group of this class.
        own = {"LogGroupClass": "INFREQUENT_ACCESS"} if logical == "AccessLogs" else {}
        kept = {"LogGroupName": {"Fn::Sub": wanted.get(logical)}, "RetentionInDays": {"Ref": "LogRetentionDays"}}
        if properties != kept | own:
            yield f"{logical} is called otherwise, is kept for another time, or is of another class"


def check_topic(template):
    (topic,), (subscription,) = (template.of_type(f"AWS::SNS::{kind}").values() for kind in ("Topic", "Subscription"))
    # Under another name it would be another topic, which nobody has subscribed to.
    if topic["TopicName"] != {"Fn::Sub": "${AWS::StackName}-alerts"}:
        yield "the topic has another name"
    if topic["KmsMasterKeyId"] != {"Ref": "AlertKey"}:
        yield "alerts are not encrypted, or under a key that alarms can't use"
    if subscription != {"TopicArn": {"Ref": "AlertTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlertEmail"}}:
        yield "alerts go to somebody else"
