//! `/api/source-ips`: where deliveries come from, for anybody who keeps a firewall.

use serde_json::json;
use tests::TestApp;

use crate::expect::{common_headers, refused};

const PATH: &str = "/api/source-ips";

#[tokio::test]
async fn fixed_addresses_are_told_to_anybody() {
    let app = TestApp::builder().variable("EGRESS_ADDRESSES", "52.1.2.3,52.1.4.0/28").start().await;
    let reply = app.request("GET", PATH).without_key().send().await.expect(200);
    common_headers(&reply);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.body, json!({ "static": true, "ips": ["52.1.2.3/32", "52.1.4.0/28"] }));
    let tag = reply.header("etag").unwrap();
    app.request("GET", PATH).header("if-none-match", tag).send().await.expect(304);
}

#[tokio::test]
async fn who_has_none_says_so() {
    let app = TestApp::start().await;
    let reply = app.request("GET", PATH).without_key().send().await.expect(200);
    assert_eq!(reply.body, json!({ "static": false, "ips": [] }));
    refused(&app.request("POST", PATH).without_key().send().await, 405, "method_not_allowed");
    refused(&app.get("/api/source-ips?format=text").await, 400, "validation_failed");
    refused(&app.get("/api/source-ips/").await, 404, "not_found");
}
