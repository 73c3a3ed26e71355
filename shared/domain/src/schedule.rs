//! When a delivery is tried again, `docs/contract.md#schedule`. Pure: the clock and the jitter are arguments.

use jiff::{SignedDuration, Timestamp};

use crate::attempt::{Answer, RetryAfter};
use crate::clock::SKEW;
use crate::delivery::{CLAIM, Delivery};

/// The longest wait that a schedule may hold, in seconds: one day.
pub const LONGEST_WAIT_SECONDS: u32 = 86_400;

/// The most waits that a schedule may hold.
pub const MOST_WAITS: usize = 10;

/// The longest delay that SQS keeps a message back for, in seconds.
pub const LONGEST_HOP_SECONDS: u32 = 900;

/// How often a delivery looks whether its disabled endpoint is enabled again.
pub const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The waits between the attempts of one delivery, in seconds. Each counts from the end of the failed attempt before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<u32>);

/// A text is no schedule.
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
    /// The receiver has it.
    Delivered,
    /// It failed and is tried again, not earlier than this.
    RetryAt(Timestamp),
    /// The last attempt of the series failed.
    Exhausted,
    /// 410: the receiver wants nothing more; the endpoint is to be disabled.
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

/// The wait that the receiver asked for, where it may.
fn asked_wait(answer: &Answer, now: Timestamp) -> Option<SignedDuration> {
    if !matches!(answer.status_code, Some(429 | 503)) {
        return None;
    }
    Some(match answer.retry_after? {
        RetryAfter::Seconds(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        RetryAfter::At(at) => at.duration_since(now),
    })
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attempt::AttemptError;
    use crate::delivery::Trigger;
    use crate::events::EventName;
    use crate::outbox::{Outbox, StoredEvent};
    use crate::trace::Origin;

    fn now() -> Timestamp {
        "2025-10-20T14:30:00.250Z".parse().unwrap()
    }

    fn answered(status_code: u16, retry_after: Option<RetryAfter>) -> Answer {
        let error = (!(200..300).contains(&status_code)).then_some(AttemptError::HttpStatus);
        Answer {
            status_code: Some(status_code),
            error,
            error_detail: None,
            response_body: None,
            retry_after,
            duration_ms: 12,
        }
    }

    fn unanswered(error: AttemptError) -> Answer {
        Answer {
            status_code: None,
            error: Some(error),
            error_detail: None,
            response_body: None,
            retry_after: None,
            duration_ms: 30_000,
        }
    }

    /// The wait in milliseconds after a first attempt that was answered so.
    fn first_wait(answer: &Answer, jitter: f64) -> i128 {
        match judge(&RetrySchedule::default(), 1, answer, now(), jitter) {
            Verdict::RetryAt(at) => at.duration_since(now()).as_millis(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn five_attempts_at_the_times_of_the_contract() {
        let schedule = RetrySchedule::default();
        let failed = unanswered(AttemptError::Timeout);
        let waits = [1, 2, 3, 4].map(|attempt| match judge(&schedule, attempt, &failed, now(), 0.0) {
            Verdict::RetryAt(at) => at.duration_since(now()).as_secs(),
            other => panic!("{other:?}"),
        });
        assert_eq!(waits, [60, 300, 1_800, 7_200]);
        assert_eq!(judge(&schedule, 5, &failed, now(), 0.0), Verdict::Exhausted);
        assert_eq!(judge(&schedule, 6, &failed, now(), 0.0), Verdict::Exhausted);
        assert_eq!(schedule.max_attempts(), 5);
    }

    #[test]
    fn only_a_2xx_is_a_success_and_410_ends_it() {
        let verdict = |status| judge(&RetrySchedule::default(), 5, &answered(status, None), now(), 0.0);
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(status), Verdict::Delivered, "{status}");
        }
        for status in [301, 302, 304, 400, 404, 409, 429, 500, 503] {
            assert_eq!(verdict(status), Verdict::Exhausted, "{status}");
        }
        assert_eq!(verdict(410), Verdict::Gone);
        assert_eq!(judge(&RetrySchedule::default(), 1, &answered(410, None), now(), 0.0), Verdict::Gone);
    }

    #[test]
    fn retry_after_lengthens_the_wait_up_to_twice_and_never_shortens_it() {
        let wait = |status, asked| first_wait(&answered(status, Some(asked)), 0.0);
        assert_eq!(wait(429, RetryAfter::Seconds(90)), 90_000);
        assert_eq!(wait(503, RetryAfter::Seconds(90)), 90_000);
        assert_eq!(wait(429, RetryAfter::Seconds(3)), 60_000);
        assert_eq!(wait(429, RetryAfter::Seconds(u32::MAX)), 120_000);
        assert_eq!(wait(500, RetryAfter::Seconds(90)), 60_000, "only 429 and 503 may ask");
        let date = |text: &str| RetryAfter::At(text.parse().unwrap());
        assert_eq!(wait(503, date("2025-10-20T14:31:30Z")), 89_750);
        assert_eq!(wait(503, date("1970-01-01T00:00:00Z")), 60_000);
        assert_eq!(wait(503, RetryAfter::At(Timestamp::MAX)), 120_000);
    }

    #[test]
    fn jitter_that_is_no_fraction_does_no_harm() {
        let failed = unanswered(AttemptError::Connect);
        assert_eq!(first_wait(&failed, f64::NAN), 60_000);
        assert_eq!(first_wait(&failed, -1.0), 60_000);
        assert_eq!(first_wait(&failed, f64::INFINITY), 66_000);
    }

    #[test]
    fn schedules_are_read_and_bounded() {
        assert_eq!(RetrySchedule::parse("60,300,1800,7200"), Ok(RetrySchedule::default()));
        assert_eq!(RetrySchedule::parse(" 1 , 86400").unwrap().max_attempts(), 3);
        for wrong in ["", "0", "86401", "-1", "1.5", "60,", "a", "60;300"] {
            assert_eq!(RetrySchedule::parse(wrong), Err(ScheduleError::Wait), "{wrong}");
        }
        assert_eq!(RetrySchedule::parse(&["1"; 11].join(",")), Err(ScheduleError::TooMany));
    }

    #[test]
    fn a_time_that_is_further_away_than_any_wait_is_due_at_once() {
        let schedule = RetrySchedule::default();
        let event = StoredEvent {
            id: "evt_1".to_owned(),
            name: EventName::VendorCreated,
            body: String::new(),
            project_id: None,
        };
        let delivery = Outbox::of("acc_1", Origin::start("req_1"), event.clone()).delivery(&event, "ep_1", Trigger::Scheduled, now());
        let is_put_right = |attempt_count, series_start, waits: bool, seconds| {
            let planned = now() + SignedDuration::from_secs(seconds);
            let waiting_since = waits.then(now);
            let next_attempt_at = Some(planned);
            let delivery = Delivery { attempt_count, series_start, next_attempt_at, waiting_since, ..delivery.clone() };
            let due = schedule.due(&delivery, now());
            assert!(due == planned || due == now());
            due != planned
        };
        // Attempts made, of them before this series, whether it waits for its endpoint, and the longest wait.
        for (made, before, waits, longest) in [
            (0, 0, false, 45),
            (1, 0, false, 120),
            (2, 0, false, 600),
            (4, 0, false, 14_400),
            (5, 4, false, 120),
            (5, 5, false, 45),
            (9, 0, false, 14_400),
            (0, 0, true, 900),
            (4, 0, true, 900),
        ] {
            assert!(!is_put_right(made, before, waits, longest), "{made} {before} {waits}");
            assert!(is_put_right(made, before, waits, longest + 11), "{made} {before} {waits}");
            assert!(!is_put_right(made, before, waits, -longest), "{made} {before} {waits}");
        }
        assert_eq!(schedule.longest_wait(), SignedDuration::from_hours(4));
    }

    #[test]
    fn hops_round_up_and_are_bounded() {
        let due = |millis: i64| now().checked_add(SignedDuration::from_millis(millis)).unwrap();
        assert_eq!(hop_delay(due(-5_000), now()), 0);
        assert_eq!(hop_delay(due(0), now()), 0);
        assert_eq!(hop_delay(due(1), now()), 1);
        assert_eq!(hop_delay(due(60_000), now()), 60);
        assert_eq!(hop_delay(due(60_001), now()), 61);
        assert_eq!(hop_delay(due(899_001), now()), 900);
        assert_eq!(hop_delay(due(7_200_000), now()), 900);
        assert_eq!(hop_delay(Timestamp::MAX, Timestamp::MIN), 900);
        assert_eq!(hop_delay(Timestamp::MIN, Timestamp::MAX), 0);
    }

    proptest! {
        #[test]
        fn a_retry_is_never_early_and_at_most_a_tenth_late(
            seconds in 1..=LONGEST_WAIT_SECONDS, jitter in 0.0..1.0_f64, milli in 0..4_000_000_000_000_i64,
        ) {
            let schedule = RetrySchedule::parse(&seconds.to_string()).unwrap();
            let now = Timestamp::from_millisecond(milli).unwrap();
            let Verdict::RetryAt(at) = judge(&schedule, 1, &unanswered(AttemptError::Dns), now, jitter) else {
                return Err(TestCaseError::fail("no retry"));
            };
            let wait = at.duration_since(now).as_secs_f64();
            prop_assert!(wait >= f64::from(seconds) && wait <= f64::from(seconds) * 1.1 + 1e-6, "{wait}");
        }

        #[test]
        fn whatever_the_receiver_asks_the_wait_stays_between_once_and_twice(asked: u32, jitter in 0.0..1.0_f64) {
            let wait = first_wait(&answered(429, Some(RetryAfter::Seconds(asked))), jitter);
            prop_assert!((60_000..=120_000).contains(&wait), "{wait}");
            prop_assert!(asked > 120 || wait >= i128::from(asked) * 1_000, "{wait}");
        }

        #[test]
        fn hops_reach_the_due_time_without_an_early_end(wait_ms in 0..100_000_000_i64) {
            let due = now().checked_add(SignedDuration::from_millis(wait_ms)).unwrap();
            let mut clock = now();
            for _ in 0..200 {
                let hop = hop_delay(due, clock);
                if hop == 0 { break; }
                clock = clock.checked_add(SignedDuration::from_secs(i64::from(hop))).unwrap();
            }
            let late = clock.duration_since(due);
            prop_assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_secs(1), "{late:?}");
        }
    }
}
