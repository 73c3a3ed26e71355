use domain::attempt::{AnswerHeaders, AttemptError};
use domain::endpoint::{EventFilter, Health, HealthState, PreviousSecrets, SealedSecret, StoredHeaders};
use domain::events::EventName;
use domain::format::Format;
use domain::outbox::Outbox;
use domain::trace::{Origin, TraceContext};

use super::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn now() -> Timestamp {
    "2025-10-20T14:30:00Z".parse().unwrap()
}

fn event() -> StoredEvent {
    // Raised at `now`.
    let id = "evt_01K810DVJ0Q2V5K8N4C6D0EFGA".to_owned();
    StoredEvent { id, name: EventName::VendorCreated, body: "{}".to_owned(), project_id: None, subject: None }
}

fn outbox() -> Outbox {
    Outbox::of("acc_1", Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" }, event())
}

fn delivery() -> Delivery {
    outbox().delivery(&event(), "ep_1", Trigger::Scheduled, now())
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: "ep_1".to_owned(),
        url: "https://erp.example.com/hooks".to_owned(),
        events: vec![EventFilter::try_from("vendor.*".to_owned()).unwrap()],
        project_ids: Vec::new(),
        filter: None,
        changed: Vec::new(),
        skip_keys: Vec::new(),
        description: None,
        headers: StoredHeaders::None,
        max_per_second: None,
        format: Format::Full,
        secret: SealedSecret { sealed: "sealed".to_owned(), hint: "whsec_…abcd".to_owned() },
        previous_secrets: PreviousSecrets::default(),
        created_at: now(),
        updated_at: now(),
        version: 1,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        disabled_at: None,
        health: Health::default(),
    }
}

