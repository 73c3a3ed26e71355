//! The embedded SQS: standard queues in memory, behind the JSON protocol of the AWS SDK.
//!
//! Messages are gone with the process. That is by design: the deliveries are items in DynamoDB, and the sweeper puts
//! whatever is overdue back on its queue (see `docs/adr/`).
//!
//! | as in AWS | not here |
//! |---|---|
//! | long polling, delays up to 900 s, visibility timeout, redrive, batches of ten, 1 MiB, message groups | FIFO queues, retention, tags, permissions |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use self::attributes::settings;
use self::names::{arn, name, url};
use self::queue::{Message, Queue, Receipt, later};
use self::wire::{
    Batch, BatchAnswer, CreateQueue, Done, GetQueueUrl, OnOneReceipt, OnQueue, OnReceipt, Receive, ReceivedMessage,
    Refused, Send, SendOne, Sent, read, write,
};
use super::Answer;
use crate::clock::Clock;

mod attributes;
mod names;
mod queue;
mod wire;

/// The longest delay that AWS accepts (seconds).
const MAX_DELAY: i64 = 900;
/// The largest body that AWS accepts (bytes), of a message or of all messages of a batch.
const MAX_BODY: usize = 1024 * 1024;
/// How many messages or receipts a batch holds at most.
const MAX_BATCH: usize = 10;

/// The queues. Clones share them.
#[derive(Debug, Clone)]
pub struct Sqs {
    clock: Clock,
    queues: Arc<Mutex<HashMap<String, Arc<Cell>>>>,
}

#[derive(Debug)]
struct Cell {
    queue: Mutex<Queue>,
    /// Wakes one receiver, which looks again.
    arrived: Notify,
}

/// Why a call is refused: the code by which the SDK tells errors apart, and a sentence.
#[derive(Debug)]
struct Refusal {
    code: &'static str,
    message: String,
}

type Result<T> = std::result::Result<T, Refusal>;

