//! The five inbound endpoints, and publishing.

use domain::api_key::Scope;
use domain::models::Kind;
use inbound::MAX_RECORDS;
use inbound::http::DRY_RUN;
use inbound::problem::ProblemCode::{
    AlreadyExists, ExternalRefMismatch, ImmutableField, InvalidStateTransition, NotFound, Overlap, StillReferenced,
    VersionConflict,
};
use serde_json::{Value, json};

use super::super::records::{batch_name, example, name, receipt_name, results_name};
use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    let mut calls: Vec<Call> = Kind::ALL.into_iter().flat_map(|kind| [inbound(kind), batch(kind)]).collect();
    calls.push(publish());
    calls
}

fn inbound(kind: Kind) -> Call {
    let (model, segment) = (kind.model(), kind.segment());
    let delete = if model.deletable { ", or deletes it with `operation: delete`" } else { "" };
    let description = format!(
        "Creates or changes the {0} with this `{1}`{delete}. Absent fields stay as they are, `null` clears a field, \
         and arrays and nested objects are replaced whole. A repeat is `unchanged` and raises no event. \
         [Fields and rules](/docs/resources/{segment})",
        kind.name(),
        model.key
    );
    let article = if kind == Kind::Employee { "an" } else { "a" };
    let call = Call::new("post", format!("/api/webhook/{segment}"), format!("send-{segment}"), Scope::Inbound)
        .about("Inbound", format!("Send {article} {}", kind.name()), description)
        .takes(name(kind), example(kind))
        .filtered_by(DRY_RUN)
        .answers(200, "Request processed successfully", receipt_name(kind))
        .fails_with(&[NotFound, AlreadyExists, VersionConflict, InvalidStateTransition, ImmutableField])
        .fails_with(&[ExternalRefMismatch]);
    match kind {
        Kind::Employee | Kind::Vendor => call.fails_with(&[StillReferenced]),
        Kind::TimeOff => call.fails_with(&[Overlap]),
        Kind::WorkOrder | Kind::Project => call,
    }
}

fn batch(kind: Kind) -> Call {
    let segment = kind.segment();
    let description = format!(
        "Up to {MAX_RECORDS} records, processed one after the other in their order, each as `POST /api/webhook/{segment}` would. Each \
         has a result of its own, events of its own, and a `requestId` of its own: a record that is refused keeps no other back. \
         Counted as one call in the key's windows for batches. [Batches](/docs/batches)"
    );
    let plural = match kind {
        Kind::WorkOrder => "work orders",
        Kind::Project => "projects",
        Kind::Employee => "employees",
        Kind::Vendor => "vendors",
        Kind::TimeOff => "time-off requests",
    };
    let (path, id) = (format!("/api/webhook/{segment}/batch"), format!("send-{segment}-batch"));
    Call::new("post", path, id, Scope::Inbound)
        .about("Inbound", format!("Send many {plural}"), description)
        .takes(&batch_name(kind), json!({ "records": [example(kind)] }))
        .filtered_by(DRY_RUN)
        .answers(200, "All records were accepted", results_name(kind))
        .or_partly("At least one record was not accepted: see `status` of each result")
}

fn publish() -> Call {
    let data = serde_json::from_str(domain::events::EventName::ReportGenerated.example_body().as_str());
    let data = data.map(|body: Value| body["data"].clone()).unwrap_or_default();
    Call::new("post", "/api/events", "publish-event", Scope::PublishEvents)
        .about(
            "Events",
            "Publish an event",
            "For the rest of WorkSkedge, to publish events. The same `idempotencyKey` within 24 hours gets the same \
             `eventId`, and nothing is sent twice.",
        )
        .takes("Publication", json!({ "event": "report.generated", "idempotencyKey": "run-4711", "data": data }))
        .filtered_by(DRY_RUN)
        .answers(200, "The event is stored and will be delivered", "Published")
}
