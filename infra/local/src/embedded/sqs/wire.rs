//! The JSON of the SQS API, as far as the embedded queues speak it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::queue::{Message, Receipt};
use super::{Result, refusal};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    pub(super) queue_name: String,
    #[serde(default)]
    pub(super) attributes: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    pub(super) queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnQueue {
    pub(super) queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    #[serde(default)]
    pub(super) id: String,
    pub(super) message_body: String,
    #[serde(default)]
    pub(super) delay_seconds: i64,
    pub(super) message_group_id: Option<String>,
    #[serde(default)]
    pub(super) message_attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendOne {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) message: Send,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    pub(super) queue_url: String,
    pub(super) max_number_of_messages: Option<usize>,
    pub(super) visibility_timeout: Option<i64>,
    #[serde(default)]
    pub(super) wait_time_seconds: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnReceipt {
    #[serde(default)]
    pub(super) id: String,
    pub(super) receipt_handle: String,
    #[serde(default)]
    pub(super) visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnOneReceipt {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) entry: OnReceipt,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    pub(super) queue_url: String,
    pub(super) entries: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) id: String,
    pub(super) message_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Done {
    pub(super) id: String,
}

/// An entry of a batch that was refused.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) sender_fault: bool,
    pub(super) code: &'static str,
    pub(super) message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchAnswer<T> {
    pub(super) successful: Vec<T>,
    pub(super) failed: Vec<Refused>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceivedMessage {
    message_id: String,
    receipt_handle: String,
    body: String,
    attributes: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    message_attributes: Map<String, Value>,
}

impl ReceivedMessage {
    /// The message with all its system attributes, asked for or not.
    pub(super) fn new(receipt: Receipt, message: Message) -> Self {
        let milliseconds = |at: Timestamp| Value::from(at.as_millisecond().to_string());
        let mut attributes = Map::new();
        attributes.insert("ApproximateReceiveCount".to_owned(), message.receive_count.to_string().into());
        attributes.insert("SentTimestamp".to_owned(), milliseconds(message.sent_at));
        if let Some(at) = message.first_received_at {
            attributes.insert("ApproximateFirstReceiveTimestamp".to_owned(), milliseconds(at));
        }
        if let Some(group) = message.group {
            attributes.insert("MessageGroupId".to_owned(), group.into());
        }
        Self {
            message_id: message.id,
            receipt_handle: receipt.to_handle(),
            body: message.body,
            attributes,
            message_attributes: message.attributes,
        }
    }
}

/// The request in the body of a call.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| refusal("InvalidParameterValue", error.to_string()))
}

/// The body of an answer.
pub(super) fn write(answer: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(answer).map_err(|error| refusal("InternalError", error.to_string()))
}
