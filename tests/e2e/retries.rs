//! The schedule of attempts, `docs/contract.md#schedule`, with time stepped through it.

use std::collections::HashSet;
use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use domain::endpoint::FAILING_AFTER;
use domain::schedule::{SENT_AHEAD, is_left_to_sweeper};
use jiff::SignedDuration;
use serde_json::Value;
use tests::{Answer, Depth, Endpoint, Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::signatures::assert_signed;

const SECOND: Duration = Duration::from_secs(1);

/// A system whose one work order has been answered so at the first attempt.
async fn after_first_attempt(answer: Answer) -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([answer]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    (app, receiver, endpoint)
}

/// How long the next attempt is away, in whole seconds.
async fn wait(app: &TestApp) -> i64 {
    let next = app.only_delivery().await.next_attempt_at.unwrap();
    next.duration_since(app.now()).as_secs()
}

/// Goes to the next attempt and makes it, having seen that it isn't made before.
async fn next_attempt(app: &TestApp, receiver: &Receiver) {
    let (next, before) = (app.only_delivery().await.next_attempt_at.unwrap(), receiver.count());
    if is_left_to_sweeper(next, app.now()) {
        assert_eq!(app.depth("retry").await, Depth::default(), "no message waits for so long");
        app.advance_to(next - SENT_AHEAD + SignedDuration::from_secs(1)).await;
        app.sweep().await;
    }
    app.advance_to(next - SignedDuration::from_secs(1)).await;
    app.drain().await;
    assert_eq!(receiver.count(), before, "an attempt came early");
    app.advance(2 * SECOND).await;
    app.drain().await;
    assert_eq!(receiver.count(), before + 1);
}

#[tokio::test]
async fn five_attempts_at_the_contracts_times_and_then_failed_with_an_alert() {
    let (app, receiver, endpoint) = after_first_attempt(Answer::status(500).body("out of order")).await;
    let mut sent_at = vec![app.now()];
    for seconds in [60, 300, 1_800, 7_200] {
        let wait = wait(&app).await;
        assert!((seconds..=seconds + seconds / 10 + 1).contains(&wait), "{wait} s instead of {seconds} s");
        next_attempt(&app, &receiver).await;
        sent_at.push(app.now());
    }

    let requests = receiver.requests();
    for (number, received) in requests.iter().enumerate() {
        assert_eq!(received.header("x-webhook-retry"), number.to_string());
        assert_eq!(received.header("x-webhook-timestamp"), sent_at[number].as_second().to_string());
        assert_signed(received, &endpoint.secret);
    }
    let ids: HashSet<&str> = requests.iter().map(|received| received.header("x-webhook-id")).collect();
    assert_eq!(ids.len(), 1);

    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Failed, 5));
    assert_eq!(delivery.next_attempt_at, None);
    assert_eq!(delivery.attempts[4].status_code, Some(500));
    assert_eq!(delivery.attempts[4].response_body.as_deref(), Some("out of order"));
    let alerts = app.alerts().await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.delivery_id.as_ref()), (AlertKind::DeliveryFailed, Some(&delivery.id)));
    assert_eq!(alert.last_status_code, Some(500));

    app.advance(Duration::from_hours(24)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 5, "a failed delivery is not sent again");
}

#[tokio::test]
async fn a_delivery_that_arrives_at_last_is_delivered() {
    let (app, receiver, _) = after_first_attempt(Answer::status(500)).await;
    receiver.answer_with([204]);
    next_attempt(&app, &receiver).await;
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Delivered, 2));
    assert!(app.alerts().await.is_empty());
}

