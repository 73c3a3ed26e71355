use proptest::prelude::*;

use super::*;
use crate::attempt::{AnswerHeaders, AttemptError};
use crate::delivery::Trigger;
use crate::events::EventName;
use crate::outbox::{Outbox, StoredEvent};
use crate::trace::{Origin, TraceContext};

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
        response_headers: AnswerHeaders::new(),
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
        response_headers: AnswerHeaders::new(),
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
        subject: None,
    };
    let delivery = Outbox::of(
        "acc_1",
        Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
        event.clone(),
    )
    .delivery(&event, "ep_1", Trigger::Scheduled, now());
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
