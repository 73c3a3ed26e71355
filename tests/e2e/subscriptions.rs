//! Which events an endpoint gets: by name, by group, by project.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::{common_headers, header};

const ENDPOINTS: &str = "/api/endpoints";

/// The events that arrived, in no order.
fn names(receiver: &Receiver) -> Vec<String> {
    let mut names: Vec<String> =
        receiver.requests().iter().map(|received| received.header("x-webhook-event").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_endpoint_gets_the_events_that_it_asked_for() {
    let app = TestApp::start().await;
    let (name, group, all) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    app.endpoint(&name.url(), ["project.created"]).await;
    app.endpoint(&group.url(), ["workorder.*", "vendor.created"]).await;
    app.endpoint(&all.url(), ["*"]).await;
    app.post("/api/webhook/project", app.fixture("project/valid/minimal")).await.expect(200);
    app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "title": "One" })).await.expect(200);
    app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "title": "Two" })).await.expect(200);
    app.drain().await;
    assert_eq!(names(&name), ["project.created"]);
    assert_eq!(names(&group), ["workorder.created", "workorder.updated"]);
    assert_eq!(names(&all), ["project.created", "workorder.created", "workorder.updated"]);
}

#[tokio::test]
async fn an_endpoint_for_projects_gets_events_of_those_projects_only() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let mut projects = Vec::new();
    for number in ["P-1", "P-2"] {
        let made = app.post("/api/webhook/project", json!({ "projectNumber": number, "name": number })).await;
        projects.push(made.expect(200).body["data"]["id"].clone());
    }
    app.drain().await;
    let body = json!({ "url": receiver.url(), "events": ["*"], "projectIds": [projects[0]] });
    app.endpoint_with(body).await;
    for (number, project) in [("WO-1", Some("P-1")), ("WO-2", Some("P-2")), ("WO-3", None)] {
        let body = json!({ "workOrderNumber": number, "title": number, "projectNumber": project });
        app.post("/api/webhook/workorder", body).await.expect(200);
    }
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Renamed" })).await.expect(200);
    app.post("/api/webhook/project", json!({ "projectNumber": "P-2", "name": "Renamed" })).await.expect(200);
    app.drain().await;
    assert_eq!(names(&receiver), ["project.updated", "workorder.created"]);
    let order = receiver.requests().into_iter().find(|r| r.header("x-webhook-event") == "workorder.created").unwrap();
    assert_eq!(order.json()["data"]["workOrderNumber"], "WO-1");
}

#[tokio::test]
async fn what_is_published_belongs_to_its_project_as_what_is_raised_does() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let project = "proj_abc123";
    app.endpoint_with(json!({ "url": receiver.url(), "events": ["*"], "projectIds": [project] })).await;
    let mut assigned = app.fixture("events/employee.assigned")["data"].clone();
    assigned["assignment"]["type"] = json!("project");
    for id in [project, "proj_other1"] {
        let mut renamed = app.fixture("events/project.updated")["data"].clone();
        (renamed["id"], assigned["assignment"]["id"]) = (json!(id), json!(id));
        let mut order = app.fixture("events/workorder.created")["data"].clone();
        order["projectId"] = json!(id);
        for (event, data) in
            [("project.updated", &renamed), ("employee.assigned", &assigned), ("workorder.created", &order)]
        {
            let body = json!({ "event": event, "data": data, "idempotencyKey": format!("{event} {id}") });
            app.post("/api/events", body).await.expect(200);
        }
    }
    app.drain().await;
    assert_eq!(names(&receiver), ["employee.assigned", "project.updated", "workorder.created"]);
}

#[tokio::test]
async fn an_event_that_nobody_asked_for_makes_no_delivery() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let body = json!({ "url": receiver.url(), "events": ["*"], "status": "disabled" });
    app.endpoint_with(body).await;
    app.endpoint(&receiver.url(), ["report.*"]).await;
    app.post("/api/webhook/workorder", app.fixture("workorder/valid/minimal")).await.expect(200);
    app.drain().await;
    assert!(app.deliveries().await.is_empty());
}

