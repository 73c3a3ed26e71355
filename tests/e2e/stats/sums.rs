//! Statistics from what the sweeper has counted: the same as from a walk through the deliveries.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::statistics::{Counts, EndpointSum, Sum};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::sums::{Progress, Sums, Unit};
use store::tables;
use store::undispatched::{BUCKET, Undispatched};
use tests::{Receiver, TestApp};

use super::{counts, of, stats};
use crate::deliveries::create_work_order;
use crate::losses::OVERDUE;

fn sums(app: &TestApp) -> Sums {
    app.system().environment().sums().unwrap()
}

pub(super) fn undispatched(app: &TestApp) -> Undispatched {
    app.system().environment().undispatched().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A sum that no test's deliveries have.
pub(super) fn many_cancelled() -> Sum {
    let mut sum = Sum::default();
    let counts = Counts { cancelled: 1_000, ..Counts::default() };
    sum.endpoints.insert("ep_of_a_sum".to_owned(), EndpointSum { counts, ..EndpointSum::default() });
    sum
}

/// The statistics of two days.
pub(super) async fn told(app: &TestApp) -> Value {
    stats(app, "?hours=48").await.body
}

/// All that is counted: `[delivered, failed, waiting, cancelled]`.
pub(super) fn total(told: &Value) -> [u64; 4] {
    let hours = told["hours"].as_array().unwrap().iter().map(counts);
    hours.fold([0; 4], |sum, hour| std::array::from_fn(|i| sum[i] + hour[i]))
}

pub(super) async fn sweep_later(app: &TestApp) {
    app.advance(OVERDUE).await;
    app.sweep().await;
}

/// Replaces an attribute of a sum of the first account by nonsense.
async fn damage(app: &TestApp, sort_key: &str) {
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    db.update_item()
        .table_name(tables::DELIVERIES.name)
        .key("pk", AttributeValue::S(format!("{}#sums", app.account)))
        .key("sk", AttributeValue::S(sort_key.to_owned()))
        .update_expression("SET #sum = :nonsense")
        .condition_expression("attribute_exists(#sum)")
        .expression_attribute_names("#sum", "sum")
        .expression_attribute_values(":nonsense", AttributeValue::S("?".to_owned()))
        .send()
        .await
        .unwrap();
}

/// A system with deliveries of all outcomes in two hours: `[3, 2, 1, 1]`.
async fn with_all_outcomes() -> TestApp {
    let app = TestApp::builder().retry_schedule("60").start().await;
    app.sweep().await;
    let (good, bad, gone) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    bad.answer_with([500]);
    gone.answer_with([500]);
    app.endpoint(&good.url(), ["*"]).await;
    app.endpoint(&bad.url(), ["*"]).await;
    let gone = app.endpoint(&gone.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.delete(&format!("/api/endpoints/{}", gone.id)).await.expect(204);
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    app.advance(Duration::from_mins(56)).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    create_work_order(&app, "WO-3").await;
    app.drain().await;
    app.leave_work("the last retry is not made");
    app
}

#[tokio::test]
async fn sums_say_what_a_walk_says() {
    let app = with_all_outcomes().await;
    app.advance(OVERDUE).await;
    let walked = told(&app).await;
    assert_eq!(total(&walked), [3, 2, 1, 1]);
    assert!(walked["latencyMs"]["p50"].is_u64(), "{walked}");
    app.sweep().await;
    assert_eq!(told(&app).await, walked);
    // They do come from sums: these say something else now.
    let bucket = time("2025-10-20T14:30:00Z");
    sums(&app).put_bucket(&app.account, bucket, &many_cancelled()).await.unwrap();
    assert_eq!(told(&app).await, walked, "an hour is read, not its buckets");
    sums(&app).sum_up(&app.account, bucket).await.unwrap();
    let told = told(&app).await;
    assert_eq!(total(&told), [2, 1, 1, 1_000]);
    assert_eq!(counts(of(&told, "ep_of_a_sum")), [0, 0, 0, 1_000]);
}

#[tokio::test]
async fn the_latest_minutes_are_walked_and_the_others_are_not() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    sweep_later(&app).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    app.get("/api/alerts").await.expect(200);
    let _ = app.dynamodb_calls();
    assert_eq!(total(&told(&app).await), [2, 0, 0, 0]);
    let calls = app.dynamodb_calls();
    assert_eq!(total(&stats(&app, "?hours=168").await.body), [2, 0, 0, 0]);
    assert_eq!(app.dynamodb_calls(), calls, "a week takes no more than two days");
    // A sweeper that stands still: what it has not counted is walked.
    app.advance(Duration::from_hours(20)).await;
    assert_eq!(total(&told(&app).await), [2, 0, 0, 0]);
}

#[tokio::test]
async fn accounts_have_sums_of_their_own() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let other = app.tenant("Other").await;
    app.endpoint(&receiver.url(), ["*"]).await;
    other.endpoint(&receiver.url(), ["*"]).await;
    for number in ["WO-1", "WO-2"] {
        create_work_order(&app, number).await;
    }
    create_work_order(&other, "WO-1").await;
    app.drain().await;
    sweep_later(&app).await;
    assert_eq!(total(&told(&app).await), [2, 0, 0, 0]);
    let others = stats(&other, "").await.body;
    assert_eq!((total(&others), others["endpoints"].as_array().unwrap().len()), ([1, 0, 0, 0], 1));
}

