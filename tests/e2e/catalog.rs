//! `/api/event-types`: the catalog, for anybody.

use domain::events::EventName;
use serde_json::Value;
use tests::TestApp;

#[tokio::test]
async fn the_catalog_needs_no_key_and_has_every_event() {
    let app = TestApp::start().await;
    let reply = app.request("GET", "/api/event-types").without_key().send().await.expect(200);
    assert!(reply.header("x-request-id").is_some());
    assert_eq!(reply.body["nextCursor"], Value::Null);
    let entries = reply.body["data"].as_array().unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, EventName::ALL.map(EventName::as_str));
    for entry in entries {
        let members: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert_eq!(members, ["name", "group", "description", "schema", "example"]);
        let name = entry["name"].as_str().unwrap();
        assert_eq!(entry["example"], app.fixture(&format!("events/{name}")));
        let one = app.request("GET", &format!("/api/event-types/{name}")).without_key().send().await.expect(200);
        assert_eq!(&one.body, entry);
    }
}

#[tokio::test]
async fn an_unknown_event_type_is_404() {
    let app = TestApp::start().await;
    for path in ["/api/event-types/workorder.exploded", "/api/event-types/", "/api/event-types/workorder.created/x"] {
        assert_eq!(app.get(path).await.code(), "not_found", "{path}");
    }
    let wrong = app.request("DELETE", "/api/event-types").without_key().send().await.expect(405);
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));
}
