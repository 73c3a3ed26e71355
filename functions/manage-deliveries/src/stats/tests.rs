use domain::delivery::{LastAttempt, Trigger};
use domain::events::EventName;
use domain::ids::new_id;
use domain::outbox::{Outbox, StoredEvent};
use domain::trace::{Origin, TraceContext};

use super::*;

const NOW: &str = "2025-10-20T14:30:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn delivery(at: &str, endpoint_id: &str, status: DeliveryStatus) -> Delivery {
    let at = time(at);
    let event = StoredEvent {
        id: new_id("evt_", at),
        name: EventName::WorkorderCreated,
        body: String::new(),
        project_id: None,
        subject: None,
    };
    let pending = Outbox::of("acc_1", Origin { request_id: "req_1", trace: TraceContext::start() }, event.clone())
        .delivery(&event, endpoint_id, Trigger::Scheduled, at);
    let last_attempt = Some(LastAttempt { duration_ms: 40, status_code: Some(200), error: None, error_detail: None });
    Delivery { status, attempt_count: 1, next_attempt_at: None, last_attempt, ..pending }
}

fn stats(hours: u8, deliveries: &[Delivery]) -> Stats {
    let mut tally = Tally::new(Span::latest(hours, time(NOW)));
    for delivery in deliveries {
        tally.add(delivery);
    }
    tally.into_stats(None)
}

#[test]
fn a_span_ends_with_the_present_hour() {
    let span = Span::latest(24, time("2025-10-20T14:30:00.5Z"));
    assert_eq!((span.since, span.until), (time("2025-10-19T15:00:00Z"), time(NOW)));
    assert_eq!(Span::latest(1, time("2025-10-20T14:00:00Z")).since, time("2025-10-20T14:00:00Z"));
    assert_eq!(span.hour_of(time("2025-10-20T14:59:59.9Z")), Some(23));
    assert_eq!(span.hour_of(time("2025-10-19T15:00:00Z")), Some(0));
    for outside in ["2025-10-19T14:59:59.9Z", "2025-10-20T15:00:00Z"] {
        assert_eq!(span.hour_of(time(outside)), None, "{outside}");
    }
}

#[test]
fn each_delivery_counts_in_its_hour_and_for_its_endpoint() {
    let stats = stats(
        3,
        &[
            delivery("2025-10-20T14:29:00Z", "ep_1", DeliveryStatus::Pending),
            delivery("2025-10-20T14:00:00Z", "ep_2", DeliveryStatus::Delivered),
            delivery("2025-10-20T13:59:59Z", "ep_1", DeliveryStatus::Failed),
            delivery("2025-10-20T12:00:00Z", "ep_1", DeliveryStatus::Cancelled),
        ],
    );
    let none = Counts::default();
    let at = |text, counts| Hour { at: time(text), counts };
    let hours = [
        at("2025-10-20T12:00:00Z", Counts { cancelled: 1, ..none }),
        at("2025-10-20T13:00:00Z", Counts { failed: 1, ..none }),
        at("2025-10-20T14:00:00Z", Counts { delivered: 1, waiting: 1, ..none }),
    ];
    assert_eq!(stats.hours, hours);
    let [two, one] = &stats.endpoints[..] else { panic!("{:?}", stats.endpoints) };
    assert_eq!((two.endpoint_id.as_str(), one.endpoint_id.as_str()), ("ep_2", "ep_1"), "newest first");
    assert_eq!(one.counts, Counts { failed: 1, waiting: 1, cancelled: 1, ..none });
    assert_eq!(one.hours.len(), 3);
    assert_eq!(two.hours, [at("2025-10-20T14:00:00Z", Counts { delivered: 1, ..none })], "empty hours are left out");
}

#[test]
fn test_sends_are_not_counted() {
    let test = Delivery { test: true, ..delivery(NOW, "ep_1", DeliveryStatus::Failed) };
    let stats = stats(1, &[test]);
    assert_eq!((stats.endpoints.len(), &stats.hours[0].counts), (0, &Counts::default()));
}

#[test]
fn the_next_attempt_is_the_earliest_retry() {
    let retrying = |at| Delivery { next_attempt_at: Some(time(at)), ..delivery(NOW, "ep_1", DeliveryStatus::Retrying) };
    // A first attempt is no retry, even when it is on its way.
    let pending = Delivery { status: DeliveryStatus::Pending, ..retrying("2025-10-20T14:30:00Z") };
    let deliveries = [retrying("2025-10-20T14:36:00Z"), retrying("2025-10-20T14:31:00.7Z"), pending];
    let mut tally = Tally::new(Span::latest(1, time(NOW)));
    for delivery in &deliveries {
        tally.add(delivery);
    }
    tally.note_retries(&deliveries);
    let stats = tally.into_stats(None);
    assert_eq!(stats.endpoints[0].next_attempt_at, Some(time("2025-10-20T14:31:00Z")));
    assert_eq!(stats.endpoints[0].counts.waiting, 3);
}

#[test]
fn a_count_that_stopped_early_says_where() {
    let span = Span::latest(24, time(NOW));
    let stopped = Tally::new(span).into_stats(Some(time("2025-10-20T09:12:13.4Z")));
    assert_eq!((stopped.complete, stopped.counted_since), (false, time("2025-10-20T09:12:14Z")));
    let whole = Tally::new(span).into_stats(None);
    assert_eq!((whole.complete, whole.counted_since), (true, span.since));
}

#[test]
fn latency_is_of_successful_attempts() {
    let last = |duration_ms| Some(LastAttempt { duration_ms, status_code: None, error: None, error_detail: None });
    let failed = Delivery { last_attempt: last(30_000), ..delivery(NOW, "ep_1", DeliveryStatus::Failed) };
    let arrived = |ms| Delivery { last_attempt: last(ms), ..delivery(NOW, "ep_1", DeliveryStatus::Delivered) };
    assert_eq!(stats(1, std::slice::from_ref(&failed)).latency_ms, None);
    let of_one = stats(1, &[failed, arrived(7)]).latency_ms;
    assert_eq!(of_one, Some(Latency { p50: 7, p95: 7, p99: 7 }));
    let deliveries: Vec<Delivery> = [4, 1, 3, 2].map(arrived).into();
    assert_eq!(stats(1, &deliveries).latency_ms, Some(Latency { p50: 2, p95: 4, p99: 4 }));
}

#[test]
fn a_sum_counts_as_its_deliveries_do() {
    let deliveries = [
        delivery("2025-10-20T13:29:00Z", "ep_1", DeliveryStatus::Delivered),
        delivery("2025-10-20T13:59:59Z", "ep_2", DeliveryStatus::Failed),
        delivery("2025-10-20T14:00:00Z", "ep_1", DeliveryStatus::Pending),
    ];
    let mut sum = Sum::default();
    for delivery in &deliveries[..2] {
        sum.add(delivery);
    }
    let mut tally = Tally::new(Span::latest(2, time(NOW)));
    tally.add_sum(time("2025-10-20T13:00:00Z"), &sum);
    tally.add(&deliveries[2]);
    assert_eq!(tally.into_stats(None), stats(2, &deliveries));
    let mut outside = Tally::new(Span::latest(1, time(NOW)));
    outside.add_sum(time("2025-10-20T13:00:00Z"), &sum);
    assert_eq!(outside.into_stats(None), stats(1, &[]), "an hour that is not asked for");
}
