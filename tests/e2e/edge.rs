//! A deployment behind CloudFront: who comes past it is refused, and callers are told apart by what it says of them.

use serde_json::json;
use tests::{Call, Tenant, TestApp};

use crate::crew::WORK_ORDER;
use crate::expect::{header, problem, refused};

const SECRET: &str = "a-secret-of-the-edge";
/// SHA-256 of [`SECRET`] and of the next one.
const HASHES: &str = "70233efbebf23f9e827d7b73fcdf0dbe1d1c776838fce572dbf001a9902dc69b,\
                      b46d5035035642cce98592adcdbf02c779f25737f80593ea94fa5e56563fc8ca";

async fn behind_cloudfront() -> TestApp {
    TestApp::builder().variable("ORIGIN_SECRET_SHA256", HASHES).start().await
}

/// What comes from `viewer` through CloudFront.
fn through(app: &Tenant, method: &str, path: &str, viewer: &str) -> Call {
    app.request(method, path)
        .header("x-origin-secret", SECRET)
        .header("cloudfront-viewer-address", &format!("{viewer}:46532"))
}

#[tokio::test]
async fn who_comes_past_cloudfront_gets_nothing() {
    let app = behind_cloudfront().await;
    let order = json!({ "workOrderNumber": "WO-1", "title": "x" });
    let before = app.items(&app.account).await;
    for (method, path) in [("POST", WORK_ORDER), ("GET", "/api/keys"), ("GET", "/api/event-types")] {
        for secret in [None, Some(""), Some("guess"), Some(HASHES)] {
            let call = app.request(method, path).json(&order);
            let reply =
                if let Some(secret) = secret { call.header("x-origin-secret", secret) } else { call }.send().await;
            refused(&reply, 403, "forbidden");
        }
    }
    for path in ["/", "/docs", "/openapi.json", "/api/source-ips", "/api/nothing", "/console/app.js"] {
        let reply = app.get(path).await.expect(403);
        problem(&reply);
    }
    assert_eq!(app.items(&app.account).await, before);
    for secret in [SECRET, "the-next-secret"] {
        app.request("POST", WORK_ORDER).json(&order).header("x-origin-secret", secret).send().await.expect(200);
    }
    app.drain().await;
}

#[tokio::test]
async fn callers_behind_cloudfront_have_windows_of_their_own() {
    let app = behind_cloudfront().await;
    let stranger = |method, path, viewer| through(&app, method, path, viewer).without_key().send();
    for left in [49, 48] {
        let reply = stranger("GET", "/api/keys", "198.51.100.10").await;
        refused(&reply, 401, "unauthorized");
        assert_eq!(header(&reply, "x-ratelimit-remaining"), left.to_string());
    }
    for (path, viewer, left) in [
        ("/api/event-types", "198.51.100.10", "48"),
        ("/api/source-ips", "198.51.100.10", "48"),
        ("/api/event-types", "198.51.100.11", "50"),
        ("/api/source-ips", "2001:db8::1", "50"),
    ] {
        let reply = stranger("GET", path, viewer).await.expect(200);
        assert_eq!(header(&reply, "x-ratelimit-remaining"), left, "{path} {viewer}");
    }
}

/// Without CloudFront, its header is one that anybody may send.
#[tokio::test]
async fn nobody_else_is_believed() {
    let app = TestApp::start().await;
    for (viewer, left) in [("198.51.100.10", "49"), ("198.51.100.11", "48")] {
        let reply = through(&app, "GET", "/api/keys", viewer).without_key().send().await;
        refused(&reply, 401, "unauthorized");
        assert_eq!(header(&reply, "x-ratelimit-remaining"), left);
    }
}
