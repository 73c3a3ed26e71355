//! The people, companies and jobs that the tests' bodies refer to.

use serde_json::{Value, json};
use tests::{InboundApp, Reply, Tenant};

/// Paths of the five inbound calls.
pub(crate) const WORK_ORDER: &str = "/api/webhook/workorder";
pub(crate) const PROJECT: &str = "/api/webhook/project";
pub(crate) const EMPLOYEE: &str = "/api/webhook/employee";
pub(crate) const VENDOR: &str = "/api/webhook/vendor";
pub(crate) const TIME_OFF: &str = "/api/webhook/timeoff";

/// Sends a body that must be accepted.
#[track_caller]
pub(crate) fn ok(reply: Reply) -> Reply {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

/// An employee with this number and whatever else `extra` says.
pub(crate) async fn employee(app: &Tenant, number: &str, extra: Value) -> Reply {
    let body =
        with(json!({"employeeNumber": number, "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter"}), extra);
    ok(app.post(EMPLOYEE, body).await)
}

/// A vendor with this number and whatever else `extra` says.
pub(crate) async fn vendor(app: &Tenant, number: &str, extra: Value) -> Reply {
    let body = with(json!({"vendorNumber": number, "name": "Lone Star Rebar", "vendorType": "supplier"}), extra);
    ok(app.post(VENDOR, body).await)
}

/// A project with this number and whatever else `extra` says.
pub(crate) async fn project(app: &Tenant, number: &str, extra: Value) -> Reply {
    let body = with(json!({"projectNumber": number, "name": "Riverside"}), extra);
    ok(app.post(PROJECT, body).await)
}

/// A work order with this number and whatever else `extra` says.
pub(crate) async fn work_order(app: &Tenant, number: &str, extra: Value) -> Reply {
    let body = with(json!({"workOrderNumber": number, "title": "Pour slab"}), extra);
    ok(app.post(WORK_ORDER, body).await)
}

/// `body` with the members of `extra` over its own.
pub(crate) fn with(mut body: Value, extra: Value) -> Value {
    let Value::Object(extra) = extra else { panic!("{extra} is not an object") };
    body.as_object_mut().expect("an object").extend(extra);
    body
}

/// The id in a good answer.
pub(crate) fn id(reply: &Reply) -> String {
    reply.body["data"]["id"].as_str().expect("an id").to_owned()
}

/// Whoever the fixtures of `segment` refer to: parents are sent first.
pub(crate) async fn send_parents(app: &InboundApp, segment: &str) {
    if matches!(segment, "workorder" | "project" | "timeoff") {
        ok(app.post(EMPLOYEE, app.fixture("employee/valid/typical")).await);
        for number in ["E-1003", "E-1077", "E-1103", "E-1131"] {
            employee(app, number, json!({})).await;
        }
    }
    if segment == "workorder" {
        ok(app.post(PROJECT, app.fixture("project/valid/typical")).await);
        vendor(app, "V-2207", json!({})).await;
    }
}
