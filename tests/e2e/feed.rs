//! `/api/events`: the feed for subscribers that were down, and events by their ids.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Receiver, Tenant, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::{common_headers, header, refused};

const EVENTS: &str = "/api/events";
/// Events are in the feed when they are so old.
const SETTLED: Duration = Duration::from_secs(21);

/// Reads a page behind `after`. Returns the events' work order numbers or names, the next cursor and the one to keep.
async fn read(tenant: &Tenant, query: &str, after: Option<&str>) -> (Vec<Value>, Option<String>, Option<String>) {
    let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
    let page = tenant.get(&format!("{EVENTS}?{query}{after}")).await.expect(200).body;
    let text = |name: &str| page[name].as_str().map(str::to_owned);
    (page["data"].as_array().unwrap().clone(), text("nextCursor"), text("resumeAfter"))
}

fn numbers(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["workOrderNumber"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_feed_has_what_subscribers_were_sent_oldest_first() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let created = create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_secs(1)).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    app.advance(SETTLED).await;
    let reply = app.get(EVENTS).await.expect(200);
    common_headers(&reply);
    let data = reply.body["data"].as_array().unwrap();
    assert_eq!(numbers(data), ["WO-1", "WO-2"]);
    let members: Vec<&String> = data[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "event", "subject", "timestamp", "data", "requestId"]);
    assert_eq!(data[0]["requestId"], created.body["requestId"]);
    for (event, sent) in data.iter().zip(receiver.requests()) {
        let body = json!({ "event": event["event"], "timestamp": event["timestamp"], "data": event["data"] });
        assert_eq!(body, sent.json());
    }
}

#[tokio::test]
async fn a_reader_resumes_where_it_was_and_misses_nothing() {
    let app = InboundApp::start().await;
    for number in 0..5 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    assert_eq!(read(&app, "", None).await.0, [Value::Null; 0], "what is younger than 5 s may still change its order");
    app.advance(SETTLED).await;
    let (first, next, _) = read(&app, "limit=2", None).await;
    let (second, next, _) = read(&app, "limit=2", next.as_deref()).await;
    let (third, end, resume) = read(&app, "limit=2", next.as_deref()).await;
    let mut all: Vec<&str> = [&first, &second, &third].into_iter().flat_map(|page| numbers(page)).collect();
    all.sort_unstable();
    assert_eq!(all, ["WO-0", "WO-1", "WO-2", "WO-3", "WO-4"]);
    assert_eq!(end, None);

    let (nothing, _, same) = read(&app, "", resume.as_deref()).await;
    assert_eq!((nothing.len(), &same), (0, &resume), "an empty page keeps the place");
    create_work_order(&app, "WO-5").await;
    app.advance(SETTLED).await;
    let (news, _, _) = read(&app, "", same.as_deref()).await;
    assert_eq!(numbers(&news), ["WO-5"]);
}

#[tokio::test]
async fn a_cursor_may_lie_within_the_events_of_one_request() {
    let app = InboundApp::start().await;
    for number in 0..4 {
        let body = json!({ "employeeNumber": format!("E-{number}"), "firstName": "Ana", "lastName": "R", "role": "carpenter" });
        app.post("/api/webhook/employee", body).await.expect(200);
    }
    app.advance(Duration::from_secs(1)).await;
    let assignments: Vec<Value> = (0..4).map(|number| json!({ "employeeNumber": format!("E-{number}") })).collect();
    let body = json!({ "workOrderNumber": "WO-1", "title": "All", "assignments": assignments });
    app.post("/api/webhook/workorder", body).await.expect(200);
    app.advance(SETTLED).await;
    let whole = read(&app, "", None).await.0;
    assert_eq!(whole.len(), 9);
    let (mut one_by_one, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next, _) = read(&app, "limit=1", cursor.as_deref()).await;
        one_by_one.extend(page);
        if next.is_none() {
            break;
        }
        cursor = next;
    }
    assert_eq!(one_by_one, whole);
    let (assigned, _, _) = read(&app, "event=employee.assigned", None).await;
    let expected: Vec<&Value> = whole.iter().filter(|event| event["event"] == "employee.assigned").collect();
    assert_eq!((assigned.iter().collect::<Vec<_>>(), expected.len()), (expected, 4));
    for event in &whole {
        let read = app.get(&format!("{EVENTS}/{}", event["id"].as_str().unwrap())).await.expect(200).body;
        assert_eq!((&read["id"], &read["data"]), (&event["id"], &event["data"]), "each is found by its id");
    }
}

