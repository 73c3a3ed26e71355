//! Queues: the clock of deliveries. A message says which delivery is due, which attempt it is and when, or to which
//! endpoints an event goes for the first time; the deliveries themselves are in their table.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use domain::delivery::{DeliveryTask, Message};
use domain::schedule::hop_delay;
use futures_util::future::join_all;
use jiff::Timestamp;
use telemetry::causes::Cause;

use crate::aws::Lazy;

/// SQS takes at most ten messages a call.
pub const BATCH: usize = 10;

/// An SQS queue of delivery messages.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: Lazy<Client>,
    url: String,
}

/// Some messages could not be sent. The sweeper finds their deliveries.
#[derive(Debug, Clone, thiserror::Error)]
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
    #[error("SQS refused {} of {sent} messages ({}): {reason}", subjects.len(), subjects.join(", "))]
    Refused {
        /// The deliveries whose messages were refused, or the events of several.
        subjects: Vec<String>,
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

    /// Sends a message for each task, see [`Self::send_messages`].
    ///
    /// # Errors
    /// As for [`Self::send_messages`].
    pub async fn send(&self, tasks: &[DeliveryTask], now: Timestamp) -> Result<(), QueueError> {
        let messages: Vec<Message> = tasks.iter().cloned().map(Message::V1).collect();
        self.send_messages(&messages, now).await
    }

    /// Sends messages, ten a call, each delayed until it is due, for at most 15 minutes. The message group is the
    /// endpoint, or the account when a message is about several, so that SQS shares the queue fairly among them.
    ///
    /// # Errors
    /// When SQS can't be reached or refuses a message: the first such error, after every batch was tried.
    pub async fn send_messages(&self, messages: &[Message], now: Timestamp) -> Result<(), QueueError> {
        let sent = join_all(messages.chunks(BATCH).map(|chunk| self.send_batch(chunk, now))).await;
        sent.into_iter().collect()
    }

    async fn send_batch(&self, messages: &[Message], now: Timestamp) -> Result<(), QueueError> {
        let entries = messages.iter().enumerate().map(|(i, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(i.to_string())
                .message_body(domain::json::write(message))
                .delay_seconds(i32::try_from(hop_delay(message.due(), now)).unwrap_or_default())
                .message_group_id(message.group())
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
            failed => Err(refused(messages, failed)),
        }
    }
}

/// The entries that SQS `failed` to take, by what they are about. Entry ids are places in `messages`.
fn refused(messages: &[Message], failed: &[BatchResultErrorEntry]) -> QueueError {
    let message = |entry: &BatchResultErrorEntry| messages.get(entry.id().parse::<usize>().ok()?);
    let subjects = failed.iter().filter_map(|entry| message(entry).map(|message| message.subject().to_owned()));
    let subjects = subjects.collect();
    let reason = failed.first().map(|entry| entry.message().unwrap_or_else(|| entry.code())).unwrap_or_default();
    QueueError::Refused { subjects, sent: messages.len(), reason: reason.to_owned() }
}
