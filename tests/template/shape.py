"""What there may be at all: kinds of resources, their properties, and whether they are kept. Anything else is a mistake
until somebody has thought about it, be it a queue policy, a public function URL or a disabled schedule."""

# Each kind with the properties that it has; those with a question mark it may have.
SHAPES = {
    "AWS::ApiGatewayV2::Api": "Body",
    "AWS::ApiGatewayV2::ApiMapping": "ApiId DomainName Stage",
    "AWS::ApiGatewayV2::DomainName": "DomainName DomainNameConfigurations",
    "AWS::ApiGatewayV2::Stage": "AccessLogSettings ApiId AutoDeploy DefaultRouteSettings RouteSettings StageName Tags?",
    "AWS::CloudWatch::Alarm": "AlarmActions AlarmDescription ComparisonOperator EvaluationPeriods OKActions Threshold "
    "TreatMissingData Dimensions? InsufficientDataActions? MetricName? Metrics? Namespace? Period? Statistic?",
    "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName",
    "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode DeletionProtectionEnabled KeySchema OnDemandThroughput "
    "PointInTimeRecoverySpecification SSESpecification WarmThroughput? "
    "TableName GlobalSecondaryIndexes? StreamSpecification? TimeToLiveSpecification?",
    "AWS::Events::Rule": "ScheduleExpression Targets",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument Policies ManagedPolicyArns?",
    "AWS::KMS::Key": "Description KeyPolicy EnableKeyRotation? KeySpec? KeyUsage?",
    "AWS::Lambda::EventSourceMapping": "BatchSize EventSourceArn FunctionName FunctionResponseTypes "
    "BisectBatchOnFunctionError? DestinationConfig? FilterCriteria? "
    "MaximumRetryAttempts? ParallelizationFactor? ScalingConfig? StartingPosition?",
    "AWS::Lambda::Function": "Architectures Code FunctionName Handler LoggingConfig MemorySize Role Runtime Tags? Timeout "
    "TracingConfig Environment? RecursiveLoop? ReservedConcurrentExecutions? VpcConfig?",
    "AWS::Lambda::Permission": "Action FunctionName Principal SourceArn",
    "AWS::Logs::LogGroup": "LogGroupName RetentionInDays LogGroupClass?",
    "AWS::SNS::Subscription": "Endpoint Protocol TopicArn",
    "AWS::SNS::Topic": "KmsMasterKeyId TopicName",
    "AWS::SQS::Queue": "MessageRetentionPeriod QueueName SqsManagedSseEnabled RedrivePolicy? VisibilityTimeout?",
}
ATTRIBUTES = {"Type", "Properties", "Metadata", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy"}
CONDITIONS = {
    "AlertSubscription": "HasAlertEmail",
    "Domain": "HasDomain",
    "DomainMapping": "HasDomain",
    "EgressPolicy": "HasEgress",
    "TracingPolicy": "HasTracing",
}
# What would be missed for ever is kept: when the stack is deleted, and when the resource is replaced. All else goes with the
# stack: what was left would be in the way of the next one of the same name.
KEPT = {
    "AWS::DynamoDB::Table": ("RetainExceptOnCreate", "Retain"),
    "SealKey": ("Retain", "Retain"),
    "MacKey": ("Retain", "Retain"),
    # Replaced when its class was changed; the lines of before are left to their retention.
    "AccessLogs": ("Delete", "Retain"),
}


def check_functions(value, path="the template"):
    """A function of CloudFormation is an object with one member: of two, one would be ignored."""
    if isinstance(value, dict):
        if len(value) > 1 and any(key == "Ref" or str(key).startswith("Fn::") for key in value):
            yield f"{path} is more than a function: {value}"
        match value:
            case {"Fn::Sub": [text, own]} if any(f"${{{name}}}" not in text for name in own):
                yield f"{path} names what its text has not: {value}"
        for key, one in value.items():
            yield from check_functions(one, f"{path}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from check_functions(one, path)


def check_shape(template):
    for logical, resource in template.resources.items():
        kind = resource["Type"]
        if kind not in SHAPES:
            yield f"{logical} is of a kind that nothing here needs: {kind}"
            continue
        allowed = {name.rstrip("?") for name in SHAPES[kind].split()}
        required = {name for name in SHAPES[kind].split() if not name.endswith("?")}
        given = set(resource.get("Properties", {}))
        yield from (f"{logical} has no {name}" for name in required - given)
        yield from (f"{logical} has {name}, which nobody has thought about" for name in given - allowed)
        yield from (f"{logical} has {name}, which nobody has thought about" for name in set(resource) - ATTRIBUTES)
        if resource.get("Condition") != CONDITIONS.get(logical):
            yield f"{logical} is there only if {resource.get('Condition')}"
        if (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) != KEPT.get(
            logical, KEPT.get(kind, (None, None))
        ):
            yield f"{logical} goes with the stack or when it is replaced and should not, or the other way round"
        # The sources wait for roles (wiring.py); what else is said twice may become a circle.
        if "DependsOn" in resource and kind != "AWS::Lambda::EventSourceMapping":
            yield f"{logical} waits for {resource['DependsOn']}"
    yield from (f"there is no {logical}" for logical in CONDITIONS.keys() - template.resources.keys())
