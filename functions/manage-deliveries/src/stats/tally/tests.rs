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
    let pending = Outbox::of(
        "acc_1",
        Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
        event.clone(),
    )
    .delivery(&event, endpoint_id, Trigger::Scheduled, at);
    let last_attempt = Some(LastAttempt { duration_ms: 40, status_code: Some(200), error: None, error_detail: None });
    Delivery { status, attempt_count: 1, next_attempt_at: None, last_attempt, ..pending }
}

fn span(hours: u8) -> Span {
    Span::latest(hours, Step::Hour, time(NOW))
}

fn counted(mut tally: Tally<'_>, deliveries: &[Delivery]) -> Stats {
    for delivery in deliveries {
        tally.add(delivery);
    }
    tally.into_stats(None)
}

fn stats(hours: u8, deliveries: &[Delivery]) -> Stats {
    counted(Tally::new(span(hours), None), deliveries)
}

/// The numbers of steps, whatever they are called.
fn numbers<T>(series: &Series<T>) -> &[T] {
    match series {
        Series::Hours(steps) | Series::Steps(steps) => steps,
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
    let of = |counts: Counts| Counts { attempts: 1, ..counts };
    let hours: Vec<(Timestamp, Counts)> = numbers(&stats.steps).iter().map(|hour| (hour.at, hour.counts)).collect();
    let expected = [
        (time("2025-10-20T12:00:00Z"), of(Counts { cancelled: 1, ..none })),
        (time("2025-10-20T13:00:00Z"), of(Counts { failed: 1, ..none })),
        (time("2025-10-20T14:00:00Z"), Counts { delivered: 1, waiting: 1, attempts: 2, ..none }),
    ];
    assert_eq!(hours, expected);
    let [two, one] = &stats.endpoints[..] else { panic!("{:?}", stats.endpoints) };
    assert_eq!((two.endpoint_id.as_str(), one.endpoint_id.as_str()), ("ep_2", "ep_1"), "newest first");
    assert_eq!(one.counts, Counts { failed: 1, waiting: 1, cancelled: 1, attempts: 3, ..none });
    assert_eq!(numbers(&one.steps).len(), 3);
    let delivered = CountedStep { at: time("2025-10-20T14:00:00Z"), counts: of(Counts { delivered: 1, ..none }) };
    assert_eq!(numbers(&two.steps), [delivered], "empty hours are left out");
}

#[test]
fn of_one_endpoint_nothing_else_is_counted() {
    let last = |duration_ms| Some(LastAttempt { duration_ms, status_code: None, error: None, error_detail: None });
    let arrived = |id, ms| Delivery { last_attempt: last(ms), ..delivery(NOW, id, DeliveryStatus::Delivered) };
    let deliveries = [arrived("ep_1", 10), arrived("ep_1", 500), arrived("ep_2", 9_000)];
    let stats = counted(Tally::new(span(1), Some("ep_1")), &deliveries);
    assert_eq!(stats.endpoints.iter().map(|one| one.endpoint_id.as_str()).collect::<Vec<_>>(), ["ep_1"]);
    let hour = &numbers(&stats.steps)[0];
    assert_eq!((hour.counts.delivered, hour.counts.attempts), (2, 2));
    let p95 = stats.latency_ms.as_ref().map(|latency| latency.p95).unwrap();
    assert!((450..550).contains(&p95), "{p95}");
    assert_eq!((&hour.latency_ms, &stats.endpoints[0].latency_ms), (&stats.latency_ms, &stats.latency_ms));
}

#[test]
fn steps_that_are_no_hours_have_another_name() {
    let json = |step| {
        let tally = Tally::new(Span::latest(12, step, time(NOW)), None);
        let stats = counted(tally, &[delivery("2025-10-20T14:29:00Z", "ep_1", DeliveryStatus::Pending)]);
        serde_json::to_value(stats).unwrap()
    };
    let hours = json(Step::Hour);
    assert_eq!((hours["hours"].as_array().unwrap().len(), hours.get("steps")), (12, None));
    assert_eq!(hours["endpoints"][0]["hours"][0]["waiting"], 1);
    for (step, count, at) in
        [(Step::FiveMinutes, 144, "2025-10-20T14:25:00Z"), (Step::SixHours, 2, "2025-10-20T12:00:00Z")]
    {
        let told = json(step);
        assert_eq!((told["steps"].as_array().unwrap().len(), told.get("hours")), (count, None), "{step}");
        let own = &told["endpoints"][0]["steps"][0];
        assert_eq!((&own["at"], &own["waiting"]), (&serde_json::json!(at), &serde_json::json!(1)), "{step}");
    }
}

#[test]
fn test_sends_are_not_counted() {
    let test = Delivery { test: true, ..delivery(NOW, "ep_1", DeliveryStatus::Failed) };
    let stats = stats(1, &[test]);
    assert_eq!((stats.endpoints.len(), numbers(&stats.steps)[0].counts), (0, Counts::default()));
}

#[test]
fn the_next_attempt_is_the_earliest_retry() {
    let retrying = |at| Delivery { next_attempt_at: Some(time(at)), ..delivery(NOW, "ep_1", DeliveryStatus::Retrying) };
    // A first attempt is no retry, even when it is on its way.
    let pending = Delivery { status: DeliveryStatus::Pending, ..retrying("2025-10-20T14:30:00Z") };
    let deliveries = [retrying("2025-10-20T14:36:00Z"), retrying("2025-10-20T14:31:00.7Z"), pending];
    let mut tally = Tally::new(span(1), None);
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
    let span = span(24);
    let stopped = Tally::new(span, None).into_stats(Some(time("2025-10-20T09:12:13.4Z")));
    assert_eq!((stopped.complete, stopped.counted_since), (false, time("2025-10-20T09:12:14Z")));
    let whole = Tally::new(span, None).into_stats(None);
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
    let mut tally = Tally::new(span(2), None);
    tally.add_sum(time("2025-10-20T13:00:00Z"), &sum);
    tally.add(&deliveries[2]);
    assert_eq!(tally.into_stats(None), stats(2, &deliveries));
    let mut outside = Tally::new(span(1), None);
    outside.add_sum(time("2025-10-20T13:00:00Z"), &sum);
    assert_eq!(outside.into_stats(None), stats(1, &[]), "an hour that is not asked for");
}
