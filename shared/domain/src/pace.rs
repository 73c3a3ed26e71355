//! The pace of an endpoint: at most so many attempts a second, over all workers.
//!
//! What the workers share is one item: when the next attempt may start, and until when those that wait have been given a
//! time. An attempt takes the next slot if that is near enough to wait for; else it stands in line and comes again. Pure: what
//! is to be written follows from what was read and from the clock, and the store makes sure that it still holds.

use std::num::NonZeroU16;

use jiff::{SignedDuration, Timestamp};

use crate::clock::SKEW;

/// The highest pace, in attempts a second. DynamoDB takes a thousand writes of an item a second: those that come one by one
/// leave room for others that only stand in line.
pub const MAX_PER_SECOND: u16 = 500;

/// How far ahead a delivery is given a time at most, which is as far as the default schedule plans a retry: the sweeper takes
/// what lies further ahead for the work of a clock that was set back.
pub const LONGEST_LINE: SignedDuration = SignedDuration::from_hours(4);

/// How far ahead a slot may lie that a manual retry takes: a person waits for it.
pub const NEAR_FOR_A_PERSON: SignedDuration = SignedDuration::from_secs(4);

/// How far ahead the next slot can lie: a second behind the farthest that anybody takes.
const FARTHEST_SLOT: SignedDuration = SignedDuration::from_secs(NEAR_FOR_A_PERSON.as_secs() + 1);

/// How long nobody takes a slot while a line is left when it counts as over: those who stood in it were lost with their
/// messages, or are not wanted any more. Should they come after all, they stand in line anew.
const DESERTED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// What the workers of an endpoint share. Times are epoch microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// When the next attempt may start.
    pub slot: i64,
    /// Until when those that wait have been given a time.
    pub end: i64,
    /// The time between two attempts by which `end` was moved last: how many wait follows from it.
    pub interval: i64,
    /// When this was written, by the clock of who wrote it.
    pub written_at: i64,
}

/// Attempts of one endpoint that want to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// The pace: attempts a second.
    pub per_second: NonZeroU16,
    /// How far ahead a slot may lie.
    pub near: SignedDuration,
    /// Whether they have stood in line. Others don't overtake those that do.
    pub has_waited: bool,
    /// The current time.
    pub now: Timestamp,
}

/// What is to be written for attempts that want to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// So many slots from now on: nobody else has any.
    Begin(u32),
    /// So many slots behind those that are taken.
    Follow(u32),
    /// So many places at the end of the line.
    LineUp(u32),
    /// No slot is taken and nobody stands in line, whatever was read.
    StartOver,
    /// Nothing: the line is as long as it may be.
    TurnAway,
}

/// What came of wanting to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The attempt starts at this time.
    Start(Timestamp),
    /// It comes again at this time, which is its place in the line.
    Wait(Timestamp),
    /// It comes again at some time: the line is as long as it may be.
    Away,
}

/// What waits for the pace of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many deliveries that is, about.
    pub deliveries: u64,
    /// When the last of them is sent, about.
    pub until: Timestamp,
}

impl Line {
    /// Whether it is of a clock that ran ahead, by which an endpoint would stand still for as long.
    fn is_ahead(&self, now: Timestamp) -> bool {
        let ahead = |by: SignedDuration| (now + by).as_microsecond();
        self.written_at > ahead(SKEW) || self.slot > ahead(SKEW + FARTHEST_SLOT)
    }

    /// Whether those who should have come from the line have not.
    fn is_deserted(&self, now: Timestamp) -> bool {
        let long_ago = (now - DESERTED_AFTER).as_microsecond();
        self.slot < long_ago && self.end > now.as_microsecond()
    }

    /// What waits, if anything does.
    #[must_use]
    pub fn waiting(&self, now: Timestamp) -> Option<Waiting> {
        let left = self.end - self.slot.max(now.as_microsecond());
        if left <= 0 || self.is_ahead(now) {
            return None;
        }
        let deliveries = left.unsigned_abs().div_ceil(self.interval.unsigned_abs().max(1));
        Timestamp::from_microsecond(self.end).ok().map(|until| Waiting { deliveries, until })
    }
}

impl Asking {
    /// The time between two attempts, in microseconds.
    #[must_use]
    pub fn interval(&self) -> i64 {
        1_000_000 / i64::from(self.per_second.get())
    }

    /// The last slot that is near enough, in epoch microseconds.
    #[must_use]
    pub fn latest(&self) -> i64 {
        (self.now + self.near).as_microsecond()
    }

    /// What is to be written for `count` attempts, when `seen` is what was read. `None` is nothing: it was not read yet, or
    /// there is none.
    #[must_use]
    pub fn next(&self, seen: Option<&Line>, count: u32) -> Move {
        let now = self.now.as_microsecond();
        let Some(seen) = seen else { return Move::Begin(self.fitting(now, count).max(1)) };
        if seen.is_ahead(self.now) || seen.is_deserted(self.now) {
            return Move::StartOver;
        }
        if self.has_waited || seen.end <= self.latest() {
            match self.fitting(seen.slot.max(now), count) {
                0 => {}
                fitting if seen.slot <= now => return Move::Begin(fitting),
                fitting => return Move::Follow(fitting),
            }
        }
        if seen.end > (self.now + LONGEST_LINE).as_microsecond() { Move::TurnAway } else { Move::LineUp(count) }
    }

    /// What came of a move after which the line is `line`, for each of the attempts that it was for.
    pub fn turns(&self, made: Move, line: &Line) -> impl Iterator<Item = Turn> {
        let (interval, now) = (self.interval(), self.now);
        let (count, last, turn): (u32, i64, fn(Timestamp) -> Turn) = match made {
            Move::Begin(count) | Move::Follow(count) => (count, line.slot - interval, Turn::Start),
            Move::LineUp(count) => (count, line.end, Turn::Wait),
            Move::StartOver | Move::TurnAway => (0, 0, Turn::Start),
        };
        let places = (0..i64::from(count)).rev().map(move |behind| last - behind * interval);
        places.map(move |at| turn(Timestamp::from_microsecond(at).unwrap_or(now)))
    }

    /// How many of `count` slots are near enough when the first of them is this one.
    fn fitting(&self, first: i64, count: u32) -> u32 {
        let room = self.latest() - first;
        if room < 0 { 0 } else { u32::try_from(room / self.interval() + 1).unwrap_or(u32::MAX).min(count) }
    }
}

#[cfg(test)]
mod tests;
