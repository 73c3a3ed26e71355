//! An example body of every error, made by the code that makes the real ones.

use domain::defect::{Defect, DefectCode, Defects};
use inbound::problem::{Problem, ProblemCode};
use serde_json::Value;

const REQUEST_ID: &str = "req_01JAMB3X9T7Q2V5K8N4C6D0EFG";

/// The body of an answer with this code.
pub(crate) fn body(code: ProblemCode) -> Value {
    let mut problem = match code {
        ProblemCode::ValidationFailed => Problem::invalid(two_defects()),
        code => Problem::new(code, detail(code)),
    };
    match code {
        ProblemCode::RateLimitExceeded => problem.violated_policies = vec!["permin"],
        ProblemCode::Overlap => {
            let message = "overlaps to_01JAMB3X9T7Q2V5K8N4C6D0EFG (TO-5530)";
            problem.errors = one_defect("startDate", DefectCode::ConflictingFields, message);
        }
        ProblemCode::ImmutableField => {
            let message = "must be sent again with a new currency";
            problem.errors = one_defect("notToExceed", DefectCode::MissingDependency, message);
        }
        ProblemCode::ExternalRefMismatch => {
            let message = "is not the one that is stored with this vendorNumber";
            problem.errors = one_defect("externalRef.id", DefectCode::ReferenceMismatch, message);
        }
        _ => {}
    }
    serde_json::from_slice(problem.into_response(REQUEST_ID).body()).unwrap_or_default()
}

fn two_defects() -> Defects {
    let mut defects = Defects::default();
    defects.push("materials[0].quantity", DefectCode::OutOfRange, "must be greater than 0");
    defects.push("title", DefectCode::Required, "is required");
    defects
}

fn one_defect(field: &str, code: DefectCode, message: &str) -> Vec<Defect> {
    let mut defects = Defects::default();
    defects.push(field, code, message);
    defects.into_sorted()
}

/// The `detail` of a real one.
const fn detail(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::MalformedJson => "expected `,` or `}` at line 3 column 5",
        ProblemCode::DuplicateKey => "the name materials[0].unit is there twice in one object",
        ProblemCode::ValidationFailed => "2 fields are invalid",
        ProblemCode::Unauthorized => "Send a valid API key in the header X-API-Key.",
        ProblemCode::Forbidden => "This call needs a key with the scope webhooks:manage.",
        ProblemCode::NotFound => "There is no such endpoint.",
        ProblemCode::MethodNotAllowed => "This path supports GET, HEAD, POST.",
        ProblemCode::RequestTimeout => "The connection broke within the body.",
        ProblemCode::AlreadyExists => {
            "There is a work order with this workOrderNumber already: wo_01JAMB3X9T7Q2V5K8N4C6D0EFG. Send it as an \
             update."
        }
        ProblemCode::VersionConflict => "The stored version is 4. Read what changed, then decide.",
        ProblemCode::InvalidStateTransition => "A work order can't go from completed to on_hold.",
        ProblemCode::Overlap => "The employee has other time off then: to_01JAMB3X9T7Q2V5K8N4C6D0EFG (TO-5530).",
        ProblemCode::StillReferenced => "The employee is still on open work orders: WO-12345.",
        ProblemCode::ImmutableField => {
            "currency can't change while amounts in the old one are stored: send them again with it."
        }
        ProblemCode::ExternalRefMismatch => {
            "ven_01JAMB3X9T7Q2V5K8N4C6D0EFG has this vendorNumber and comes from another record of the same system. \
             Give this one a vendorNumber of its own, or send ifVersion 4 to put it in the place of the other."
        }
        ProblemCode::IdempotencyKeyInUse => {
            "The first request with this Idempotency-Key is still running. Send it again in a moment."
        }
        ProblemCode::LimitReached => {
            "The account has 100 endpoints, which is as many as it may have. Delete one, or ask for more."
        }
        ProblemCode::LastKey => {
            "This is the account's last key with the scope keys:manage that does not expire. Create another one first."
        }
        ProblemCode::AlreadyDelivered => {
            "The endpoint has accepted this delivery. Send {\"force\": true} to send it once more."
        }
        ProblemCode::PayloadTooLarge => "The body has 140212 bytes; at most 131072 are accepted.",
        ProblemCode::UnsupportedMediaType => "Send the body with Content-Type: application/json, in UTF-8.",
        ProblemCode::IdempotencyKeyReused => {
            "This Idempotency-Key came with another body before. Use a new key for a new request."
        }
        ProblemCode::RateLimitExceeded => {
            "This key may make 50 calls a minute and 1000 an hour. Wait 31 seconds, then send the same request again."
        }
        ProblemCode::InternalError => "The request could not be processed. Try again.",
        ProblemCode::Unavailable => "Send the same request again in a moment. It is safe to repeat.",
    }
}
