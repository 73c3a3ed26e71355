//! One SQS queue for its operator: how many messages it holds, and the messages of a dead-letter queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use telemetry::causes::causes;

use crate::failure::Failure;
use crate::places::Place;

/// How many messages SQS hands out or deletes in one call at most.
pub(crate) const BATCH: u32 = 10;
/// How long a received message is hidden from other consumers (seconds): longer than a redrive works on it.
const HIDDEN_SECONDS: i32 = 300;

/// A queue that was found.
#[derive(Debug)]
pub(crate) struct SqsQueue {
    sqs: Client,
    url: String,
    place: Place,
}

/// How many messages a queue holds, approximately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Messages that can be received now.
    pub(crate) visible: u64,
    /// Messages that were received and not deleted yet.
    pub(crate) in_flight: u64,
    /// Messages that are delayed.
    pub(crate) delayed: u64,
}

/// A message that was received, and is hidden from other consumers.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) body: String,
    receipt: String,
}

impl SqsQueue {
    pub(crate) fn new(sqs: Client, url: String, place: Place) -> Self {
        Self { sqs, url, place }
    }

    /// The queue with this name, whose URL SQS is asked for.
    pub(crate) async fn named(sqs: Client, name: &str, place: Place) -> Result<Self, Failure> {
        let found = sqs.get_queue_url().queue_name(name).send().await.map_err(|error| refused(&place, &error))?;
        Ok(Self { url: found.queue_url.unwrap_or_default(), sqs, place })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) async fn depth(&self) -> Result<Depth, Failure> {
        use QueueAttributeName as Name;
        let (visible, in_flight) = (Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible);
        let names = [visible.clone(), in_flight.clone(), Name::ApproximateNumberOfMessagesDelayed];
        let request = self.sqs.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names.to_vec()));
        let counts = request.send().await.map_err(|error| self.refused(&error))?.attributes.unwrap_or_default();
        let count = |name: &Name| counts.get(name).and_then(|text| text.parse().ok()).unwrap_or_default();
        let [_, _, delayed] = &names;
        Ok(Depth { visible: count(&visible), in_flight: count(&in_flight), delayed: count(delayed) })
    }

    /// At most `max` messages and at most ten, hidden from other consumers for five minutes; none if none came within
    /// `wait` seconds.
    pub(crate) async fn receive(&self, max: u32, wait: i32) -> Result<Vec<Held>, Failure> {
        let request = self.sqs.receive_message().queue_url(&self.url).visibility_timeout(HIDDEN_SECONDS);
        let max = i32::try_from(max.min(BATCH)).unwrap_or(1);
        let received = request.max_number_of_messages(max).wait_time_seconds(wait).send().await;
        let messages = received.map_err(|error| self.refused(&error))?.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .map(|message| Held {
                id: message.message_id.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
                receipt: message.receipt_handle.unwrap_or_default(),
            })
            .collect())
    }

    /// Deletes at most ten messages.
    pub(crate) async fn delete(&self, messages: &[&Held]) -> Result<(), Failure> {
        let entry = |(i, message): (usize, &&Held)| {
            DeleteMessageBatchRequestEntry::builder().id(i.to_string()).receipt_handle(&message.receipt).build()
        };
        let entries: Result<Vec<_>, _> = messages.iter().enumerate().map(entry).collect();
        let entries = entries.map_err(|error| self.place.refused(None, &causes(&error)))?;
        if entries.is_empty() {
            return Ok(());
        }
        let request = self.sqs.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let done = request.send().await.map_err(|error| self.refused(&error))?;
        match done.failed.first() {
            None => Ok(()),
            Some(first) => Err(self.place.refused(Some(&first.code), first.message().unwrap_or_default())),
        }
    }

    /// Makes a message visible again at once.
    pub(crate) async fn release(&self, message: &Held) -> Result<(), Failure> {
        let request = self.sqs.change_message_visibility().queue_url(&self.url).receipt_handle(&message.receipt);
        request.visibility_timeout(0).send().await.map(|_| ()).map_err(|error| self.refused(&error))
    }

    fn refused<E, R>(&self, error: &SdkError<E, R>) -> Failure
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: std::fmt::Debug + 'static,
    {
        refused(&self.place, error)
    }
}

fn refused<E, R>(place: &Place, error: &SdkError<E, R>) -> Failure
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    place.refused(error.code(), &causes(error))
}