impl Sqs {
    /// A service without any queues, which measures delays by `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, queues: Arc::default() }
    }

    /// Carries out one operation of the API.
    pub(super) async fn call(&self, operation: &str, body: &[u8]) -> Answer {
        match self.dispatch(operation, body).await {
            Ok(body) => Answer { status: 200, body },
            Err(Refusal { code, message }) => {
                let body = json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": message });
                Answer { status: 400, body: body.to_string().into_bytes() }
            }
        }
    }

    async fn dispatch(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>> {
        match operation {
            "SendMessage" => write(&self.send_message(read(body)?)?),
            "SendMessageBatch" => write(&self.send_batch(read(body)?)?),
            "ReceiveMessage" => write(&self.receive(read(body)?).await?),
            "DeleteMessage" => write(&self.delete_message(&read(body)?)?),
            "DeleteMessageBatch" => write(&self.delete_batch(read(body)?)?),
            "ChangeMessageVisibility" => write(&self.change_visibility(&read(body)?)?),
            "CreateQueue" => write(&self.create_queue(&read(body)?)?),
            "GetQueueUrl" => write(&self.queue_url(&read(body)?)?),
            "GetQueueAttributes" => write(&self.attributes(&read(body)?)?),
            "PurgeQueue" => write(&self.purge(&read(body)?)?),
            unknown => Err(refusal(
                "AWS.SimpleQueueService.UnsupportedOperation",
                format!("the local system has no operation {unknown}"),
            )),
        }
    }

    /// Creates a queue; one that exists keeps its messages and gets the new attributes.
    fn create_queue(&self, request: &CreateQueue) -> Result<Value> {
        let settings = settings(&request.attributes)?;
        let mut queues = lock(&self.queues);
        if let Some(cell) = queues.get(&request.queue_name) {
            lock(&cell.queue).settings = settings;
        } else {
            let cell = Cell { queue: Mutex::new(Queue::new(settings)), arrived: Notify::new() };
            queues.insert(request.queue_name.clone(), Arc::new(cell));
        }
        Ok(json!({ "QueueUrl": url(&request.queue_name) }))
    }

    fn queue_url(&self, request: &GetQueueUrl) -> Result<Value> {
        self.cell(&request.queue_name)?;
        Ok(json!({ "QueueUrl": url(&request.queue_name) }))
    }

    fn send_message(&self, request: SendOne) -> Result<Sent> {
        self.send(&*self.cell(&request.queue_url)?, request.message)
    }

    fn send_batch(&self, request: Batch<Send>) -> Result<BatchAnswer<Sent>> {
        let cell = self.cell(&request.queue_url)?;
        let bytes: usize = request.entries.iter().map(|entry| entry.message_body.len()).sum();
        if bytes > MAX_BODY {
            return Err(refusal(
                "AWS.SimpleQueueService.BatchRequestTooLong",
                "the bodies of a batch are limited to 1 MiB in all",
            ));
        }
        each(request.entries, |entry| (entry.id.clone(), self.send(&cell, entry)))
    }

    fn send(&self, cell: &Cell, send: Send) -> Result<Sent> {
        if send.message_body.is_empty() || send.message_body.len() > MAX_BODY {
            return Err(refusal("InvalidParameterValue", "a body has between 1 byte and 1 MiB"));
        }
        if !(0..=MAX_DELAY).contains(&send.delay_seconds) {
            return Err(refusal("InvalidParameterValue", "DelaySeconds must be between 0 and 900"));
        }
        let now = self.clock.steady();
        let message_id = ulid::Ulid::generate().to_string();
        let message = Message {
            id: message_id.clone(),
            body: send.message_body,
            group: send.message_group_id,
            attributes: send.message_attributes,
            sent_at: self.clock.now(),
            first_received_at: None,
            receive_count: 0,
        };
        lock(&cell.queue).send(now, later(now, SignedDuration::from_secs(send.delay_seconds)), message);
        // A delayed message wakes a receiver too: it may be due before the time that the receiver waits for.
        cell.arrived.notify_one();
        Ok(Sent { id: send.id, message_id })
    }

    /// Waits for a first message, up to the wait time of the request, then takes the messages that are visible.
    async fn receive(&self, request: Receive) -> Result<Value> {
        let cell = self.cell(&request.queue_url)?;
        let max = request.max_number_of_messages.unwrap_or(1);
        if !(1..=MAX_BATCH).contains(&max) {
            return Err(refusal("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10"));
        }
        let deadline = later(self.clock.steady(), SignedDuration::from_secs(request.wait_time_seconds.clamp(0, 20)));
        loop {
            let (messages, next) = self.take(&cell, max, request.visibility_timeout.map(SignedDuration::from_secs));
            if !messages.is_empty() || self.clock.steady() >= deadline {
                return Ok(json!({ "Messages": messages }));
            }
            let due = next.map_or(deadline, |next| next.min(deadline));
            tokio::select! {
                () = cell.arrived.notified() => {}
                () = self.clock.sleep_until(due) => {}
            }
        }
    }

    /// Takes visible messages and moves dead ones to their queue. Also returns when the next hidden message is due.
    fn take(
        &self,
        cell: &Cell,
        max: usize,
        visibility: Option<SignedDuration>,
    ) -> (Vec<ReceivedMessage>, Option<Timestamp>) {
        let now = self.clock.steady();
        let mut queue = lock(&cell.queue);
        let visibility = visibility.unwrap_or(queue.settings.visibility_timeout);
        let received = queue.receive(now, max, visibility);
        let dead_letter_queue = queue.settings.redrive.as_ref().map(|redrive| redrive.dead_letter_queue.clone());
        let (more, next) = (queue.has_visible(), queue.next_visible_at());
        drop(queue);
        if more {
            cell.arrived.notify_one();
        }
        for message in received.dead {
            if let Some(Ok(cell)) = dead_letter_queue.as_deref().map(|name| self.cell(name)) {
                lock(&cell.queue).send(now, now, Message { receive_count: 0, first_received_at: None, ..message });
                cell.arrived.notify_one();
            }
        }
        let messages = received.messages.into_iter().map(|(receipt, message)| ReceivedMessage::new(receipt, message));
        (messages.collect(), next)
    }

    fn delete_message(&self, request: &OnOneReceipt) -> Result<Value> {
        delete(&*self.cell(&request.queue_url)?, &request.entry)?;
        Ok(json!({}))
    }

    fn delete_batch(&self, request: Batch<OnReceipt>) -> Result<BatchAnswer<Done>> {
        let cell = self.cell(&request.queue_url)?;
        each(request.entries, |entry| {
            let deleted = delete(&cell, &entry).map(|()| Done { id: entry.id.clone() });
            (entry.id, deleted)
        })
    }

    fn change_visibility(&self, request: &OnOneReceipt) -> Result<Value> {
        let cell = self.cell(&request.queue_url)?;
        let receipt = receipt(&request.entry)?;
        let timeout = SignedDuration::from_secs(request.entry.visibility_timeout.clamp(0, 43_200));
        if !lock(&cell.queue).change_visibility(self.clock.steady(), receipt, timeout) {
            return Err(refusal("AWS.SimpleQueueService.MessageNotInflight", "the message is not in flight"));
        }
        cell.arrived.notify_one();
        Ok(json!({}))
    }

    fn attributes(&self, request: &OnQueue) -> Result<Value> {
        let cell = self.cell(&request.queue_url)?;
        let counts = lock(&cell.queue).counts(self.clock.steady());
        Ok(json!({ "Attributes": {
            "QueueArn": arn(name(&request.queue_url)),
            "ApproximateNumberOfMessages": counts.visible.to_string(),
            "ApproximateNumberOfMessagesNotVisible": counts.in_flight.to_string(),
            "ApproximateNumberOfMessagesDelayed": counts.delayed.to_string(),
        }}))
    }

    fn purge(&self, request: &OnQueue) -> Result<Value> {
        lock(&self.cell(&request.queue_url)?.queue).purge();
        Ok(json!({}))
    }

    /// The queue with this URL, ARN or name.
    fn cell(&self, queue: &str) -> Result<Arc<Cell>> {
        let missing =
            || refusal("AWS.SimpleQueueService.NonExistentQueue", format!("there is no queue {}", name(queue)));
        lock(&self.queues).get(name(queue)).cloned().ok_or_else(missing)
    }
}

