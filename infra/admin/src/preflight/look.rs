//! What is there: the stack, its names, and what the account allows. Each call reads and changes nothing.

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::calls::{Calls, Service, Unseen};
use super::findings::{Concurrency, StackState, TableLimits};
use super::plan::Plan;
use super::xml;
use crate::places::Obstacle;

/// What an answer says, or `None` if there is no such thing.
fn if_there<T>(answer: Result<T, Unseen>) -> Result<Option<T>, Unseen> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Unseen { obstacle: Obstacle::Missing, .. }) => Ok(None),
        Err(unseen) => Err(unseen),
    }
}

/// How the stack stands.
pub(super) async fn stack(calls: &Calls, name: &str) -> Result<StackState, Unseen> {
    let given = [("StackName".to_owned(), name.to_owned())];
    match calls.query(Service::CloudFormation, "DescribeStacks", &given).await {
        Ok(answer) => {
            let status = xml::first(&answer, "StackStatus");
            status.map(StackState::Present).ok_or_else(|| Unseen::answer("StackStatus"))
        }
        // A ValidationError, which has no code of its own for this.
        Err(unseen) if unseen.cause.contains("does not exist") => Ok(StackState::Absent),
        Err(unseen) => Err(unseen),
    }
}

/// Those of the plan's tables that exist.
pub(super) async fn tables(calls: &Calls, plan: &Plan) -> Result<Vec<String>, Unseen> {
    existing(plan.tables(), async |name| {
        if_there(calls.json(Service::DynamoDb, "DescribeTable", &json!({ "TableName": name })).await)
    })
    .await
}

/// Those of the plan's queues that exist.
pub(super) async fn queues(calls: &Calls, plan: &Plan) -> Result<Vec<String>, Unseen> {
    existing(plan.queues(), async |name| {
        if_there(calls.json(Service::Sqs, "GetQueueUrl", &json!({ "QueueName": name })).await)
    })
    .await
}

/// Those of the plan's log groups that exist.
pub(super) async fn log_groups(calls: &Calls, plan: &Plan) -> Result<Vec<String>, Unseen> {
    existing(plan.log_groups(), async |name| {
        let answer = calls.json(Service::Logs, "DescribeLogGroups", &json!({ "logGroupNamePrefix": name })).await?;
        let groups = answer["logGroups"].as_array().ok_or_else(|| Unseen::answer("logGroups"))?;
        Ok(groups.iter().any(|group| group["logGroupName"] == *name).then_some(answer))
    })
    .await
}

/// The topic of the plan, if it exists.
pub(super) async fn topics(calls: &Calls, plan: &Plan, partition: &str, account: &str) -> Result<Vec<String>, Unseen> {
    let topic = plan.topic();
    let arn = format!("arn:{partition}:sns:{}:{account}:{topic}", calls.region());
    let found = if_there(calls.query(Service::Sns, "GetTopicAttributes", &[("TopicArn".to_owned(), arn)]).await)?;
    Ok(found.map(|_| topic).into_iter().collect())
}

/// Those of the plan's functions that exist, and what they have reserved together.
pub(super) async fn functions(calls: &Calls, plan: &Plan) -> Result<(Vec<String>, u64), Unseen> {
    let names = plan.functions();
    let found =
        try_join_all(names.iter().map(|name| async move {
            if_there(calls.get(&format!("/2019-09-30/functions/{name}/concurrency")).await)
        }));
    let found: Vec<(String, Value)> =
        names.iter().cloned().zip(found.await?).filter_map(|(name, answer)| Some((name, answer?))).collect();
    let reserved = found.iter().filter_map(|(_, answer)| answer["ReservedConcurrentExecutions"].as_u64()).sum();
    Ok((found.into_iter().map(|(name, _)| name).collect(), reserved))
}

async fn existing(
    names: Vec<String>,
    look: impl AsyncFn(&String) -> Result<Option<Value>, Unseen>,
) -> Result<Vec<String>, Unseen> {
    let found = try_join_all(names.iter().map(|name| look(name))).await?;
    Ok(names.into_iter().zip(found).filter_map(|(name, found)| found.map(|_| name)).collect())
}

/// What Lambda allows the account here; `own` is what the stack's functions have reserved already.
pub(super) async fn concurrency(calls: &Calls, own: u64) -> Result<Concurrency, Unseen> {
    let answer = calls.get("/2016-08-19/account-settings/").await?;
    let number = |name| answer["AccountLimit"][name].as_u64().ok_or_else(|| Unseen::answer(name));
    Ok(Concurrency { limit: number("ConcurrentExecutions")?, free: number("UnreservedConcurrentExecutions")? + own })
}

/// What DynamoDB allows one table here.
pub(super) async fn table_limits(calls: &Calls) -> Result<TableLimits, Unseen> {
    let answer = calls.json(Service::DynamoDb, "DescribeLimits", &json!({})).await?;
    let number = |name| answer[name].as_u64().ok_or_else(|| Unseen::answer(name));
    Ok(TableLimits { reads: number("TableMaxReadCapacityUnits")?, writes: number("TableMaxWriteCapacityUnits")? })
}
