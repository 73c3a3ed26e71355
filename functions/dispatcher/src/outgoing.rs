//! The messages by which deliverers learn of new deliveries.

use std::collections::HashSet;

use domain::delivery::{FanOutTask, Message};
use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;
use store::deliveries::NewDeliveries;
use store::queue::BATCH;

/// Messages that are still to be sent.
#[derive(Default)]
pub(super) struct Outgoing {
    /// About first attempts.
    pub(super) first: Vec<Message>,
    /// About first attempts to failing endpoints, which go to the queue of retries at once, where they hold up no other
    /// endpoint.
    pub(super) retries: Vec<Message>,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.retries.is_empty()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.first.append(&mut other.first);
        self.retries.append(&mut other.retries);
    }

    /// Takes what fills whole calls of SQS.
    pub(super) fn take_full(&mut self) -> Self {
        let full = |messages: &mut Vec<Message>| messages.drain(..messages.len() / BATCH * BATCH).collect();
        Self { first: full(&mut self.first), retries: full(&mut self.retries) }
    }
}

/// The messages for new deliveries of an event.
pub(super) fn messages(
    outbox: &Outbox,
    event: &StoredEvent,
    new: &NewDeliveries,
    failing: &HashSet<&str>,
    now: Timestamp,
) -> Outgoing {
    let (failing, healthy): (Vec<&String>, Vec<&String>) =
        new.endpoint_ids.iter().partition(|id| failing.contains(id.as_str()));
    let fan_out = |endpoint_ids: &[&String]| {
        Message::V2(FanOutTask {
            account: outbox.account.clone(),
            outbox_id: outbox.id.clone(),
            event_id: event.id.clone(),
            shared: new.shared.clone(),
            endpoint_ids: endpoint_ids.iter().map(|id| (*id).clone()).collect(),
            due: now,
        })
    };
    let split = |ids: &[&String]| ids.chunks(FanOutTask::MOST).map(fan_out).collect();
    Outgoing { first: split(&healthy), retries: split(&failing) }
}
