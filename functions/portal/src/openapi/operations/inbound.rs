//! The five inbound endpoints, and publishing.

use domain::api_key::Scope;
use domain::models::Kind;
use inbound::problem::ProblemCode::{
    AlreadyExists, ExternalRefMismatch, ImmutableField, InvalidStateTransition, NotFound, Overlap, StillReferenced,
    VersionConflict,
};
use serde_json::{Value, json};

use super::super::answers::receipt_name;
use super::super::schemas::name;
use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    let mut calls: Vec<Call> = Kind::ALL.map(inbound).into();
    calls.push(publish());
    calls
}

/// A body that creates a record of this kind.
pub(crate) fn example(kind: Kind) -> Value {
    let text = match kind {
        Kind::WorkOrder => include_str!("../../../examples/workorder.json"),
        Kind::Project => include_str!("../../../examples/project.json"),
        Kind::Employee => include_str!("../../../examples/employee.json"),
        Kind::Vendor => include_str!("../../../examples/vendor.json"),
        Kind::TimeOff => include_str!("../../../examples/timeoff.json"),
    };
    serde_json::from_str(text).unwrap_or_default()
}

fn inbound(kind: Kind) -> Call {
    let (model, segment) = (kind.model(), kind.segment());
    let delete = if model.deletable { ", or deletes it with `operation: delete`" } else { "" };
    let description = format!(
        "Creates or changes the {0} with this `{1}`{delete}. Absent fields stay as they are, `null` clears, arrays and \
         nested objects are replaced whole; nothing changed is `unchanged` and raises no event. \
         [Fields and rules](/docs/resources/{segment})",
        kind.name(),
        model.key
    );
    let article = if kind == Kind::Employee { "an" } else { "a" };
    let call = Call::new("post", format!("/api/webhook/{segment}"), format!("send-{segment}"), Scope::Inbound)
        .about("Inbound", format!("Send {article} {}", kind.name()), description)
        .takes(name(kind), example(kind))
        .answers(200, "Request processed successfully", receipt_name(kind))
        .fails_with(&[NotFound, AlreadyExists, VersionConflict, InvalidStateTransition, ImmutableField])
        .fails_with(&[ExternalRefMismatch]);
    match kind {
        Kind::Employee | Kind::Vendor => call.fails_with(&[StillReferenced]),
        Kind::TimeOff => call.fails_with(&[Overlap]),
        Kind::WorkOrder | Kind::Project => call,
    }
}

fn publish() -> Call {
    let data = serde_json::from_str(domain::events::EventName::ReportGenerated.example_body().as_str());
    let data = data.map(|body: Value| body["data"].clone()).unwrap_or_default();
    Call::new("post", "/api/events", "publish-event", Scope::PublishEvents)
        .about(
            "Events",
            "Publish an event",
            "How the rest of WorkSkedge raises events. The same `idempotencyKey` within 24 hours answers with the same \
             `eventId` and sends nothing twice.",
        )
        .takes("Publication", json!({ "event": "report.generated", "idempotencyKey": "run-4711", "data": data }))
        .answers(200, "The event is stored and on its way", "Published")
}
