//! What goes for every answer: the headers of the limits, also where no key is asked for; that nobody keeps it; and HEAD.

use std::time::Duration;

use serde_json::json;
use tests::{Call, Reply, Tenant, TestApp};

use crate::crew::WORK_ORDER;
use crate::expect::{common_headers, header, refused};

const CATALOG: &str = "/api/event-types";

async fn stranger(app: &Tenant, method: &str, path: &str) -> Reply {
    app.request(method, path).without_key().send().await
}

/// What is left of both windows.
#[track_caller]
fn left(reply: &Reply) -> &str {
    common_headers(reply);
    header(reply, "ratelimit")
}

#[tokio::test]
async fn open_calls_report_the_window_of_the_address_and_cost_nothing() {
    let app = TestApp::start().await;
    let (full, one_less) =
        (r#""permin";r=50;t=60,"perhr";r=1000;t=1800"#, r#""permin";r=49;t=60,"perhr";r=999;t=1800"#);
    for path in [CATALOG, "/api/event-types/workorder.created", "/api/source-ips", "/openapi.json"] {
        for method in ["GET", "HEAD", "GET"] {
            assert_eq!(left(&stranger(&app, method, path).await.expect(200)), full, "{method} {path}");
        }
        assert_eq!(left(&app.get(path).await.expect(200)), full, "with a key: {path}");
    }
    let tag = stranger(&app, "GET", "/openapi.json").await.header("etag").expect("a tag").to_owned();
    let known = app.request("GET", "/openapi.json").header("if-none-match", &tag).send().await.expect(304);
    assert_eq!(left(&known), full);

    refused(&stranger(&app, "GET", "/api/endpoints").await, 401, "unauthorized");
    assert_eq!(left(&stranger(&app, "GET", CATALOG).await.expect(200)), one_less, "it is the window of who has no key");
}

#[tokio::test]
async fn what_is_refused_without_a_key_is_charged_to_the_address() {
    let app = TestApp::start().await;
    let mut expected = 50;
    for (method, path, status, code) in [
        ("GET", "/api", 404, "not_found"),
        ("POST", "/api/nothing", 404, "not_found"),
        ("GET", "/api/webhook/workorder/WO-1", 404, "not_found"),
        ("GET", "/api/event-types/none", 404, "not_found"),
        ("DELETE", CATALOG, 405, "method_not_allowed"),
        ("PUT", "/openapi.json", 405, "method_not_allowed"),
        ("GET", "/api/event-types?x=1", 400, "validation_failed"),
        ("GET", "/openapi.json?x=1", 400, "validation_failed"),
        ("GET", "/api/keys", 401, "unauthorized"),
    ] {
        expected -= 1;
        let reply = stranger(&app, method, path).await;
        refused(&reply, status, code);
        assert_eq!(header(&reply, "x-ratelimit-remaining"), expected.to_string(), "{method} {path}");
        if status == 404 {
            let known = app.request(method, path).send().await;
            refused(&known, 404, code);
            expected -= 1;
            assert_eq!(header(&known, "x-ratelimit-remaining"), expected.to_string(), "a key is not looked at: {path}");
        }
    }
    assert_eq!(app.get("/api/endpoints").await.expect(200).header("x-ratelimit-limit"), Some("1000000"));
}

/// The window keeps strangers from guessing keys. What is open stays open, and what is wrong stays what it is.
#[tokio::test]
async fn an_address_that_has_used_up_its_window_still_sees_what_is_open() {
    let app = TestApp::start().await;
    for _ in 0..50 {
        assert_eq!(stranger(&app, "GET", "/api/keys").await.status, 401);
    }
    refused(&stranger(&app, "GET", "/api/keys").await, 429, "rate_limit_exceeded");
    for path in [CATALOG, "/openapi.json"] {
        let open = stranger(&app, "GET", path).await.expect(200);
        assert_eq!(left(&open), r#""permin";r=0;t=60,"perhr";r=950;t=1800"#);
    }
    let nowhere = stranger(&app, "GET", "/api/nothing").await;
    refused(&nowhere, 404, "not_found");
    assert_eq!(left(&nowhere), r#""permin";r=0;t=60,"perhr";r=950;t=1800"#);
    app.get("/api/keys").await.expect(200);
    app.advance(Duration::from_mins(1)).await;
    refused(&stranger(&app, "GET", "/api/keys").await, 401, "unauthorized");
}

#[tokio::test]
async fn every_refusal_of_a_call_with_a_key_reports_its_windows() {
    let app = TestApp::start().await;
    let order = json!({"workOrderNumber": "WO-1", "title": "x"});
    let call = |method: &str, path: &str| app.request(method, path).json(&order);
    let typed = |kind: &str, body: Vec<u8>| app.request("POST", WORK_ORDER).header("content-type", kind).body(body);
    for (call, status) in [
        (call("POST", "/api/endpoints"), 400),
        (call("GET", "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG"), 404),
        (call("GET", "/api/endpoints/x/y"), 404),
        (call("PATCH", WORK_ORDER), 405),
        (call("HEAD", WORK_ORDER), 405),
        (typed("application/json", vec![b' '; 200_000]), 413),
        (typed("text/plain", b"{}".to_vec()), 415),
    ] {
        let reply: Reply = Call::send(call).await.expect(status);
        common_headers(&reply);
        assert_eq!(header(&reply, "x-ratelimit-limit"), "1000000", "{status}");
    }
    let too_large = typed("application/json", vec![b'x'; 10 * 1024 * 1024 + 1]).send().await;
    refused(&too_large, 413, "payload_too_large");
    assert_eq!(header(&too_large, "x-ratelimit-limit"), "50", "the gateway does not know the key");
}

#[tokio::test]
async fn every_answer_forbids_content_sniffing() {
    let app = TestApp::start().await;
    for path in
        ["/", "/docs", "/docs/nothing", "/docs/assets/docs.css", "/console/app.js", "/nothing", "/apis", "//api"]
    {
        let reply = stranger(&app, "GET", path).await;
        assert_eq!(header(&reply, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("ratelimit"), None, "no call of the API: {path}");
    }
    let style = stranger(&app, "GET", "/console/style.css").await.expect(200);
    assert_eq!(header(&style, "cache-control"), "no-cache", "pages and their files may be kept");
    let made = app.post("/api/endpoints", json!({"url": "http://127.0.0.1:9/", "events": ["*"]})).await.expect(201);
    common_headers(&made);
    let gone = app.delete(made.header("location").expect("a path")).await.expect(204);
    common_headers(&gone);
}

/// HEAD has the status and the headers of GET, the length of its body too, and no body.
#[tokio::test]
async fn head_answers_where_get_does() {
    let app = TestApp::start().await;
    let endpoint = app.endpoint("http://127.0.0.1:9/", ["*"]).await;
    let own = format!("/api/endpoints/{}", endpoint.id);
    let secret = format!("{own}/secret");
    for path in [
        "/api/endpoints",
        &own,
        &secret,
        "/api/endpoints/ep_none",
        "/api/deliveries?status=failed",
        "/api/deliveries?x=1",
        "/api/events",
        "/api/events/evt_none",
        "/api/alerts",
        "/api/requests",
        "/api/alerts?status=open",
        "/api/alerts/alr_none",
        "/api/stats",
        "/api/keys",
        "/api/portal-links",
        "/api/portal-links/lnk_none",
        "/api/audit",
        CATALOG,
        "/api/event-types/workorder.created",
        "/api/event-types/none",
        "/api/source-ips",
        "/api/nothing",
        "/openapi.json",
        "/",
        "/nothing",
        "/docs",
        "/docs/nothing",
        "/docs/explorer",
        "/docs/explorer/scalar.js",
        "/console/app.js",
        "/docs/search.json",
    ] {
        let (get, head) = (app.get(path).await, app.request("HEAD", path).send().await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        let names = |reply: &Reply| {
            let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(names(&head), names(&get), "{path}");
        for name in ["content-length", "content-type", "content-encoding", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_ne!(head.header("content-length"), Some("0"), "{path}");
    }
    let strange = stranger(&app, "HEAD", "/api/keys").await;
    assert_eq!((strange.status, strange.header("content-type")), (401, Some("application/problem+json")));
}

#[tokio::test]
async fn head_counts_as_a_call_and_does_what_get_does_only() {
    let app = TestApp::builder().limits(None).start().await;
    let remaining = |reply: &Reply| header(reply, "x-ratelimit-remaining").to_owned();
    assert_eq!(remaining(&app.get("/api/keys").await.expect(200)), "49");
    assert_eq!(remaining(&app.request("HEAD", "/api/keys").send().await.expect(200)), "48");
    for (path, allow) in [(WORK_ORDER, "POST"), ("/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG/test", "POST")] {
        let reply = app.request("HEAD", path).send().await.expect(405);
        assert_eq!(header(&reply, "allow"), allow);
    }
    for (path, allow) in [("/api/events", "GET, HEAD, POST"), ("/api/stats", "GET, HEAD"), ("/docs", "GET, HEAD")] {
        let reply = app.request("DELETE", path).send().await.expect(405);
        assert_eq!(header(&reply, "allow"), allow);
    }
}