/// The process has ended after it had written the sum of five minutes, and before it wrote that of their hour.
#[tokio::test]
async fn a_sweep_that_ended_half_way_is_made_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    sums(&app).put_bucket(&app.account, time("2025-10-20T14:30:00Z"), &many_cancelled()).await.unwrap();
    app.advance(OVERDUE).await;
    assert_eq!(total(&told(&app).await), [1, 0, 0, 0], "nothing of it is believed");
    app.sweep().await;
    assert_eq!(total(&told(&app).await), [1, 0, 0, 0]);
}

/// Two sweeps, or the markers of one that are worked on in parallel.
#[tokio::test]
async fn an_hour_that_is_summed_up_several_times_at_once_has_all_its_buckets() {
    let app = TestApp::start().await;
    let (sums, hour) = (&sums(&app), time("2025-10-20T14:00:00Z"));
    let written = (0..6).map(|number| {
        let (account, bucket) = (&app.account, hour + BUCKET * number);
        async move {
            sums.put_bucket(account, bucket, &many_cancelled()).await.unwrap();
            sums.sum_up(account, bucket).await.unwrap()
        }
    });
    assert!(join_all(written).await.iter().all(Vec::is_empty));
    let hours = sums.since(&app.account, Unit::Hour, hour).await.unwrap().sums;
    assert_eq!((hours.len(), hours[0].sum.endpoints["ep_of_a_sum"].counts.cancelled), (1, 6_000));
    assert!((0..6).all(|number| hours[0].has(hour + BUCKET * number)));
}

#[tokio::test]
async fn sums_that_can_not_be_read_are_made_up_for() {
    let app = with_all_outcomes().await;
    app.advance(OVERDUE).await;
    let walked = told(&app).await;
    app.sweep().await;
    damage(&app, "hour#2025-10-20T15:00:00Z").await;
    assert_eq!(told(&app).await, walked, "the hour is walked");
    damage(&app, "bucket#2025-10-20T15:25:00Z").await;
    // Other minutes of the hour are counted again, and with them those that can't be read.
    let older = app.deliveries().await.pop().unwrap();
    assert!(older.id.len() > 4);
    undispatched(&app).mark_change(&older, app.now()).await;
    sweep_later(&app).await;
    let told = told(&app).await;
    assert_eq!((&told["hours"], &told["latencyMs"]), (&walked["hours"], &walked["latencyMs"]));
    let hours = sums(&app).since(&app.account, Unit::Hour, time("2025-10-20T15:00:00Z")).await.unwrap();
    assert_eq!((hours.sums.len(), hours.unreadable.len()), (1, 0));
    assert!(hours.sums[0].has(time("2025-10-20T15:25:00Z")));
}

#[tokio::test]
async fn statistics_end_before_the_latest_minutes_when_these_have_too_many_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    sweep_later(&app).await;
    app.advance(Duration::from_mins(5)).await;
    let many = SignedDuration::from_mins(4);
    app.make_deliveries_over(std::slice::from_ref(&endpoint.id), 10_050, many).await;
    let told = stats(&app, "?hours=1").await.body;
    assert_eq!(
        (total(&told), &told["complete"], &told["until"]),
        ([1, 0, 0, 0], &json!(true), &json!("2025-10-20T14:35:00Z"))
    );
}

#[tokio::test]
async fn what_was_made_before_sums_is_walked_and_time_without_deliveries_is_not() {
    let app = TestApp::start().await;
    let endpoints = app.endpoints("https://example.com/", 2).await;
    app.make_deliveries(&endpoints, 500).await;
    app.sweep().await;
    assert_eq!(total(&told(&app).await), [500, 0, 0, 0], "they have no markers");
    let progress = sums(&app).progress().await.unwrap().unwrap();
    assert_eq!(progress, Progress { since: time("2025-10-20T14:25:00Z"), until: time("2025-10-20T14:25:00Z") });
    sweep_later(&app).await;
    let progress = sums(&app).progress().await.unwrap().unwrap();
    assert_eq!(progress, Progress { since: time("2025-10-20T14:25:00Z"), until: time("2025-10-20T14:35:00Z") });
    // Later than the first sweep nothing is without a marker, so these are not seen.
    assert_eq!(total(&told(&app).await), [500 - 300, 0, 0, 0]);
}
