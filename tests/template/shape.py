"""What there may be at all: kinds of resources, their properties, and whether they are kept. Anything else is a mistake
until somebody has thought about it, be it a queue policy, a public function URL or a disabled schedule."""

# Each kind with the properties that it has; those with a question mark it may have.
SHAPES = {
    "AWS::ApiGatewayV2::Api": "Body",
    "AWS::ApiGatewayV2::ApiMapping": "ApiId DomainName Stage",
    "AWS::ApiGatewayV2::DomainName": "DomainName DomainNameConfigurations",
    "AWS::ApiGatewayV2::Stage": "AccessLogSettings ApiId AutoDeploy DefaultRouteSettings StageName Tags?",
    "AWS::CloudWatch::Alarm": "AlarmActions AlarmDescription ComparisonOperator EvaluationPeriods Threshold TreatMissingData "
    "Dimensions? InsufficientDataActions? MetricName? Metrics? Namespace? Period? Statistic?",
    "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName",
    "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode KeySchema PointInTimeRecoverySpecification SSESpecification "
    "TableName GlobalSecondaryIndexes? StreamSpecification? TimeToLiveSpecification?",
    "AWS::Events::Rule": "ScheduleExpression Targets",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument Policies ManagedPolicyArns?",
    "AWS::KMS::Key": "Description KeyPolicy EnableKeyRotation? KeySpec? KeyUsage?",
    "AWS::Lambda::EventSourceMapping": "BatchSize EventSourceArn FunctionName FunctionResponseTypes "
    "BisectBatchOnFunctionError? DestinationConfig? FilterCriteria? "
    "MaximumRetryAttempts? ParallelizationFactor? ScalingConfig? StartingPosition?",
    "AWS::Lambda::Function": "Architectures Code FunctionName Handler LoggingConfig MemorySize Role Runtime Tags? Timeout "
    "TracingConfig Environment? RecursiveLoop?",
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
    "TracingPolicy": "HasTracing",
}
# What would be missed for ever.
KEPT = {"AWS::DynamoDB::Table": "RetainExceptOnCreate", "SealKey": "Retain", "MacKey": "Retain", "AccessLogs": "Delete"}


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
        kept = KEPT.get(logical, KEPT.get(kind))
        if kept and (resource.get("DeletionPolicy") != kept or resource.get("UpdateReplacePolicy") != "Retain"):
            yield f"{logical} goes with the stack, or when it is replaced"
    yield from (f"there is no {logical}" for logical in CONDITIONS.keys() - template.resources.keys())
