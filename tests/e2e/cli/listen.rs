//! `listen`: events come to a receiver as an endpoint's do.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, InboundApp, Received, Receiver, TestApp};

use super::{User, Waiting};
use crate::deliveries::create_work_order;
use crate::signatures::assert_signed;

/// Events are in the feed when they are so old.
const SETTLED: Duration = Duration::from_secs(21);

pub(super) fn secret_of(user: &User) -> String {
    std::fs::read_to_string(user.home().join("workskedge/signing-secret")).unwrap()
}

pub(super) fn numbers(requests: &[Received]) -> Vec<String> {
    let number = |request: &Received| request.json()["data"]["workOrderNumber"].as_str().unwrap().to_owned();
    requests.iter().map(number).collect()
}

#[tokio::test]
async fn events_come_with_the_bytes_and_headers_of_real_deliveries() {
    let (app, endpoint, here) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    app.endpoint(&endpoint.url(), ["*"]).await;
    let user = User::of(&app, Waiting::Advances);
    let body = json!({ "workOrderNumber": "WO-1", "title": "Gr\u{f6}\u{df}e \u{1f6e0}", "estimatedHours": 7.50 });
    app.post("/api/webhook/workorder", body).await.expect(200);
    app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "status": "in_progress" })).await.expect(200);
    app.drain().await;
    app.advance(SETTLED).await;
    let done = user.run(&["listen", "--forward", &here.url(), "--since", "1h", "--once", "--json"]).await;
    let lines = done.lines();
    assert!(done.err.contains(&secret_of(&user)), "{}", done.err);
    let (real, forwarded) = (endpoint.requests(), here.requests());
    assert_eq!((real.len(), forwarded.len(), lines.len()), (3, 3, 3));
    for (request, line) in forwarded.iter().zip(&lines) {
        let id = request.header("x-webhook-event-id");
        let same = real.iter().find(|real| real.header("x-webhook-event-id") == id).unwrap();
        assert_eq!(request.body, same.body);
        let names = |request: &Received| request.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(request), names(same));
        assert_signed(request, &secret_of(&user));
        assert_eq!(request.header("x-webhook-event"), line["event"]);
        assert_eq!(request.header("x-webhook-id"), line["deliveryId"]);
        assert_eq!(
            (&line["statusCode"], &line["attempt"], &line["nextInSeconds"]),
            (&json!(200), &json!(1), &json!(null))
        );
        assert_eq!(line["subject"]["number"], "WO-1");
    }
}

#[tokio::test]
async fn the_standard_webhooks_library_accepts_what_comes() {
    // It compares the timestamp with the machine's clock.
    let (app, here) = (TestApp::builder().at_present().start_inbound().await, Receiver::start().await);
    let user = User::of(&app, Waiting::Follows);
    app.set_back(Duration::from_mins(1)).await;
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_mins(1)).await;
    user.run(&["listen", "--forward", &here.url(), "--since", "1h", "--once"]).await.text();
    let request = here.only();
    standardwebhooks::Webhook::new(&secret_of(&user)).unwrap().verify(&request.body, &request.headers).unwrap();
}

#[tokio::test]
async fn only_wanted_events_come_and_the_position_is_kept() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let user = User::of(&app, Waiting::Advances);
    let listen = async |more: &[&str]| {
        let forward = ["listen", "--forward", &here.url(), "--once", "--json"];
        user.run(&[&forward[..], more].concat()).await.lines().len()
    };
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(listen(&[]).await, 0, "without a position it begins with now");
    create_work_order(&app, "WO-2").await;
    app.post("/api/webhook/vendor", json!({ "vendorNumber": "V-1", "name": "Rebar", "vendorType": "supplier" }))
        .await
        .expect(200);
    app.advance(SETTLED).await;
    assert_eq!(listen(&["--events", "workorder.created,project.*"]).await, 1);
    assert_eq!(numbers(&here.requests()), ["WO-2"]);
    assert_eq!(listen(&[]).await, 0, "what was not wanted is behind the position too");
    assert_eq!(listen(&["--events", "vendor.created", "--since", "1h"]).await, 1);
    let wrong = user.run(&["listen", "--forward", &here.url(), "--events", "workorder.finished"]).await;
    assert_eq!(wrong.code, 2);
}

#[tokio::test]
async fn a_receiver_that_refuses_is_asked_as_often_as_said_and_then_no_more() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let user = User::of(&app, Waiting::Advances);
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_millis(1)).await;
    create_work_order(&app, "WO-2").await;
    app.advance(SETTLED).await;
    let mut count = 0;
    here.answer(move |_| {
        count += 1;
        if count <= 3 { Answer::status(503).body("\u{1b}[2Jstarting") } else { Answer::status(204) }
    });
    let done = user.run(&["listen", "--forward", &here.url(), "--since", "1h", "--once", "--retries", "1"]).await;
    assert_eq!(done.code, 1, "{}", done.err);
    let retries: Vec<_> = here.requests().iter().map(|request| request.header("x-webhook-retry").to_owned()).collect();
    assert_eq!(retries, ["0", "1", "0", "1"]);
    let lines: Vec<&str> = done.out.lines().collect();
    assert!(lines[0].ends_with("starting; again in 1 s") && lines[1].ends_with("; it is not sent again"), "{lines:?}");
    assert!(!done.out.contains('\u{1b}') && lines[3].contains("WO-2"), "{lines:?}");
    assert!(done.err.contains("1 accepted, 1 not"), "{}", done.err);
}

#[tokio::test]
async fn a_given_secret_signs_and_is_not_printed() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let mut user = User::of(&app, Waiting::Advances);
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    user.surroundings.variables.insert("WORKSKEDGE_SIGNING_SECRET".to_owned(), secret.to_owned());
    create_work_order(&app, "WO-1").await;
    app.advance(SETTLED).await;
    let done = user.run(&["listen", "--forward", &here.url(), "--since", "1h", "--once"]).await;
    assert!(done.code == 0 && !done.err.contains(secret), "{}", done.err);
    assert_signed(&here.only(), secret);
}

#[tokio::test]
async fn events_are_printed_as_the_feed_has_them() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    for number in ["WO-1", "WO-2"] {
        create_work_order(&app, number).await;
    }
    app.advance(SETTLED).await;
    let feed = app.get("/api/events").await.expect(200).body;
    let done = user.run(&["events", "tail", "--since", "1h", "--once", "--json"]).await;
    assert_eq!(json!(done.lines()), feed["data"]);
    let text = user.run(&["events", "tail", "--since", "1h", "--once"]).await;
    let first = text.text().lines().next().unwrap();
    let id = feed["data"][0]["id"].as_str().unwrap();
    assert!(first.contains("workorder.created  WO-") && first.ends_with(id), "{first}");
    assert!(user.run(&["events", "tail", "--once"]).await.text().is_empty(), "by default from now on");
    let since = format!("/api/events?since={}", feed["data"][1]["timestamp"].as_str().unwrap());
    assert_eq!(app.get(&since).await.expect(200).body["data"].as_array().map(Vec::len), Some(2), "of that second");
    let none: Value = app.get("/api/events?since=2030-01-01T00:00:00Z").await.expect(200).body;
    assert!(none["data"] == json!([]) && none["resumeAfter"].is_string(), "there is always a place to go on from");
}