fn unreadable() -> StoreError {
    StoreError::Unreadable { table: "endpoints", key: "ep_1".to_owned(), what: "url".to_owned(), cause: None }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn policy(lane: Lane) -> Policy {
    Policy { schedule: RetrySchedule::default(), kept: DAY * 30, lane, filters: Filters::default() }
}

/// The step for the message of `delivery`, when everything could be read.
fn step(delivery: &Delivery, endpoint: Option<&Endpoint>) -> String {
    let outbox = outbox();
    let loaded = Loaded { delivery, endpoint: Ok(endpoint), outbox: Ok(Some(&outbox)) };
    match next_step(&delivery.task(), loaded, &policy(Lane::First), now()).unwrap() {
        Step::Attempt { .. } => "attempt".to_owned(),
        step => format!("{step:?}"),
    }
}

fn put_off(wait: SignedDuration) -> String {
    format!("{:?}", Step::PutOff(now() + wait))
}

#[test]
fn a_due_delivery_is_attempted() {
    assert_eq!(step(&delivery(), Some(&endpoint())), "attempt");
    let early = Delivery { next_attempt_at: Some(now() + SignedDuration::from_millis(50)), ..delivery() };
    assert_eq!(step(&early, Some(&endpoint())), "attempt");
}

#[test]
fn a_message_that_is_out_of_date_is_dropped() {
    let sent = delivery().task();
    for moved_on in [
        Delivery { attempt_count: 1, ..delivery() },
        Delivery { series: 1, ..delivery() },
        Delivery { status: DeliveryStatus::Cancelled, ..delivery() },
    ] {
        let loaded = Loaded { delivery: &moved_on, endpoint: Err(unreadable()), outbox: Err(unreadable()) };
        assert_eq!(next_step(&sent, loaded, &policy(Lane::Later), now()).unwrap(), Step::Drop);
    }
}

#[test]
fn a_claimed_or_early_delivery_is_put_off() {
    let claimed = Delivery { claimed_until: Some(now() + SignedDuration::from_secs(30)), ..delivery() };
    assert_eq!(step(&claimed, None), put_off(SignedDuration::from_secs(30)), "even if its endpoint is gone");
    let early = Delivery { attempt_count: 1, next_attempt_at: Some(now() + MINUTE), ..delivery() };
    assert_eq!(step(&early, Some(&endpoint())), put_off(MINUTE));
}

#[test]
fn a_delivery_that_nobody_wants_is_cancelled() {
    let cancelled = format!("{:?}", Step::End(DeliveryStatus::Cancelled));
    assert_eq!(step(&delivery(), None), cancelled);
    let changed = Endpoint { events: vec![EventFilter::try_from("project.*".to_owned()).unwrap()], ..endpoint() };
    assert_eq!(step(&delivery(), Some(&changed)), cancelled);
    for trigger in [Trigger::Manual, Trigger::Replay, Trigger::Test] {
        assert_eq!(step(&Delivery { trigger, ..delivery() }, Some(&changed)), "attempt", "people asked for it");
    }
}

#[test]
fn a_delivery_waits_for_its_disabled_endpoint_for_five_days() {
    let disabled = Endpoint { status: EndpointStatus::Disabled, ..endpoint() };
    let waits = format!("{:?}", Step::WaitForEndpoint(now() + LOOK_AGAIN));
    assert_eq!(step(&delivery(), Some(&disabled)), waits);
    let since = |ago| Delivery { waiting_since: Some(now() - ago), ..delivery() };
    assert_eq!(step(&since(WAIT_FOR_ENDPOINT - MINUTE), Some(&disabled)), waits);
    let failed = format!("{:?}", Step::End(DeliveryStatus::Failed));
    assert_eq!(step(&since(WAIT_FOR_ENDPOINT), Some(&disabled)), failed);
    assert_eq!(step(&since(WAIT_FOR_ENDPOINT), Some(&endpoint())), "attempt");
}

#[test]
fn each_lane_passes_on_what_would_hold_it_up() {
    let failing = Health { state: HealthState::Failing, ..Health::default() };
    let slow_since =
        |ago: i64| Health { last_slow_at: Some(now() - SignedDuration::from_secs(ago)), ..Health::default() };
    let slow_and_failing = Health { state: HealthState::Failing, ..slow_since(0) };
    let (delivery, outbox) = (delivery(), outbox());
    let step = |lane, health: &Health| {
        let endpoint = Endpoint { health: health.clone(), ..endpoint() };
        let loaded = Loaded { delivery: &delivery, endpoint: Ok(Some(&endpoint)), outbox: Ok(Some(&outbox)) };
        match next_step(&delivery.task(), loaded, &policy(lane), now()).unwrap() {
            Step::Attempt { .. } => "attempt",
            Step::PutOff(due) if due == now() => "later",
            Step::PassToSlow => "slow",
            other => panic!("{other:?}"),
        }
    };
    for (health, [first, later, slow]) in [
        (&Health::default(), ["attempt", "attempt", "attempt"]),
        (&failing, ["later", "attempt", "attempt"]),
        (&slow_since(0), ["slow", "slow", "attempt"]),
        (&slow_since(299), ["slow", "slow", "attempt"]),
        (&slow_since(300), ["attempt", "attempt", "attempt"]),
        // By a clock that has been set back since.
        (&slow_since(-60), ["attempt", "attempt", "attempt"]),
        (&slow_and_failing, ["slow", "slow", "attempt"]),
    ] {
        let steps = [Lane::First, Lane::Later, Lane::Slow].map(|lane| step(lane, health));
        assert_eq!(steps, [first, later, slow], "{health:?}");
    }
}

#[test]
fn what_can_not_be_read_brings_a_due_task_back() {
    let (delivery, endpoint) = (delivery(), endpoint());
    let loaded = Loaded { delivery: &delivery, endpoint: Err(unreadable()), outbox: Ok(None) };
    next_step(&delivery.task(), loaded, &policy(Lane::Later), now()).unwrap_err();
    let loaded = Loaded { delivery: &delivery, endpoint: Ok(Some(&endpoint)), outbox: Err(unreadable()) };
    next_step(&delivery.task(), loaded, &policy(Lane::Later), now()).unwrap_err();
}

fn answer(status_code: u16) -> Answer {
    Answer {
        status_code: Some(status_code),
        error: (status_code != 200).then_some(AttemptError::HttpStatus),
        error_detail: None,
        response_body: None,
        response_headers: AnswerHeaders::new(),
        retry_after: None,
        duration_ms: 5,
    }
}

fn decision(delivery: &Delivery, status_code: u16) -> Decision {
    after_attempt(delivery, &answer(status_code), &policy(Lane::Later), now(), 0.0)
}

#[test]
fn a_success_ends_a_delivery_and_a_probe_is_no_traffic() {
    for (trigger, news) in [
        (Trigger::Scheduled, EndpointNews::Works),
        (Trigger::Manual, EndpointNews::Works),
        (Trigger::Replay, EndpointNews::Probed),
        (Trigger::Test, EndpointNews::Probed),
    ] {
        let expected = Decision { status: DeliveryStatus::Delivered, next_attempt_at: None, endpoint: news };
        assert_eq!(decision(&Delivery { trigger, ..delivery() }, 200), expected);
    }
}

#[test]
fn a_failure_is_retried_until_the_series_is_exhausted() {
    let retrying = |wait, first| Decision {
        status: DeliveryStatus::Retrying,
        next_attempt_at: Some(now() + wait),
        endpoint: EndpointNews::Fails { first },
    };
    let after = |attempt_count, series_start| Delivery { attempt_count, series_start, ..delivery() };
    assert_eq!(decision(&after(0, 0), 500), retrying(MINUTE, true));
    assert_eq!(decision(&after(1, 0), 500), retrying(MINUTE * 5, false));
    assert_eq!(decision(&after(5, 5), 500), retrying(MINUTE, false), "a manual retry begins a series");
    let news = EndpointNews::Fails { first: false };
    let failed = Decision { status: DeliveryStatus::Failed, next_attempt_at: None, endpoint: news };
    assert_eq!(decision(&after(4, 0), 500), failed);
}

#[test]
fn what_would_outlive_its_event_fails_while_somebody_can_be_told() {
    let (delivery, kept) = (delivery(), DAY * 8);
    let policy = Policy { kept, ..policy(Lane::Later) };
    let after = |ended| after_attempt(&delivery, &answer(500), &policy, ended, 0.0);
    let last = now() + kept - MINUTE;
    assert_eq!(after(last - SignedDuration::from_millis(1)).status, DeliveryStatus::Retrying);
    let failed = after(last);
    assert_eq!((failed.status, failed.next_attempt_at), (DeliveryStatus::Failed, None));

    let disabled = Endpoint { status: EndpointStatus::Disabled, ..endpoint() };
    let step = |now| {
        let loaded = Loaded { delivery: &delivery, endpoint: Ok(Some(&disabled)), outbox: Ok(None) };
        next_step(&delivery.task(), loaded, &policy, now).unwrap()
    };
    let last = now() + kept - LOOK_AGAIN;
    assert!(matches!(step(last - MINUTE), Step::WaitForEndpoint(_)));
    assert_eq!(step(last), Step::End(DeliveryStatus::Failed));
}

#[test]
fn a_failed_replay_says_nothing_about_the_endpoint() {
    for trigger in [Trigger::Replay, Trigger::Test] {
        assert_eq!(decision(&Delivery { trigger, ..delivery() }, 500).endpoint, EndpointNews::Nothing);
    }
    let retried = Delivery { trigger: Trigger::Manual, attempt_count: 5, series_start: 5, ..delivery() };
    assert_eq!(decision(&retried, 500).endpoint, EndpointNews::Fails { first: false });
}

#[test]
fn gone_fails_the_delivery_and_counts_it_once() {
    for (attempt_count, trigger, counts) in [
        (0, Trigger::Scheduled, true),
        (1, Trigger::Scheduled, false),
        (1, Trigger::Manual, true),
        (1, Trigger::Replay, true),
    ] {
        let news = EndpointNews::Gone { counts };
        let failed = Decision { status: DeliveryStatus::Failed, next_attempt_at: None, endpoint: news };
        assert_eq!(decision(&Delivery { attempt_count, trigger, ..delivery() }, 410), failed);
    }
}