fn delete(cell: &Cell, entry: &OnReceipt) -> Result<()> {
    lock(&cell.queue).delete(receipt(entry)?);
    Ok(())
}

fn receipt(entry: &OnReceipt) -> Result<Receipt> {
    Receipt::parse(&entry.receipt_handle)
        .ok_or_else(|| refusal("ReceiptHandleIsInvalid", "the receipt handle is not one of this queue"))
}

/// Carries out each entry of a batch by itself.
fn each<T, R>(entries: Vec<T>, mut run: impl FnMut(T) -> (String, Result<R>)) -> Result<BatchAnswer<R>> {
    if entries.is_empty() {
        return Err(refusal("AWS.SimpleQueueService.EmptyBatchRequest", "a batch has at least one entry"));
    }
    if entries.len() > MAX_BATCH {
        return Err(refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "a batch has at most ten entries"));
    }
    let mut answer = BatchAnswer { successful: Vec::with_capacity(entries.len()), failed: Vec::new() };
    for entry in entries {
        match run(entry) {
            (_, Ok(done)) => answer.successful.push(done),
            (id, Err(Refusal { code, message })) => {
                answer.failed.push(Refused { id, sender_fault: true, code, message });
            }
        }
    }
    Ok(answer)
}

fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

/// The lock. No code panics while it holds one, so that a poisoned lock still guards sound data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
