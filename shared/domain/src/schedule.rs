//! When a delivery is tried again, `docs/contract.md#schedule`. Pure: the clock and the jitter are arguments.

use jiff::{SignedDuration, Timestamp};

use crate::attempt::{Answer, RetryAfter};
use crate::clock::SKEW;
use crate::delivery::{CLAIM, Delivery};
use crate::pace::LONGEST_LINE;

/// The longest wait that a schedule may hold, in seconds: one day.
pub const LONGEST_WAIT_SECONDS: u32 = 86_400;

/// The most waits that a schedule may hold.
pub const MOST_WAITS: usize = 10;

/// The longest delay that SQS keeps a message back for, in seconds.
pub const LONGEST_HOP_SECONDS: u32 = 900;

/// How long before its time the sweeper sends the message of an attempt that is planned further ahead than a message can
/// be kept back. It sweeps every minute: two sweeps may fail.
pub const SENT_AHEAD: SignedDuration = SignedDuration::from_mins(3);

/// How often a delivery checks whether its disabled endpoint has been enabled again.
pub const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The waits between the attempts of one delivery, in seconds. Each counts from the end of the failed attempt before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<u32>);

/// Why a text is not a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A wait is not a whole number, is zero, or is longer than a day.
    #[error(
        "a retry schedule is a list of whole seconds from 1 to {LONGEST_WAIT_SECONDS}, such as \"60,300,1800,7200\""
    )]
    Wait,
    /// There are more waits than [`MOST_WAITS`].
    #[error("a retry schedule has at most {MOST_WAITS} waits")]
    TooMany,
}

impl Default for RetrySchedule {
    /// Five attempts: at once, then after 1 minute, 5 minutes, 30 minutes and 2 hours.
    fn default() -> Self {
        Self(vec![60, 300, 1_800, 7_200])
    }
}

impl RetrySchedule {
    /// Reads `RETRY_SCHEDULE_SECONDS`: 1 to [`MOST_WAITS`] waits with commas between them.
    ///
    /// # Errors
    /// When a wait is out of bounds, or there are too many.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let waits = text.split(',').map(wait).collect::<Result<Vec<u32>, _>>()?;
        if waits.len() > MOST_WAITS {
            return Err(ScheduleError::TooMany);
        }
        Ok(Self(waits))
    }

    /// How often a delivery is tried at most: once, and once after each wait.
    #[must_use]
    pub fn max_attempts(&self) -> u32 {
        u32::try_from(self.0.len()).map_or(u32::MAX, |waits| waits.saturating_add(1))
    }

    /// The longest wait that follows from any answer: what `Retry-After` may make of the longest one.
    #[must_use]
    pub fn longest_wait(&self) -> SignedDuration {
        longest(self.0.iter().copied().max().unwrap_or_default())
    }

    /// When the next attempt of `delivery` is due: as planned, or at once if that is further away than any wait before
    /// this attempt can be. Such a time was planned by a clock that ran ahead and has been set right since.
    #[must_use]
    pub fn due(&self, delivery: &Delivery, now: Timestamp) -> Timestamp {
        let planned = delivery.next_attempt_at.unwrap_or(now);
        if planned.duration_since(now) > self.farthest(delivery) { now } else { planned }
    }

    /// How far ahead the next attempt of `delivery` can have been planned.
    fn farthest(&self, delivery: &Delivery) -> SignedDuration {
        let wait = match delivery.attempt_count.saturating_sub(delivery.series_start) {
            _ if delivery.paced => LONGEST_LINE,
            _ if delivery.waiting_since.is_some() => LOOK_AGAIN,
            // The first of a series waits for none but the one that is under way.
            0 => CLAIM,
            attempt => self.wait_after(attempt).map_or_else(|| self.longest_wait(), longest),
        };
        wait + SKEW
    }

    /// The wait after failed attempt number `attempt` (from 1), in seconds; none after the last one.
    fn wait_after(&self, attempt: u32) -> Option<u32> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        self.0.get(index).copied()
    }
}

/// What `Retry-After` may make of a wait of so many seconds.
fn longest(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds) * 2)
}

fn wait(text: &str) -> Result<u32, ScheduleError> {
    let seconds = text.trim().parse().map_err(|_| ScheduleError::Wait)?;
    if (1..=LONGEST_WAIT_SECONDS).contains(&seconds) { Ok(seconds) } else { Err(ScheduleError::Wait) }
}

/// What follows from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver accepted it.
    Delivered,
    /// It failed and is tried again, not earlier than this.
    RetryAt(Timestamp),
    /// The last attempt of the series failed.
    Exhausted,
    /// 410: the receiver wants no more events; the endpoint is to be disabled.
    Gone,
}

/// Judges the answer to attempt number `attempt` (from 1 within its series) that ended at `now`. `jitter` of [0, 1) adds
/// up to a tenth of the scheduled wait, so that deliveries that failed together don't come back together.
///
/// `Retry-After` on 429 and 503 lengthens the wait to at most twice the scheduled one and never shortens it.
#[must_use]
pub fn judge(schedule: &RetrySchedule, attempt: u32, answer: &Answer, now: Timestamp, jitter: f64) -> Verdict {
    if answer.is_success() {
        return Verdict::Delivered;
    }
    if answer.status_code == Some(410) {
        return Verdict::Gone;
    }
    let Some(seconds) = schedule.wait_after(attempt) else { return Verdict::Exhausted };
    let scheduled = SignedDuration::from_secs(i64::from(seconds));
    let longest = longest(seconds);
    let extra = f64::from(seconds) / 10.0 * jitter.clamp(0.0, 1.0);
    let extra = SignedDuration::try_from_secs_f64(extra).unwrap_or(SignedDuration::ZERO);
    let asked = asked_wait(answer, now).unwrap_or(scheduled).clamp(scheduled, longest);
    let wait = asked.saturating_add(extra).min(longest);
    Verdict::RetryAt(now.checked_add(wait).unwrap_or(Timestamp::MAX))
}

/// The wait that the receiver asked for, with a status that allows it to.
fn asked_wait(answer: &Answer, now: Timestamp) -> Option<SignedDuration> {
    if !matches!(answer.status_code, Some(429 | 503)) {
        return None;
    }
    Some(match answer.retry_after? {
        RetryAfter::Seconds(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        RetryAfter::At(at) => at.duration_since(now),
    })
}

/// Whether an attempt that is planned for `due` waits in its table only: no message can be kept back for so long, and the
/// sweeper sends one [`SENT_AHEAD`] of its time.
#[must_use]
pub fn is_left_to_sweeper(due: Timestamp, now: Timestamp) -> bool {
    due.duration_since(now) > SignedDuration::from_secs(i64::from(LONGEST_HOP_SECONDS))
}

/// How long the retry queue keeps a delivery back that is due at `due`, in whole seconds from 0 to
/// [`LONGEST_HOP_SECONDS`]. Rounds up, so that a message never comes out early; a longer wait takes several hops.
#[must_use]
pub fn hop_delay(due: Timestamp, now: Timestamp) -> u32 {
    let left = due.duration_since(now);
    let seconds = left.as_secs().saturating_add(i64::from(left.subsec_nanos() > 0));
    u32::try_from(seconds.max(0)).map_or(LONGEST_HOP_SECONDS, |seconds| seconds.min(LONGEST_HOP_SECONDS))
}

#[cfg(test)]
mod tests;
