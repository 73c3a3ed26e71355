//! One queue as data: no clock, no waiting, no wire format.
//!
//! A message is *visible* (it waits in a line), or *hidden* until a time: delayed, or received and not deleted yet.
//! Each message group has a line of its own, and the lines take turns, so that one group's backlog doesn't hold up the
//! others (what SQS calls fair queues).

use std::collections::{BTreeSet, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// What a queue is created with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// How long a received message stays hidden.
    pub(super) visibility_timeout: SignedDuration,
    /// Where a message goes instead of being received once more.
    pub(super) redrive: Option<Redrive>,
}

/// The redrive policy: after how many receipts a message goes to which dead-letter queue.
#[derive(Debug, Clone)]
pub(super) struct Redrive {
    pub(super) dead_letter_queue: String,
    pub(super) max_receive_count: u32,
}

/// A message as it was sent, and how often it was received since.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) group: Option<String>,
    /// The sender's own attributes, as on the wire.
    pub(super) attributes: Map<String, Value>,
    pub(super) sent_at: Timestamp,
    pub(super) first_received_at: Option<Timestamp>,
    pub(super) receive_count: u32,
}

/// One receipt of one message. Its text is the receipt handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    number: u64,
    receive_count: u32,
}

impl Receipt {
    pub(super) fn to_handle(self) -> String {
        format!("{}-{}", self.number, self.receive_count)
    }

    pub(super) fn parse(handle: &str) -> Option<Self> {
        let (number, receive_count) = handle.split_once('-')?;
        Some(Self { number: number.parse().ok()?, receive_count: receive_count.parse().ok()? })
    }
}

/// What receiving found.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) messages: Vec<(Receipt, Message)>,
    /// Messages that have been received too often, for the dead-letter queue.
    pub(super) dead: Vec<Message>,
}

#[derive(Debug)]
struct Held {
    message: Message,
    hidden_until: Option<Timestamp>,
}

/// How many messages there are, as `GetQueueAttributes` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) settings: Settings,
    next_number: u64,
    held: HashMap<u64, Held>,
    hidden: BTreeSet<(Timestamp, u64)>,
    lines: Lines,
}

impl Queue {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, next_number: 0, held: HashMap::new(), hidden: BTreeSet::new(), lines: Lines::default() }
    }

    /// Adds a message that becomes visible at `visible_at`.
    pub(super) fn send(&mut self, now: Timestamp, visible_at: Timestamp, message: Message) {
        let number = self.next_number;
        self.next_number += 1;
        if visible_at > now {
            self.hidden.insert((visible_at, number));
            self.held.insert(number, Held { message, hidden_until: Some(visible_at) });
        } else {
            self.lines.push(message.group.as_deref(), number);
            self.held.insert(number, Held { message, hidden_until: None });
        }
    }

    /// Takes up to `max` visible messages and hides them for `visibility_timeout`.
    pub(super) fn receive(&mut self, now: Timestamp, max: usize, visibility_timeout: SignedDuration) -> Received {
        self.show(now);
        let mut received = Received::default();
        while received.messages.len() < max
            && let Some(number) = self.lines.pop()
        {
            // A message that was deleted while it waited in a line has left its number there.
            let Some(held) = self.held.get_mut(&number).filter(|held| held.hidden_until.is_none()) else { continue };
            let limit = self.settings.redrive.as_ref().map(|redrive| redrive.max_receive_count);
            if limit.is_some_and(|limit| held.message.receive_count >= limit) {
                received.dead.extend(self.held.remove(&number).map(|held| held.message));
                continue;
            }
            held.message.receive_count += 1;
            held.message.first_received_at.get_or_insert(now);
            let until = later(now, visibility_timeout);
            held.hidden_until = Some(until);
            self.hidden.insert((until, number));
            let receipt = Receipt { number, receive_count: held.message.receive_count };
            received.messages.push((receipt, held.message.clone()));
        }
        received
    }

    /// Deletes the message, unless it has been received again since.
    pub(super) fn delete(&mut self, receipt: Receipt) {
        if self.is_latest(receipt)
            && let Some(Held { hidden_until: Some(until), .. }) = self.held.remove(&receipt.number)
        {
            self.hidden.remove(&(until, receipt.number));
        }
    }

    /// Hides the message for `timeout` from now. Returns false if it isn't in flight under this receipt.
    pub(super) fn change_visibility(&mut self, now: Timestamp, receipt: Receipt, timeout: SignedDuration) -> bool {
        if !self.is_latest(receipt) {
            return false;
        }
        let Some(Held { hidden_until: Some(until), .. }) = self.held.get_mut(&receipt.number) else { return false };
        self.hidden.remove(&(*until, receipt.number));
        *until = later(now, timeout);
        self.hidden.insert((*until, receipt.number));
        true
    }

    /// Drops every message.
    pub(super) fn purge(&mut self) {
        self.held.clear();
        self.hidden.clear();
        self.lines = Lines::default();
    }

    /// When the next hidden message becomes visible.
    pub(super) fn next_visible_at(&self) -> Option<Timestamp> {
        self.hidden.first().map(|(at, _)| *at)
    }

    /// Whether there is a message that can be received.
    pub(super) fn has_visible(&self) -> bool {
        self.held.len() > self.hidden.len()
    }

    pub(super) fn counts(&mut self, now: Timestamp) -> Counts {
        self.show(now);
        let hidden = self.hidden.len();
        let unreceived =
            |(_, number): &&(Timestamp, u64)| self.held.get(number).is_some_and(|held| held.message.receive_count == 0);
        let delayed = self.hidden.iter().filter(unreceived).count();
        Counts { visible: self.held.len() - hidden, in_flight: hidden - delayed, delayed }
    }

    /// Makes the hidden messages visible whose time has come.
    fn show(&mut self, now: Timestamp) {
        while let Some((at, number)) = self.hidden.first().copied()
            && at <= now
        {
            self.hidden.pop_first();
            if let Some(held) = self.held.get_mut(&number) {
                held.hidden_until = None;
                self.lines.push(held.message.group.as_deref(), number);
            }
        }
    }

    fn is_latest(&self, receipt: Receipt) -> bool {
        self.held.get(&receipt.number).is_some_and(|held| held.message.receive_count == receipt.receive_count)
    }
}

/// `now` plus a wait, at most the largest timestamp.
pub(super) fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A line of message numbers for each group, and the order in which the groups take turns. Messages without a group
/// share one line.
#[derive(Debug, Default)]
struct Lines {
    lines: HashMap<String, VecDeque<u64>>,
    turns: VecDeque<String>,
}

impl Lines {
    fn push(&mut self, group: Option<&str>, number: u64) {
        let group = group.unwrap_or_default();
        if let Some(line) = self.lines.get_mut(group) {
            line.push_back(number);
        } else {
            self.lines.insert(group.to_owned(), VecDeque::from([number]));
            self.turns.push_back(group.to_owned());
        }
    }

    fn pop(&mut self) -> Option<u64> {
        let group = self.turns.pop_front()?;
        let line = self.lines.get_mut(&group)?;
        let number = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&group);
        } else {
            self.turns.push_back(group);
        }
        number
    }
}

#[cfg(test)]
mod tests;
