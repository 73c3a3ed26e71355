//! Every route, called by one account with every id that another one has: nothing is told and nothing is changed.

use std::collections::BTreeSet;
use std::time::Duration;

use local::functions::functions;
use serde_json::{Value, json};
use tests::{Receiver, Tenant, TestApp};

const MINE: &str = "MINE";
const RESOURCES: [&str; 5] = ["workorder", "project", "employee", "vendor", "timeoff"];
/// Lists, and what they are filtered by.
const LISTS: [(&str, &[&str]); 10] = [
    ("/api/endpoints", &["cursor"]),
    ("/api/deliveries", &["endpointId", "eventId", "cursor"]),
    ("/api/events", &["after", "requestId"]),
    ("/api/alerts", &["endpointId", "cursor"]),
    ("/api/records", &["q"]),
    ("/api/requests", &["key", "number", "cursor"]),
    ("/api/stats", &["hours", "step", "endpointId"]),
    ("/api/keys", &["cursor"]),
    ("/api/portal-links", &["cursor"]),
    ("/api/audit", &["target", "actor", "cursor"]),
];
/// What there is of one thing.
const THINGS: [&str; 13] = [
    "/api/endpoints/{id}",
    "/api/endpoints/{id}/secret",
    "/api/endpoints/{id}/secret/rotate",
    "/api/endpoints/{id}/secret/promote",
    "/api/endpoints/{id}/test",
    "/api/endpoints/{id}/replay",
    "/api/deliveries/{id}",
    "/api/deliveries/{id}/retry",
    "/api/events/{id}",
    "/api/alerts/{id}",
    "/api/keys/{id}",
    "/api/keys/{id}/rotate",
    "/api/portal-links/{id}",
];
/// Bodies that each of these calls takes, and some that they don't.
fn bodies() -> [Value; 7] {
    [
        json!({}),
        json!({ "status": "disabled", "url": "http://127.0.0.1:9/theirs" }),
        json!({ "name": "theirs", "overlapHours": 0 }),
        json!({ "event": "workorder.created" }),
        json!({ "since": "2025-10-20T00:00:00Z", "only": "all" }),
        json!({ "force": true }),
        json!({ "status": "resolved" }),
    ]
}

/// Makes one of each thing for `mine`, with the word `MINE` wherever a word can be, and returns the ids.
async fn furnish(app: &TestApp) -> Vec<String> {
    let receiver = Receiver::start().await;
    receiver.answer_with([410]);
    let endpoint = json!({ "url": format!("{}/{MINE}", receiver.url()), "events": ["*"], "description": MINE });
    app.endpoint_with(endpoint).await;
    app.post("/api/keys", json!({ "name": MINE, "scopes": ["inbound"] })).await.expect(201);
    app.post("/api/portal-links", json!({ "name": MINE })).await.expect(201);
    let post = async |resource: &str, body: Value| {
        app.post(&format!("/api/webhook/{resource}"), body).await.expect(200);
    };
    post("employee", json!({ "employeeNumber": MINE, "firstName": MINE, "lastName": MINE, "role": MINE })).await;
    post("vendor", json!({ "vendorNumber": MINE, "name": MINE, "vendorType": "supplier" })).await;
    post("project", json!({ "projectNumber": MINE, "name": MINE })).await;
    post("workorder", json!({ "workOrderNumber": MINE, "title": MINE, "projectNumber": MINE })).await;
    post(
        "timeoff",
        json!({ "requestNumber": MINE, "employeeNumber": MINE, "type": "vacation",
        "startDate": "2025-12-01", "endDate": "2025-12-02" }),
    )
    .await;
    app.post("/api/webhook/vendor", json!({ "vendorNumber": MINE, "name": "" })).await.expect(400);
    app.drain().await;
    // Failures are rolled up into an alert with a status.
    app.sweep().await;
    let ids = app.items(&app.account).await.iter().flat_map(ids_in).collect::<BTreeSet<_>>();
    for prefix in ["ep_", "key_", "lnk_", "aud_", "evt_", "dlv_", "alr_", "emp_", "ven_", "proj_", "wo_", "to_"] {
        assert!(ids.iter().any(|id| id.starts_with(prefix)), "there is no {prefix}");
    }
    ids.into_iter().collect()
}

/// Every id in an item, wherever it stands.
fn ids_in(item: &Value) -> Vec<String> {
    let text = item.to_string();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_id = |word: &&str| word.rsplit_once('_').is_some_and(|(prefix, ulid)| prefix.len() < 5 && ulid.len() == 26);
    words.filter(is_id).map(str::to_owned).collect()
}

