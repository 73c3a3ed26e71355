//! The event source mapping between a queue and its function.
//!
//! Polls the queue, hands batches to the handler as Lambda would, and deletes the messages that the handler doesn't
//! report as failed; the others come back after the visibility timeout, and end in the dead-letter queue. Many batches
//! are under way at once, so that one that waits for a subscriber which hangs does not hold up others.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BoxError, DisplayErrorContext};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::embedded::REGION;

/// A handler of queued messages: the same one that Lambda runs.
pub type QueueHandler = Arc<dyn Fn(SqsEvent) -> Pin<Box<dyn Future<Output = SqsBatchResponse> + Send>> + Send + Sync>;

/// How many messages a batch has at most.
const BATCH: i32 = 10;
/// How long a poll waits for a first message (seconds).
const WAIT: i32 = 20;
/// How many pollers a queue has.
const POLLERS: usize = 2;
/// How long a poller waits after a poll that failed.
const REST: Duration = Duration::from_secs(1);

/// Makes a [`QueueHandler`] of an `async` closure or function.
pub fn queue_handler<F, A>(handler: F) -> QueueHandler
where
    F: Fn(SqsEvent) -> A + Send + Sync + 'static,
    A: Future<Output = SqsBatchResponse> + Send + 'static,
{
    Arc::new(move |event| Box::pin(handler(event)))
}

/// One queue and its handler. Clones share the limit of batches.
#[derive(Clone)]
pub struct QueuePoller {
    client: Client,
    url: String,
    arn: String,
    handler: QueueHandler,
    in_flight: Arc<Semaphore>,
}

impl QueuePoller {
    /// A poller with at most `in_flight` batches under way.
    #[must_use]
    pub fn new(client: Client, url: String, handler: QueueHandler, in_flight: usize) -> Self {
        let name = url.rsplit('/').next().unwrap_or_default();
        let arn = format!("arn:aws:sqs:{REGION}:000000000000:{name}");
        Self { client, url, arn, handler, in_flight: Arc::new(Semaphore::new(in_flight)) }
    }

    /// Polls until `stop`, then waits for the batches that are under way.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        for _ in 0..POLLERS {
            tasks.spawn(self.clone().poll(tasks.clone(), stop.clone()));
        }
        stop.cancelled().await;
        tasks.close();
        tasks.wait().await;
    }

    async fn poll(self, batches: TaskTracker, stop: CancellationToken) {
        // The semaphore is never closed.
        while let Some(Ok(permit)) = stop.run_until_cancelled(Arc::clone(&self.in_flight).acquire_owned()).await {
            match stop.run_until_cancelled(self.receive(WAIT)).await {
                Some(Ok(messages)) if messages.is_empty() => {}
                Some(Ok(messages)) => {
                    let poller = self.clone();
                    batches.spawn(async move {
                        poller.handle_or_log(messages).await;
                        drop(permit);
                    });
                }
                Some(Err(error)) => {
                    tracing::error!(queue = self.url, error = %DisplayErrorContext(&*error), "the queue can't be polled");
                    let _ = stop.run_until_cancelled(tokio::time::sleep(REST)).await;
                }
                None => {}
            }
        }
    }

    /// Handles every message that is visible, including those that become visible meanwhile, and returns how many.
    ///
    /// # Errors
    /// The queue can't be reached.
    pub async fn drain(&self) -> Result<usize, BoxError> {
        let mut handled = 0;
        loop {
            let messages = self.receive(0).await?;
            if messages.is_empty() {
                return Ok(handled);
            }
            handled += messages.len();
            self.handle(messages).await?;
        }
    }

    async fn receive(&self, wait: i32) -> Result<Vec<Message>, BoxError> {
        let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(BATCH);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = request.message_attribute_names("All").wait_time_seconds(wait).send().await?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn handle_or_log(&self, messages: Vec<Message>) {
        if let Err(error) = self.handle(messages).await {
            tracing::error!(queue = self.url, error = %DisplayErrorContext(&*error), "messages can't be deleted");
        }
    }

    /// Hands one batch to the handler, and deletes the messages that were not reported as failed.
    async fn handle(&self, messages: Vec<Message>) -> Result<(), BoxError> {
        let receipts: Vec<(Option<String>, Option<String>)> =
            messages.iter().map(|message| (message.message_id.clone(), message.receipt_handle.clone())).collect();
        let mut event = SqsEvent::default();
        event.records = messages.into_iter().map(|message| record(message, &self.arn)).collect();
        // A panic of the handler fails the whole batch, as it does in Lambda.
        let handler = Arc::clone(&self.handler);
        let Ok(response) = tokio::spawn(async move { handler(event).await }).await else { return Ok(()) };
        let failures = &response.batch_item_failures;
        let failed = |id: &Option<String>| failures.iter().any(|failure| Some(&failure.item_identifier) == id.as_ref());
        let mut entries = Vec::with_capacity(receipts.len());
        for (_, receipt) in receipts.into_iter().filter(|(id, _)| !failed(id)) {
            let entry = DeleteMessageBatchRequestEntry::builder().id(entries.len().to_string());
            entries.push(entry.set_receipt_handle(receipt).build()?);
        }
        if !entries.is_empty() {
            self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await?;
        }
        Ok(())
    }
}

/// The message as Lambda hands it to a function.
fn record(message: Message, queue_arn: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id;
    record.receipt_handle = message.receipt_handle;
    record.body = message.body;
    record.md5_of_body = message.md5_of_body;
    record.attributes = system_attributes(message.attributes);
    record.message_attributes = message
        .message_attributes
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, message_attribute(value)))
        .collect();
    record.event_source = Some("aws:sqs".to_owned());
    record.event_source_arn = Some(queue_arn.to_owned());
    record.aws_region = Some(REGION.to_owned());
    record
}

fn system_attributes(attributes: Option<HashMap<MessageSystemAttributeName, String>>) -> HashMap<String, String> {
    attributes.into_iter().flatten().map(|(name, value)| (name.as_str().to_owned(), value)).collect()
}

fn message_attribute(value: MessageAttributeValue) -> SqsMessageAttribute {
    let mut attribute = SqsMessageAttribute::default();
    attribute.string_value = value.string_value;
    attribute.data_type = Some(value.data_type);
    attribute
}