#[tokio::test]
async fn the_same_subscription_again_is_answered_with_the_endpoint_that_is_there() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let url = receiver.url();
    let body = json!({
        "url": url, "events": ["workorder.*", "vendor.created"], "projectIds": ["proj_abc123", "proj_abc124"],
        "description": "ERP", "headers": { "X-Tenant": "a secret of ours" },
    });
    let made = app.post(ENDPOINTS, body).await.expect(201);
    for (url, events, projects) in [
        (url.clone(), json!(["workorder.*", "vendor.created"]), json!(["proj_abc123", "proj_abc124"])),
        (url.clone(), json!(["vendor.created", "workorder.*"]), json!(["proj_abc124", "proj_abc123"])),
        (
            url.clone(),
            json!(["workorder.updated", "workorder.*", "vendor.created"]),
            json!(["proj_abc123", "proj_abc124"]),
        ),
        (url.replace("http", "HTTP"), json!(["workorder.*", "vendor.created"]), json!(["proj_abc123", "proj_abc124"])),
    ] {
        let again = json!({
            "url": url, "events": events, "projectIds": projects, "description": "Zap", "headers": {"X-Tenant": "other"},
            "status": "disabled",
        });
        let found = app.post(ENDPOINTS, again).await.expect(200);
        common_headers(&found);
        assert_eq!(header(&found, "location"), format!("{ENDPOINTS}/{}", made.body["id"].as_str().unwrap()));
        for member in ["id", "secret", "url", "events", "projectIds", "description", "status", "version"] {
            assert_eq!(found.body[member], made.body[member], "{member}");
        }
        assert!(!found.text.contains("a secret of ours") && !found.text.contains("other"), "{}", found.text);
    }
    assert_eq!(app.get(ENDPOINTS).await.expect(200).body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_url_event_or_project_makes_another_endpoint() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let url = receiver.url();
    let mut ids: Vec<Value> = Vec::new();
    for (url, events, projects) in [
        (url.clone(), json!(["workorder.*"]), json!([])),
        (url.clone(), json!(["workorder.*"]), json!(["proj_abc123"])),
        (url.clone(), json!(["workorder.*", "vendor.created"]), json!([])),
        (url.clone(), json!(["*"]), json!([])),
        (format!("{url}?zap=2"), json!(["workorder.*"]), json!([])),
    ] {
        let body = json!({ "url": url, "events": events, "projectIds": projects });
        ids.push(app.post(ENDPOINTS, body).await.expect(201).body["id"].clone());
    }
    let other = app.tenant("Other").await;
    other.post(ENDPOINTS, json!({ "url": url, "events": ["*"] })).await.expect(201);
    let listed = app.get(ENDPOINTS).await.expect(200).body["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), ids.len());
}

#[tokio::test]
async fn the_same_subscription_is_found_while_disabled_but_not_after_a_change_or_deletion() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let body = json!({ "url": receiver.url(), "events": ["*"] });
    let first = app.endpoint_with(body.clone()).await;
    let path = format!("{ENDPOINTS}/{}", first.id);
    app.patch(&path, json!({ "status": "disabled" })).await.expect(200);
    let found = app.post(ENDPOINTS, body.clone()).await.expect(200).body;
    assert_eq!((&found["id"], &found["status"]), (&json!(first.id), &json!("disabled")));

    app.patch(&path, json!({ "events": ["vendor.*"] })).await.expect(200);
    let second = app.endpoint_with(body.clone()).await;
    app.patch(&path, json!({ "events": ["*"] })).await.expect(200);
    let found = app.post(ENDPOINTS, body.clone()).await.expect(200).body;
    assert_eq!(found["id"], second.id, "of two the one that is enabled");

    app.delete(&format!("{ENDPOINTS}/{}", second.id)).await.expect(204);
    assert_eq!(app.post(ENDPOINTS, body.clone()).await.expect(200).body["id"], first.id);
    app.delete(&path).await.expect(204);
    let third = app.endpoint_with(body).await;
    assert!(third.id != first.id && third.id != second.id);
}

#[tokio::test]
async fn many_subscriptions_at_once_make_one_endpoint() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let body = json!({ "url": receiver.url(), "events": ["*"] });
    let replies = join_all((0..10).map(|_| app.post(ENDPOINTS, body.clone()))).await;
    let ids: Vec<&Value> = replies.iter().map(|reply| &reply.body["id"]).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 9);
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}
