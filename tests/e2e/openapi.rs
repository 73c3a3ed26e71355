//! `/openapi.json` against the routes: what there is, is described, and what is described, is there.

use std::collections::BTreeSet;

use inbound::http::is_api;
use local::functions::functions;
use local::gateway::DEFAULT_ROUTE;
use serde_json::Value;
use tests::TestApp;

use crate::deliveries::create_work_order;

async fn document(app: &TestApp) -> Value {
    app.request("GET", "/openapi.json").without_key().send().await.expect(200).body
}

#[tokio::test]
async fn every_route_is_described() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let described: BTreeSet<&String> = document["paths"].as_object().unwrap().keys().collect();
    let routes = functions(&|_| app.system().environment().clone(), &local::Clock::system()).unwrap().routes;
    // What no other route answers is described by nothing. Pages are no part of the API.
    for route in routes.iter().map(local::gateway::Route::key).filter(|key| key != DEFAULT_ROUTE) {
        let path = route.split_once(' ').unwrap().1;
        let root = path.trim_end_matches("{proxy+}");
        let found = described.iter().any(|described| described.starts_with(root));
        assert!(found || !is_api(path), "{path} is not described");
    }
    assert!(described.iter().all(|path| is_api(path)), "{described:?}");
}

/// Nobody gets behind the key, and who has one is not told that there is no such path or method. No call has a body: what
/// needs one refuses, and nothing is made.
#[tokio::test]
async fn every_described_call_is_there() {
    let app = TestApp::start().await;
    create_work_order(&app, "WO-12345").await;
    app.drain().await;
    let document = document(&app).await;
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap().iter();
            let path =
                parameters.filter(|parameter| parameter["in"] == "path").fold(path.clone(), |path, parameter| {
                    let name = parameter["name"].as_str().unwrap();
                    path.replace(&format!("{{{name}}}"), parameter["example"].as_str().unwrap())
                });
            let open = operation["security"].is_array();
            let reply = app.request(&method.to_uppercase(), &path).without_key().send().await;
            assert_eq!(reply.status, if open { 200 } else { 401 }, "{method} {path}: {}", reply.text);
            if !open {
                let reply = app.request(&method.to_uppercase(), &path).send().await;
                let no_such_thing = reply.status == 404 && !reply.text.contains("There is no such path.");
                let there = reply.status != 404 && reply.status != 405;
                assert!(there || (no_such_thing && path.contains('_')), "{method} {path}: {}", reply.text);
            }
            calls += 1;
        }
    }
    assert_eq!(calls, 50);
    assert_eq!(
        document["webhooks"].as_object().unwrap().len(),
        23 + 1,
        "the events, and any of them in the format thin"
    );
}
