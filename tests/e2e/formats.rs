//! The formats of an endpoint: what is sent, that it is signed as it is sent, and that it is shown as it was sent.

use std::time::Duration;

use serde_json::{Value, json};
use store::tables;
use tests::{Endpoint, Received, Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::invalid;
use crate::manual_retries::retry;
use crate::signatures::assert_signed;

const FORMATS: [&str; 3] = ["full", "thin", "cloudevents"];

async fn endpoint(app: &TestApp, receiver: &Receiver, format: &str) -> Endpoint {
    app.endpoint_with(json!({ "url": receiver.url(), "events": ["*"], "format": format })).await
}

async fn change(app: &TestApp, endpoint: &Endpoint, format: &str) {
    let path = format!("/api/endpoints/{}", endpoint.id);
    assert_eq!(app.patch(&path, json!({ "format": format })).await.expect(200).body["format"], format);
}

/// Checks that a request has this format in every respect but the values of its data, and returns its body.
#[track_caller]
fn assert_format(request: &Received, format: &str) -> Value {
    let body = request.json();
    let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let (kind, expected) = match format {
        "cloudevents" => (
            "application/cloudevents+json",
            &["specversion", "id", "source", "type", "datacontenttype", "subject", "time", "data"][..],
        ),
        _ => ("application/json", &["event", "timestamp", "data"][..]),
    };
    assert_eq!((request.header("content-type"), &members[..]), (kind, expected), "{format}");
    assert_eq!(body["data"]["url"].is_string(), format == "thin", "{body}");
    assert_eq!(body.to_string().as_bytes(), request.body, "compact, and in this order");
    body
}

/// The formats of a delivery's attempts, and the body that is shown.
async fn shown(app: &TestApp, id: &str) -> (Vec<String>, String) {
    let one = app.get(&format!("/api/deliveries/{id}")).await.expect(200).body;
    let formats =
        one["attempts"].as_array().unwrap().iter().map(|attempt| attempt["format"].as_str().unwrap().to_owned());
    (formats.collect(), one["requestBody"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_endpoint_gets_the_same_event_in_its_format_signed_as_it_is_sent() {
    let app = TestApp::start().await;
    let mut all = Vec::new();
    for format in FORMATS {
        let receiver = Receiver::start().await;
        all.push((format, endpoint(&app, &receiver, format).await, receiver));
    }
    let created = create_work_order(&app, "WO-1").await.body;
    app.drain().await;
    assert_eq!(app.items_of(tables::DELIVERIES).await, 1, "nothing is stored again for a format");
    let full = all[0].2.only().json();
    for (format, endpoint, receiver) in &all {
        let request = receiver.only();
        assert_signed(&request, &endpoint.secret);
        let body = assert_format(&request, format);
        let event_id = request.header("x-webhook-event-id");
        match *format {
            "thin" => {
                let data = json!({ "id": created["data"]["id"], "version": 1, "eventId": event_id,
                                   "url": format!("/api/events/{event_id}") });
                assert_eq!(body, json!({ "event": full["event"], "timestamp": full["timestamp"], "data": data }));
            }
            "cloudevents" => {
                let expected = json!({ "specversion": "1.0", "id": event_id, "source": "https://workskedge.com",
                    "type": "com.workskedge.workorder.created", "datacontenttype": "application/json",
                    "subject": created["data"]["id"], "time": full["timestamp"], "data": full["data"] });
                assert_eq!(body, expected);
            }
            _ => assert_eq!(body["data"]["workOrderNumber"], "WO-1"),
        }
        assert_eq!(shown(&app, request.header("x-webhook-id")).await, (vec![(*format).to_owned()], text(&request)));
    }
    // What was sent stays what it was, whatever the endpoint has now.
    for (format, endpoint, receiver) in &all {
        change(&app, endpoint, FORMATS[usize::from(*format == "full")]).await;
        let request = receiver.only();
        assert_eq!(shown(&app, request.header("x-webhook-id")).await, (vec![(*format).to_owned()], text(&request)));
    }
}

fn text(request: &Received) -> String {
    String::from_utf8(request.body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_link_of_a_thin_event_leads_to_the_whole_one_of_a_test_send_too() {
    let (app, thin, full) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    let tested = endpoint(&app, &thin, "thin").await;
    endpoint(&app, &full, "full").await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let url = assert_format(&thin.only(), "thin")["data"]["url"].as_str().unwrap().to_owned();
    let whole = app.get(&url).await.expect(200).body;
    let sent = full.only().json();
    assert_eq!(
        [&whole["event"], &whole["timestamp"], &whole["data"]],
        [&sent["event"], &sent["timestamp"], &sent["data"]]
    );
    assert_eq!(app.tenant("Other").await.get(&url).await.status, 404);

    let path = format!("/api/endpoints/{}/test", tested.id);
    let told = app.post(&path, json!({ "event": "timeoff.approved" })).await.expect(200).body;
    assert_eq!(told["attempt"]["format"], "thin");
    let request = thin.requests().pop().unwrap();
    assert_signed(&request, &tested.secret);
    let body = assert_format(&request, "thin");
    let whole = app.get(body["data"]["url"].as_str().unwrap()).await.expect(200).body;
    assert_eq!(whole["data"], app.fixture("events/timeoff.approved")["data"]);
    assert_eq!(shown(&app, request.header("x-webhook-id")).await, (vec!["thin".to_owned()], text(&request)));
    app.drain().await;
}

#[tokio::test]
async fn an_attempt_has_the_format_that_its_endpoint_has_by_then() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 500, 200]);
    let endpoint = endpoint(&app, &receiver, "full").await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    change(&app, &endpoint, "thin").await;
    let id = app.only_delivery().await.id;
    let (formats, planned) = shown(&app, &id).await;
    assert_eq!((formats.len(), planned.contains("/api/events/")), (0, true), "as the first attempt would send it");
    change(&app, &endpoint, "full").await;
    app.drain().await;
    for (format, minutes) in [("cloudevents", 2), ("thin", 6)] {
        change(&app, &endpoint, format).await;
        app.advance(Duration::from_mins(minutes)).await;
        app.drain().await;
        let request = receiver.requests().pop().unwrap();
        assert_format(&request, format);
        assert_signed(&request, &endpoint.secret);
        assert_eq!(shown(&app, &id).await.1, text(&request), "of the latest attempt");
    }
    assert_eq!(shown(&app, &id).await.0, ["full", "cloudevents", "thin"]);
    let ids: Vec<_> = receiver.requests().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!(ids, [id.as_str(); 3], "one delivery in any format");
}

#[tokio::test]
async fn manual_retries_and_replays_have_the_present_format_and_leave_what_was_sent() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = endpoint(&app, &receiver, "cloudevents").await;
    for number in ["WO-1", "WO-2"] {
        create_work_order(&app, number).await;
    }
    app.drain().await;
    change(&app, &endpoint, "thin").await;
    let [first, second] = app.deliveries().await.try_into().unwrap();
    retry(&app, &first.id, json!({ "force": true })).await.expect(202);
    app.drain().await;
    assert_format(&receiver.requests()[2], "thin");
    assert_eq!(shown(&app, &first.id).await.0, ["cloudevents", "thin"]);

    change(&app, &endpoint, "full").await;
    let all = json!({ "since": "2025-10-20T14:30:00Z", "only": "all" });
    app.post(&format!("/api/endpoints/{}/replay", endpoint.id), all).await.expect(202);
    app.drain().await;
    for request in &receiver.requests()[3..] {
        assert_format(request, "full");
        assert_signed(request, &endpoint.secret);
    }
    assert_eq!(shown(&app, &second.id).await.0, ["cloudevents", "full"]);
    assert_eq!(shown(&app, &first.id).await.0, ["cloudevents", "thin", "full"]);
}

#[tokio::test]
async fn a_format_is_one_of_three_words_and_full_by_default() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let made = app.endpoint(&receiver.url(), ["*"]).await;
    let path = format!("/api/endpoints/{}", made.id);
    assert_eq!(app.get(&path).await.expect(200).body["format"], "full");
    for wrong in [json!("xml"), json!(""), json!(1), json!({})] {
        let refused = app.patch(&path, json!({ "format": wrong })).await;
        if wrong == "" {
            assert_eq!(refused.expect(200).body["format"], "full", "empty text is null, as anywhere");
        } else {
            let code = if wrong.is_string() { "invalid_value" } else { "invalid_type" };
            invalid(&refused, &[&format!("format {code}")]);
        }
    }
    // A change of it is one like any other; a subscription that is told again changes nothing.
    change(&app, &made, "thin").await;
    let again = json!({ "url": receiver.url(), "events": ["*"], "format": "cloudevents" });
    assert_eq!(app.post("/api/endpoints", again).await.expect(200).body["format"], "thin");
    assert_eq!(app.patch(&path, json!({ "format": null })).await.expect(200).body["format"], "full");
}