/// Cursors that the owner of a list is given, page by page.
async fn cursors(app: &TestApp, list: &str) -> Vec<String> {
    let (mut cursors, mut query) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{list}?limit=1{query}")).await.expect(200).body;
        let Some(next) = page["nextCursor"].as_str() else { return cursors };
        query = format!("&{}={next}", if list == "/api/events" { "after" } else { "cursor" });
        cursors.push(next.to_owned());
    }
}

/// Calls `path` in every way.
async fn call(other: &Tenant, path: &str, called: &mut usize) {
    let with_body = bodies().into_iter().flat_map(|body| [("POST", body.clone()), ("PATCH", body)]);
    for (method, body) in with_body.chain([("GET", Value::Null), ("DELETE", Value::Null)]) {
        let reply = other.request(method, path).json(&body).send().await;
        assert!(!reply.text.contains(MINE), "{method} {path} {body}: {}", reply.text);
        // As for an id that nobody has.
        assert!(matches!(reply.status, 400 | 404 | 405), "{method} {path} {body}: {} {}", reply.status, reply.text);
        *called += 1;
    }
}

#[tokio::test]
async fn no_route_tells_or_changes_anything_of_another_account() {
    let app = TestApp::start().await;
    let ids = furnish(&app).await;
    let other = app.tenant("Other").await;
    let before = app.items(&app.account).await;

    let (mut called, mut tried) = (0, BTreeSet::new());
    for id in &ids {
        for thing in THINGS {
            tried.insert(thing.to_owned());
            call(&other, &thing.replace("{id}", id), &mut called).await;
        }
        for (list, filters) in LISTS {
            tried.insert(list.to_owned());
            for filter in filters {
                let reply = other.get(&format!("{list}?{filter}={id}")).await;
                let data = if list == "/api/stats" { "endpoints" } else { "data" };
                let nothing = reply.status == 400 || reply.body[data] == json!([]);
                assert!(nothing, "{list}?{filter}={id}: {}", reply.text);
            }
        }
        for resource in RESOURCES {
            for more in ["", "/timeline"] {
                call(&other, &format!("/api/records/{resource}/{id}{more}"), &mut called).await;
            }
            let path = format!("/api/webhook/{resource}");
            for operation in ["upsert", "create", "update", "delete"] {
                let reply = other.post(&path, json!({ "id": id, "operation": operation })).await;
                assert!(reply.status >= 400 && !reply.text.contains(MINE), "{operation} {path} {id}: {}", reply.text);
            }
            let operations = ["upsert", "create", "update", "delete"];
            let records = operations.map(|operation| json!({ "id": id, "operation": operation }));
            let reply = other.post(&format!("{path}/batch"), json!({ "records": records })).await.expect(207);
            assert!(reply.body["succeeded"] == 0 && !reply.text.contains(MINE), "{path} {id}: {}", reply.text);
            tried.extend([format!("{path}/batch"), path]);
        }
    }
    assert!(called > 1_000, "{called}");
    assert_eq!(other.get("/api/stats").await.expect(200).body["endpoints"], json!([]));
    // Neither statistics nor a search have pages.
    for (list, _) in LISTS.into_iter().filter(|(list, _)| !["/api/stats", "/api/records"].contains(list)) {
        for cursor in cursors(&app, list).await {
            for name in ["cursor", "after"] {
                let reply = other.get(&format!("{list}?{name}={cursor}")).await;
                let has_own = matches!(list, "/api/keys" | "/api/audit");
                let foreign = ids_in(&reply.body).into_iter().find(|id| ids.contains(id));
                assert!(
                    foreign.is_none() && (has_own || reply.status == 400 || reply.body["data"] == json!([])),
                    "{list}"
                );
            }
        }
    }
    for route in functions(&|_| app.system().environment().clone(), &local::Clock::system()).unwrap().routes.iter() {
        let key = route.key();
        let path = key.split_once(' ').map_or(&*key, |(_, path)| path).trim_end_matches("/{proxy+}");
        // The portal has no table to read from.
        let public = path == "/api/event-types" || route.function() == "portal";
        assert!(public || tried.iter().any(|tried| tried.starts_with(path)), "{path} was not tried");
    }
    app.advance(Duration::from_secs(1)).await;
    app.drain().await;
    let mut after = app.items(&app.account).await;
    // What the other account called, and was refused.
    after.retain(|item| item["item"]["pk"] != other.account.as_str());
    assert_eq!(after.iter().zip(&before).find(|(after, before)| after != before), None);
    assert_eq!(after.len(), before.len());
}
