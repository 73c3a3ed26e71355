//! Which events an endpoint gets: by name, by group, by project.

use serde_json::json;
use tests::{Receiver, TestApp};

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
