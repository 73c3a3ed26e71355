//! `/openapi.json` against the routes: what there is, is described, and what is described, is there.

use std::collections::BTreeSet;

use local::functions::functions;
use serde_json::Value;
use tests::TestApp;

async fn document(app: &TestApp) -> Value {
    app.request("GET", "/openapi.json").without_key().send().await.expect(200).body
}

#[tokio::test]
async fn every_route_is_described() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let described: BTreeSet<&String> = document["paths"].as_object().unwrap().keys().collect();
    let routes = functions(&|_| app.system().environment().clone(), &local::Clock::system()).unwrap().routes;
    for route in routes.iter().map(local::gateway::Route::key) {
        let path = route.split_once(' ').unwrap().1;
        let root = path.trim_end_matches("{proxy+}");
        // The console's files are no part of the API.
        let found = path.starts_with("/console/") || described.iter().any(|described| described.starts_with(root));
        assert!(found, "{path} is not described");
    }
}

#[tokio::test]
async fn every_described_call_is_there() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{page}", "getting-started").replace("{name}", "workorder.created");
        for (method, operation) in methods.as_object().unwrap() {
            let path = path.replace("{id}", operation["parameters"][0]["example"].as_str().unwrap_or_default());
            let reply = app.request(&method.to_uppercase(), &path).without_key().send().await;
            let expected = if operation["security"].is_array() { 200 } else { 401 };
            assert_eq!(reply.status, expected, "{method} {path}: {}", reply.text);
            calls += 1;
        }
    }
    assert_eq!(calls, 34);
    assert_eq!(document["webhooks"].as_object().unwrap().len(), 23);
}
