//! Queues: the clock of deliveries. A message says which delivery is due, which attempt it is and when; the delivery
//! itself is in its table.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use domain::delivery::{DeliveryTask, Message};
use domain::schedule::hop_delay;
use jiff::Timestamp;
use telemetry::causes::Cause;

use crate::aws::Lazy;

/// SQS takes at most ten messages a call.
const BATCH: usize = 10;

/// An SQS queue of delivery messages.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: Lazy<Client>,
    url: String,
}

/// Some messages could not be sent. The sweeper finds their deliveries.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The call failed.
    #[error("SQS SendMessageBatch")]
    Call {
        /// SQS's own word for why, such as `AccessDenied`; `None` when it did not answer.
        code: Option<String>,
        /// The SDK's error.
        #[source]
        cause: Cause,
    },
    /// SQS refused some entries.
    #[error("SQS refused {} of {sent} messages ({}): {reason}", deliveries.len(), deliveries.join(", "))]
    Refused {
        /// The deliveries whose messages were refused.
        deliveries: Vec<String>,
        /// How many messages were sent.
        sent: usize,
        /// SQS's reason for the first one.
        reason: String,
    },
}

impl Queue {
    /// The queue at `url`. Nothing is asked of SQS until a message is sent.
    #[must_use]
    pub fn new(sqs: Lazy<Client>, url: String) -> Self {
        Self { sqs, url }
    }

    /// Sends a message for each task, ten a call, each delayed until it is due, for at most 15 minutes. The message
    /// group is the endpoint, so that SQS shares the queue fairly among endpoints.
    ///
    /// # Errors
    /// When SQS can't be reached or refuses a message: the first such error, after every batch was tried.
    pub async fn send(&self, tasks: &[DeliveryTask], now: Timestamp) -> Result<(), QueueError> {
        let mut sent = Ok(());
        for chunk in tasks.chunks(BATCH) {
            sent = sent.and(self.send_batch(chunk, now).await);
        }
        sent
    }

    async fn send_batch(&self, tasks: &[DeliveryTask], now: Timestamp) -> Result<(), QueueError> {
        let entries = tasks.iter().enumerate().map(|(i, task)| {
            SendMessageBatchRequestEntry::builder()
                .id(i.to_string())
                .message_body(domain::json::write(&Message::V1(task.clone())))
                .delay_seconds(i32::try_from(hop_delay(task.due, now)).unwrap_or_default())
                .message_group_id(&task.endpoint_id)
                .build()
                .map_err(|e| QueueError::Call { code: None, cause: Cause::new(e) })
        });
        let output = self
            .sqs
            .get()
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await
            .map_err(|e| QueueError::Call { code: e.code().map(str::to_owned), cause: Cause::new(e) })?;
        match output.failed() {
            [] => Ok(()),
            failed => Err(refused(tasks, failed)),
        }
    }
}

/// The entries that SQS `failed` to take, by the deliveries that they are about. Entry ids are places in `tasks`.
fn refused(tasks: &[DeliveryTask], failed: &[BatchResultErrorEntry]) -> QueueError {
    let task = |entry: &BatchResultErrorEntry| tasks.get(entry.id().parse::<usize>().ok()?);
    let deliveries = failed.iter().filter_map(|entry| task(entry).map(|task| task.delivery_id.clone())).collect();
    let reason = failed.first().map(|entry| entry.message().unwrap_or_else(|| entry.code())).unwrap_or_default();
    QueueError::Refused { deliveries, sent: tasks.len(), reason: reason.to_owned() }
}
