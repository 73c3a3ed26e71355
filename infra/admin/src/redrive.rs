//! `queues redrive`: moves the messages of a dead-letter queue back to its queue.
//!
//! Messages are received, sent to the queue and then deleted, ten at a time. SQS can do that by itself
//! (`StartMessageMoveTask`), but not as a dry run, not up to a number, and not for a queue that a variable names, and
//! few services that replace AWS have it. If something fails in between, a message is in both queues, which does no
//! harm: a message whose attempt was made is dropped.

use std::fmt::Write as _;

use domain::delivery::{DeliveryTask, Message};
use serde_json::{Value, json};

use crate::arguments::Redrive;
use crate::aws::{Aws, not_sent};
use crate::failure::Failure;
use crate::output::{Report, columns};
use crate::queues::name;
use crate::sqs::{BATCH, Held, SqsQueue};

/// What a redrive has found so far.
#[derive(Debug, Default)]
struct Found {
    tasks: Vec<(Held, Message)>,
    /// Not messages of the deliverer: they would only come back.
    unreadable: Vec<Held>,
}

impl Found {
    fn count(&self) -> u32 {
        u32::try_from(self.tasks.len() + self.unreadable.len()).unwrap_or(u32::MAX)
    }
}

/// Moves the messages of a dead-letter queue back to its queue, or with `--dry-run` only looks at them.
pub(crate) async fn redrive(aws: &Aws, wanted: &Redrive) -> Result<Report, Failure> {
    let Some(names) = wanted.queue.queue() else { return Err(Failure::Impossible(NO_WAY_BACK.to_owned())) };
    let dead = aws.queue(wanted.queue.dead_letters()).await?;
    let queue = aws.queue(names).await?;
    let mut found = Found::default();
    let moved = move_all(aws, wanted, &dead, &queue, &mut found).await;
    // What stays in the dead-letter queue becomes visible again at once.
    let looked_at = found.tasks.iter().map(|(held, _)| held).filter(|_| wanted.dry_run);
    for held in looked_at.chain(&found.unreadable) {
        // If this fails, they become visible by themselves in a few minutes.
        let _ = dead.release(held).await;
    }
    match moved {
        Ok(()) => Ok(report(wanted, &found)),
        Err(Failure::Aws(sentence)) if !wanted.dry_run && !found.tasks.is_empty() => {
            Err(Failure::Aws(format!("{} went back, then {sentence}", messages_of(found.tasks.len()))))
        }
        Err(failure) => Err(failure),
    }
}

async fn move_all(
    aws: &Aws,
    wanted: &Redrive,
    dead: &SqsQueue,
    queue: &SqsQueue,
    found: &mut Found,
) -> Result<(), Failure> {
    let sender = aws.sender(queue);
    while found.count() < wanted.max {
        let batch = dead.receive(BATCH.min(wanted.max - found.count()), aws.listen_seconds).await?;
        if batch.is_empty() {
            break;
        }
        let mut ready: Vec<(Held, Message)> = Vec::with_capacity(batch.len());
        for held in batch {
            match serde_json::from_str(&held.body) {
                Ok(message) => ready.push((held, message)),
                Err(_) => found.unreadable.push(held),
            }
        }
        if !wanted.dry_run && !ready.is_empty() {
            let messages: Vec<Message> = ready.iter().map(|(_, message)| message.clone()).collect();
            sender.send_messages(&messages, aws.now).await.map_err(|error| not_sent(queue.place(), &error))?;
            dead.delete(&ready.iter().map(|(held, _)| held).collect::<Vec<_>>()).await?;
        }
        found.tasks.extend(ready);
    }
    Ok(())
}

fn report(wanted: &Redrive, found: &Found) -> Report {
    let queue = name(wanted.queue);
    let (tasks, unreadable) = (found.tasks.len(), found.unreadable.len());
    let moved = if wanted.dry_run { 0 } else { tasks };
    // A message about several deliveries is listed with each of them.
    let messages: Vec<Value> = found
        .tasks
        .iter()
        .flat_map(|(held, message)| message.clone().into_tasks().into_iter().map(move |task| (held, task)))
        .map(|(held, task)| {
            json!({
                "messageId": held.id, "account": task.account, "deliveryId": task.delivery_id,
                "endpointId": task.endpoint_id, "attemptCount": task.attempt_count,
            })
        })
        .collect();
    let unreadable_ids: Vec<&str> = found.unreadable.iter().map(|held| held.id.as_str()).collect();
    let json = json!({
        "queue": queue, "dryRun": wanted.dry_run, "found": tasks + unreadable, "moved": moved, "messages": messages,
        "unreadable": unreadable_ids,
    });
    let verb = if wanted.dry_run { "would go" } else { "went" };
    let mut text = String::new();
    if wanted.dry_run && tasks > 0 {
        text.push_str(&columns(["DELIVERY", "ACCOUNT", "ENDPOINT", "ATTEMPTS"], &rows(found)));
    }
    // Writing to a string can't fail.
    let _ = writeln!(text, "{} {verb} back to the {queue} queue.", messages_of(tasks));
    let mut report = Report::new(json, text);
    if unreadable > 0 {
        let left = messages_of(unreadable);
        report = report.with_note(format!(
            "Left where it was, since it is no delivery task: {left} ({}).",
            unreadable_ids.join(", ")
        ));
    }
    if found.count() == wanted.max {
        report = report.with_note(format!("Stopped at --max {}; there may be more.", wanted.max));
    }
    report
}

fn rows(found: &Found) -> Vec<[String; 4]> {
    let row = |task: DeliveryTask| {
        let DeliveryTask { delivery_id, account, endpoint_id, attempt_count, .. } = task;
        [delivery_id, account, endpoint_id, attempt_count.to_string()]
    };
    found.tasks.iter().flat_map(|(_, message)| message.clone().into_tasks()).map(row).collect()
}

fn messages_of(count: usize) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

const NO_WAY_BACK: &str = "messages of this dead-letter queue can't be moved back: they name positions in the stream \
     of events, and the sweeper has the events dispatched again. Fix what the dispatcher's log reports, wait 15 \
     minutes, then purge the dead-letter queue (aws sqs purge-queue)";
