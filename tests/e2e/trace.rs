//! W3C trace context: a call, its events and their deliveries are one trace.

use std::collections::HashSet;
use std::time::Duration;

use domain::trace::TraceContext;
use serde_json::json;
use tests::{Call, InboundApp, Receiver, TestApp};

use crate::crew::WORK_ORDER;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn call(app: &TestApp, number: &str) -> Call {
    app.request("POST", WORK_ORDER).json(&json!({"workOrderNumber": number, "title": "Pour slab"}))
}

/// The `traceparent` of each delivery that arrived, read.
fn traces(receiver: &Receiver) -> Vec<TraceContext> {
    receiver.requests().iter().map(|request| TraceContext::parse(request.header("traceparent")).unwrap()).collect()
}

#[tokio::test]
async fn every_attempt_is_a_step_of_its_own_in_the_callers_trace() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 200, 200]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    call(&app, "WO-1").header("traceparent", CALLER).send().await.expect(200);
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    app.post(&format!("/api/endpoints/{endpoint}/replay"), json!({"since": "2025-10-20T00:00:00Z", "only": "all"}))
        .await
        .expect(202);
    app.drain().await;

    let traces = traces(&receiver);
    assert_eq!(traces.len(), 3, "a first attempt, a retry and a replay");
    assert!(traces.iter().all(|trace| trace.trace_id() == TRACE && trace.to_string().ends_with("-00")), "{traces:?}");
    let steps: HashSet<String> = traces.iter().map(|trace| trace.span_id()).collect();
    assert_eq!(steps.len(), 3, "{traces:?}");
    assert!(!steps.contains("00f067aa0ba902b7"));
}

#[tokio::test]
async fn a_call_without_a_valid_trace_starts_one() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    call(&app, "WO-1").send().await.expect(200);
    call(&app, "WO-2").header("traceparent", "00-nonsense").send().await.expect(200);
    let twice = call(&app, "WO-3").header("traceparent", CALLER).header("traceparent", CALLER);
    twice.send().await.expect(200);
    app.drain().await;

    let traces = traces(&receiver);
    let ids: HashSet<String> = traces.iter().map(|trace| trace.trace_id()).collect();
    assert_eq!(ids.len(), 3, "{traces:?}");
    assert!(!ids.contains(TRACE) && traces.iter().all(|trace| trace.to_string().ends_with("-01")), "{traces:?}");
}

#[tokio::test]
async fn a_test_send_belongs_to_the_trace_of_who_asked_for_it() {
    let (app, receiver) = (InboundApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    let test =
        app.request("POST", &format!("/api/endpoints/{endpoint}/test")).json(&json!({"event": "workorder.created"}));
    test.header("traceparent", CALLER).send().await.expect(200);
    assert_eq!(traces(&receiver)[0].trace_id(), TRACE);
    assert_eq!(receiver.only().header("tracestate"), "workskedge=h:1");
}

#[tokio::test]
async fn an_endpoint_cannot_have_a_trace_header_of_its_own() {
    let app = InboundApp::start().await;
    for name in ["traceparent", "Tracestate"] {
        let body = json!({"url": "http://127.0.0.1:9/", "events": ["*"], "headers": {name: CALLER}});
        let reply = app.post("/api/endpoints", body).await.expect(400);
        assert_eq!(reply.code(), "validation_failed");
    }
}
