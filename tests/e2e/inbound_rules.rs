//! The rules between records (`docs/contract.md#rules-across-records`), each once through the whole system.

mod calendar;
mod references;
mod values;

use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use crate::crew::{TIME_OFF, WORK_ORDER, with, work_order};

const START: &str = "2025-10-27T12:00:00Z";

const END: &str = "2025-10-27T20:00:00Z";

/// Sends a new work order with `extra`, whatever comes of it.
async fn try_order(app: &InboundApp, extra: Value) -> Reply {
    app.post(WORK_ORDER, with(json!({"workOrderNumber": "WO-1", "title": "Pour slab"}), extra)).await
}

/// A work order of one day, with one person on it.
async fn order_for(app: &InboundApp, number: &str, person: &str, extra: Value) -> Reply {
    let crew = json!({"scheduledStart": START, "scheduledEnd": END, "assignments": [{"employeeNumber": person}]});
    work_order(app, number, with(crew, extra)).await
}

async fn time_off(app: &InboundApp, number: &str, person: &str, extra: Value) -> Reply {
    let body = json!({"requestNumber": number, "employeeNumber": person, "type": "vacation",
        "startDate": "2025-10-27", "endDate": "2025-10-27"});
    app.post(TIME_OFF, with(body, extra)).await
}
