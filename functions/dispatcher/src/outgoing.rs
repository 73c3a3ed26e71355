//! The messages by which deliverers learn of new deliveries.

use std::collections::HashMap;

use domain::delivery::{FanOutTask, Message};
use domain::endpoint::{Endpoint, Lane};
use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;
use store::deliveries::NewDeliveries;
use store::queue::BATCH;

/// The queues in which deliveries to the endpoints of a page begin: those that differ from the first one.
pub(super) struct Lanes<'a>(HashMap<&'a str, Lane>);

impl<'a> Lanes<'a> {
    pub(super) fn new(endpoints: &'a [Endpoint], now: Timestamp) -> Self {
        let lanes = endpoints.iter().map(|endpoint| (endpoint.id.as_str(), endpoint.health.lane(now)));
        Self(lanes.filter(|(_, lane)| *lane != Lane::First).collect())
    }

    fn of(&self, endpoint_id: &str) -> Lane {
        self.0.get(endpoint_id).copied().unwrap_or(Lane::First)
    }
}

/// Messages that are still to be sent.
#[derive(Default)]
pub(super) struct Outgoing {
    /// About first attempts.
    pub(super) first: Vec<Message>,
    /// About first attempts to failing endpoints, which go to the queue of later attempts at once, where they hold up no
    /// other endpoint.
    pub(super) later: Vec<Message>,
    /// About first attempts to slow endpoints, each of its own: a message is held until its slowest answer.
    pub(super) slow: Vec<Message>,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.later.is_empty() && self.slow.is_empty()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.first.append(&mut other.first);
        self.later.append(&mut other.later);
        self.slow.append(&mut other.slow);
    }

    /// Takes what fills whole calls of SQS.
    pub(super) fn take_full(&mut self) -> Self {
        let full = |messages: &mut Vec<Message>| messages.drain(..messages.len() / BATCH * BATCH).collect();
        Self { first: full(&mut self.first), later: full(&mut self.later), slow: full(&mut self.slow) }
    }
}

/// The messages for new deliveries of an event.
pub(super) fn messages(
    outbox: &Outbox,
    event: &StoredEvent,
    new: &NewDeliveries,
    lanes: &Lanes<'_>,
    now: Timestamp,
) -> Outgoing {
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
    let split = |lane, most| {
        let ids: Vec<&String> = new.endpoint_ids.iter().filter(|id| lanes.of(id) == lane).collect();
        ids.chunks(most).map(fan_out).collect()
    };
    Outgoing {
        first: split(Lane::First, FanOutTask::MOST),
        later: split(Lane::Later, FanOutTask::MOST),
        slow: split(Lane::Slow, 1),
    }
}