#[tokio::test]
async fn a_deployment_may_have_another_schedule() {
    let (app, receiver) = (TestApp::builder().retry_schedule("1,2").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    for _ in 0..2 {
        app.advance(4 * SECOND).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 3);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
}

#[tokio::test]
async fn retry_after_lengthens_a_wait_up_to_twice_and_never_shortens_it() {
    for (status, asked, least, most) in
        [(503, "90", 90, 97), (429, "90", 90, 97), (503, "10", 60, 67), (503, "3600", 120, 121), (500, "90", 60, 67)]
    {
        let (app, _receiver, _) = after_first_attempt(Answer::status(status).header("retry-after", asked)).await;
        let wait = wait(&app).await;
        assert!((least..=most).contains(&wait), "{status} with {asked}: {wait} s");
    }
}

#[tokio::test]
async fn a_410_ends_the_delivery_and_disables_the_endpoint_at_once() {
    let (app, receiver, endpoint) = after_first_attempt(Answer::status(410)).await;
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Failed, 1));
    let shown = app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body;
    assert_eq!(shown["status"], "disabled");
    assert_ne!(shown["disabledReason"], Value::Null);
    let kinds: Vec<AlertKind> = app.alerts().await.iter().map(|alert| alert.kind).collect();
    assert!(kinds.contains(&AlertKind::EndpointDisabled), "{kinds:?}");

    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.deliveries().await.len(), 1, "a disabled endpoint gets no deliveries");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let other = Receiver::start().await;
    let (app, _receiver, _) = after_first_attempt(Answer::redirect(&other.url())).await;
    assert_eq!(other.count(), 0);
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempts[0].status_code), (DeliveryStatus::Retrying, Some(302)));
}

#[tokio::test]
async fn a_wait_of_more_than_a_queue_can_hold_is_spent_in_its_table() {
    let (app, receiver) = (TestApp::builder().retry_schedule("7200").start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let next = app.only_delivery().await.next_attempt_at.unwrap();

    app.advance_to(next - SENT_AHEAD - SignedDuration::from_secs(1)).await;
    app.sweep().await;
    assert_eq!(app.depth("retry").await, Depth::default());
    app.advance(SECOND).await;
    // The second sweep leaves it alone: its message waits in the queue.
    for _ in 0..2 {
        app.sweep().await;
        assert_eq!(app.depth("retry").await, Depth { delayed: 1, ..Depth::default() });
    }
    next_attempt(&app, &receiver).await;
    assert_eq!(receiver.requests()[1].header("x-webhook-retry"), "1");
    assert_eq!(app.only_delivery().await.attempt_count, 2);
}

#[tokio::test]
async fn a_message_that_the_sweeper_sent_ahead_and_that_was_lost_is_sent_again() {
    let (app, receiver) = (TestApp::builder().retry_schedule("7200").start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance_to(app.only_delivery().await.next_attempt_at.unwrap() - SENT_AHEAD).await;
    app.sweep().await;
    app.purge_queues().await;
    app.advance(Duration::from_mins(15)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn a_long_wait_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = TestApp::builder().at_present().retry_schedule("7200").data_dir(directory.path()).start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let app = app.restart(|settings| settings.workers(true)).await;
    let app = app.restart(|settings| settings.workers(false)).await;
    next_attempt(&app, &receiver).await;
}

#[tokio::test]
async fn an_endpoint_whose_every_attempt_fails_for_five_days_is_disabled_with_an_alert() {
    let (app, receiver, endpoint) = after_first_attempt(Answer::status(500)).await;
    for day in 1..=5 {
        app.advance(Duration::from_hours(24)).await;
        app.drain().await;
        create_work_order(&app, &format!("WO-day-{day}")).await;
        app.drain().await;
    }
    assert!(receiver.count() > usize::try_from(FAILING_AFTER).unwrap());
    let shown = app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body;
    assert_eq!(shown["status"], "disabled");
    let alerts = app.alerts().await;
    let disabled = alerts.iter().filter(|alert| alert.kind == AlertKind::EndpointDisabled);
    assert_eq!(disabled.count(), 1);
    app.advance(Duration::from_hours(3)).await;
    app.drain().await;
}
