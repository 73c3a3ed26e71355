//! Messages of the queues: which attempts are due. Ids, numbers and times, never a body.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids;

/// A queue message for one attempt: ids, number of the attempt and due time, never a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTask {
    /// The tenant.
    pub account: String,
    /// The delivery.
    pub delivery_id: String,
    /// The outbox item that holds its event.
    pub outbox_id: String,
    /// The sort key of the item that the delivery shared with others when the message was sent, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// Its endpoint.
    pub endpoint_id: String,
    /// Attempts made when the message was sent. A message for an attempt that was made already is dropped.
    pub attempt_count: u32,
    /// The series that the attempt belongs to. A message of an earlier series is dropped.
    #[serde(default)]
    pub series: u32,
    /// Whether the attempt has stood in the line of its endpoint's pace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paced: bool,
    /// When the attempt is due; SQS may bring the message earlier, since it holds none for more than 15 minutes.
    pub due: Timestamp,
}

/// A queue message for the first attempts of one event to some endpoints, whose deliveries share an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FanOutTask {
    /// The tenant.
    pub account: String,
    /// The outbox item that holds the event.
    pub outbox_id: String,
    /// The event.
    pub event_id: String,
    /// The sort key of the item that the deliveries share.
    pub shared: String,
    /// The endpoints, at most [`FanOutTask::MOST`].
    pub endpoint_ids: Vec<String>,
    /// When the attempts are due.
    pub due: Timestamp,
}

/// A queue message. Versioned, so that a deployment can read what the one before it sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum Message {
    /// One attempt of one delivery.
    #[serde(rename = "1")]
    V1(DeliveryTask),
    /// First attempts of one event.
    #[serde(rename = "2")]
    V2(FanOutTask),
}

impl FanOutTask {
    /// To how many endpoints one message is about at most: the outcomes of a message are recorded together, and a
    /// function that dies repeats at most so many attempts of an event.
    pub const MOST: usize = 10;

    /// Its attempts, one by one.
    #[must_use]
    pub fn tasks(&self) -> Vec<DeliveryTask> {
        let task = |endpoint_id: &String| DeliveryTask {
            account: self.account.clone(),
            delivery_id: ids::delivery_id(&self.event_id, endpoint_id),
            outbox_id: self.outbox_id.clone(),
            shared: Some(self.shared.clone()),
            endpoint_id: endpoint_id.clone(),
            attempt_count: 0,
            series: 0,
            paced: false,
            due: self.due,
        };
        self.endpoint_ids.iter().map(task).collect()
    }
}

impl Message {
    /// The attempts that it is about.
    #[must_use]
    pub fn into_tasks(self) -> Vec<DeliveryTask> {
        match self {
            Self::V1(task) => vec![task],
            Self::V2(fan_out) => fan_out.tasks(),
        }
    }

    /// When its attempts are due.
    #[must_use]
    pub const fn due(&self) -> Timestamp {
        match self {
            Self::V1(task) => task.due,
            Self::V2(fan_out) => fan_out.due,
        }
    }

    /// Whose share of a queue it uses: that of its endpoint, or of the account when it is about several.
    #[must_use]
    pub fn group(&self) -> &str {
        match self {
            Self::V1(task) => &task.endpoint_id,
            Self::V2(fan_out) => match &fan_out.endpoint_ids[..] {
                [only] => only,
                _ => &fan_out.account,
            },
        }
    }

    /// What the log calls it: the delivery, or the event of several.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::V1(task) => &task.delivery_id,
            Self::V2(fan_out) => &fan_out.event_id,
        }
    }
}