#[tokio::test]
async fn an_event_is_shown_with_its_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for n in 0..2 {
        app.endpoint(&format!("{}?{n}", receiver.url()), ["*"]).await;
    }
    create_work_order(&app, "WO-1").await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    let event_id = app.deliveries().await[0].event_id.clone();
    let event = app.get(&format!("{EVENTS}/{event_id}")).await.expect(200).body;
    let members: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["id", "event", "subject", "timestamp", "data", "requestId", "deliveries", "siblings", "truncated"]
    );
    let deliveries = event["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|delivery| delivery["eventId"] == event_id && delivery["status"] == "delivered"));
}

#[tokio::test]
async fn invalid_parameters_of_the_feed_are_refused() {
    let app = TestApp::start().await;
    let reply = app.get(&format!("{EVENTS}?after=x&event=x")).await.expect(400);
    assert_eq!(reply.defects(), [("after", "invalid_value"), ("event", "invalid_value")]);
    app.get(&format!("{EVENTS}?limit=101")).await.expect(400);
    refused(&app.get(&format!("{EVENTS}/evt_01JAMB3X9T7Q2V5K8N4C6D0EFG")).await, 404, "not_found");
    let wrong = app.delete(EVENTS).await;
    refused(&wrong, 405, "method_not_allowed");
    assert_eq!(header(&wrong, "allow"), "GET, HEAD, POST");
    app.post(EVENTS, json!({})).await.expect(400);
}

#[tokio::test]
async fn people_see_the_newest_first_and_page_back_through_requests() {
    let app = InboundApp::start().await;
    for number in 0..3 {
        create_work_order(&app, &format!("WO-{number}")).await;
        let started = json!({ "workOrderNumber": format!("WO-{number}"), "status": "in_progress" });
        app.post("/api/webhook/workorder", started).await.expect(200);
        app.advance(Duration::from_secs(1)).await;
    }
    let oldest_first = {
        app.advance(SETTLED).await;
        read(&app, "", None).await.0
    };
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{EVENTS}?order=newest&limit=2{cursor}")).await.expect(200).body;
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    paged.reverse();
    assert_eq!(paged, oldest_first, "whatever is between two pages is on one of them");
    let started = app.get(&format!("{EVENTS}?order=newest&event=workorder.started&limit=100")).await.expect(200).body;
    assert_eq!(numbers(started["data"].as_array().unwrap()), ["WO-2", "WO-1", "WO-0"]);
    refused(&app.get(&format!("{EVENTS}?order=sideways")).await, 400, "validation_failed");
}

#[tokio::test]
async fn an_event_names_what_else_its_request_raised() {
    let app = InboundApp::start().await;
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_secs(1)).await;
    app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "status": "in_progress" })).await.expect(200);
    let newest = app.get(&format!("{EVENTS}?order=newest&limit=1")).await.expect(200).body["data"][0].clone();
    assert_eq!(newest["event"], "workorder.started");
    let whole = app.get(&format!("{EVENTS}/{}", newest["id"].as_str().unwrap())).await.expect(200).body;
    let siblings = whole["siblings"].as_array().unwrap();
    assert_eq!(siblings.iter().map(|sibling| &sibling["event"]).collect::<Vec<_>>(), ["workorder.updated"]);
    assert_ne!(siblings[0]["id"], whole["id"]);
}
