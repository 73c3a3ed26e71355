//! Numbers by five minutes and by six hours, and those of one endpoint.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use super::sums::sweep_later;
use super::{counts, of, stats};
use crate::deliveries::create_work_order;

/// The steps with deliveries: when each begins, its counts and attempts.
fn busy(told: &Value) -> Vec<(String, [u64; 4], u64)> {
    let steps = told["steps"].as_array().unwrap().iter();
    let steps =
        steps.map(|step| (step["at"].as_str().unwrap().to_owned(), counts(step), step["attempts"].as_u64().unwrap()));
    steps.filter(|(_, counts, _)| *counts != [0; 4]).collect()
}

/// Two endpoints, of which the second one refuses each delivery once; a delivery to each at 14:30, 14:40 and 15:30.
async fn with_two_endpoints() -> (TestApp, String, String) {
    let app = TestApp::builder().retry_schedule("60").start().await;
    app.sweep().await;
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer_with([500, 204, 500, 204, 500]);
    let (good, bad) = (app.endpoint(&good.url(), ["*"]).await.id, app.endpoint(&bad.url(), ["*"]).await.id);
    for (number, minutes) in [("WO-1", 10), ("WO-2", 50), ("WO-3", 0)] {
        create_work_order(&app, number).await;
        app.drain().await;
        if minutes > 0 {
            app.advance(Duration::from_secs(70)).await;
            app.drain().await;
            app.advance(Duration::from_secs(minutes * 60 - 70)).await;
        }
    }
    (app, good, bad)
}

#[tokio::test]
async fn five_minutes_and_one_endpoint_are_told_from_sums_as_from_a_walk() {
    let (app, good, bad) = with_two_endpoints().await;
    let query = |endpoint: &str| format!("?hours=2&step=5m&endpointId={endpoint}");
    let walked = (stats(&app, &query(&good)).await.body, stats(&app, &query(&bad)).await.body);
    let expected = [("2025-10-20T14:30:00Z", [1, 0, 0, 0], 1), ("2025-10-20T14:40:00Z", [1, 0, 0, 0], 1)];
    let expected: Vec<_> = expected.map(|(at, counts, attempts)| (at.to_owned(), counts, attempts)).into();
    assert_eq!(busy(&walked.0)[..2], expected);
    let attempts: Vec<u64> = busy(&walked.1).iter().map(|(_, _, attempts)| *attempts).collect();
    assert_eq!((attempts, walked.1.get("hours")), (vec![2, 2, 1], None));
    assert_eq!((walked.1["steps"].as_array().unwrap().len(), &walked.1["since"]), (24, &json!("2025-10-20T13:35:00Z")));
    assert_eq!(counts(of(&walked.1, &bad)), [2, 0, 1, 0]);
    assert_eq!((walked.1["endpoints"].as_array().unwrap().len(), &walked.1["complete"]), (1, &json!(true)));
    assert!(
        walked.0["latencyMs"]["p95"].is_u64() && walked.0["steps"][11]["latencyMs"]["p50"].is_u64(),
        "{}",
        walked.0
    );
    assert_eq!(walked.0["steps"][0]["latencyMs"], Value::Null, "nothing arrived then");

    app.sweep().await;
    let summed = (stats(&app, &query(&good)).await.body, stats(&app, &query(&bad)).await.body);
    assert_eq!(summed, walked);
    // They do come from sums: without walking there is nothing in the latest minutes alone.
    let fine = stats(&app, "?hours=2&step=5m").await.body;
    assert_eq!(busy(&fine).iter().map(|(_, counts, _)| counts[0]).collect::<Vec<_>>(), [2, 2, 1]);
    let by_hour = stats(&app, &format!("?hours=2&endpointId={bad}")).await.body;
    assert_eq!(by_hour["hours"].as_array().unwrap().iter().map(|hour| counts(hour)[0]).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(by_hour["latencyMs"], of(&by_hour, &bad)["latencyMs"]);
}

#[tokio::test]
async fn days_are_told_by_six_hours() {
    let (app, endpoint) = (TestApp::start().await, ["ep_01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned()]);
    let two_days = SignedDuration::from_hours(48);
    app.make_deliveries_over(&endpoint, 24, two_days).await;
    app.count_deliveries_since(app.now() - two_days).await;
    let told = stats(&app, "?hours=48&step=6h").await.body;
    assert_eq!((told["steps"].as_array().unwrap().len(), &told["since"]), (8, &json!("2025-10-18T18:00:00Z")));
    let busy = busy(&told);
    assert_eq!(busy[1..7].iter().map(|(_, counts, _)| counts[0]).collect::<Vec<_>>(), [3; 6], "one every two hours");
    assert_eq!(counts(of(&told, &endpoint[0]))[0], busy.iter().map(|(_, counts, _)| counts[0]).sum::<u64>());
}

#[tokio::test]
async fn the_next_attempt_of_one_endpoint_is_told_though_its_event_is_older() {
    let app = TestApp::builder().retry_schedule("36000").start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_hours(3)).await;
    let told = stats(&app, &format!("?hours=1&step=5m&endpointId={endpoint}")).await.body;
    assert_eq!(counts(of(&told, &endpoint)), [0; 4]);
    assert!(of(&told, &endpoint)["nextAttemptAt"].as_str().unwrap() >= "2025-10-21T00:30:00Z", "{told}");
    assert_eq!(stats(&app, "?hours=1").await.body["endpoints"], json!([]));
}

#[tokio::test]
async fn steps_of_five_minutes_are_of_a_day_at_most() {
    let app = TestApp::start().await;
    assert_eq!(stats(&app, "?step=5m").await.body["steps"].as_array().unwrap().len(), 288);
    let reply = app.get("/api/stats?step=5m&hours=25").await.expect(400);
    assert_eq!(reply.defects(), [("hours", "out_of_range")]);
    let reply = app.get("/api/stats?step=1d&endpointId=x").await.expect(400);
    assert_eq!(reply.defects(), [("endpointId", "invalid_value"), ("step", "invalid_value")]);
    sweep_later(&app).await;
    assert_eq!(stats(&app, "?step=5m").await.body["complete"], true);
}
