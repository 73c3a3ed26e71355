//! `queues list`: how many messages each queue holds.

use clap::ValueEnum as _;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::arguments::QueueName;
use crate::aws::{Aws, QueueNames};
use crate::failure::Failure;
use crate::output::{Report, columns, or_dash};
use crate::sqs::Depth;

/// Every queue with its dead-letter queue, and how many messages they hold.
pub(crate) async fn list(aws: &Aws) -> Result<Report, Failure> {
    let all = QueueName::value_variants();
    let own = try_join_all(all.iter().map(async |queue| match queue.queue() {
        Some(names) => depth(aws, names).await.map(Some),
        None => Ok(None),
    }));
    let dead = try_join_all(all.iter().map(|queue| depth(aws, queue.dead_letters())));
    let (own, dead) = futures_util::future::try_join(own, dead).await?;
    let found = || all.iter().zip(&own).zip(&dead).map(|((queue, own), dead)| (name(*queue), *own, *dead));
    let data: Vec<Value> = found()
        .map(|(name, own, dead)| json!({ "queue": name, "messages": own.map(counts), "dead": counts(dead) }))
        .collect();
    let rows: Vec<_> = found()
        .map(|(name, own, dead)| {
            let count = |of: fn(Depth) -> u64| or_dash(own.map(of));
            let (visible, in_flight) = (count(|depth| depth.visible), count(|depth| depth.in_flight));
            [name, visible, in_flight, count(|depth| depth.delayed), (dead.visible + dead.in_flight).to_string()]
        })
        .collect();
    let head = ["QUEUE", "WAITING", "IN FLIGHT", "DELAYED", "DEAD LETTERS"];
    Ok(Report::new(json!({ "data": data }), columns(head, &rows)))
}

async fn depth(aws: &Aws, names: QueueNames) -> Result<Depth, Failure> {
    aws.queue(names).await?.depth().await
}

fn counts(depth: Depth) -> Value {
    json!({ "visible": depth.visible, "inFlight": depth.in_flight, "delayed": depth.delayed })
}

/// The name of a queue on the command line.
pub(crate) fn name(queue: QueueName) -> String {
    queue.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
