//! Answers about calls that were refused.

use domain::defect::DefectCode;
use domain::models::Kind;
use inbound::problem::ProblemCode;
use serde_json::{Value, json};

use super::super::shape::{Member, boolean, count, id, list, noted, nullable, object, text, time, words};

pub(super) fn refused_call() -> Vec<Member> {
    vec![
        ("id", noted(id("req_"), "the `requestId` of the response")),
        ("createdAt", time()),
        ("method", text()),
        ("path", noted(text(), "without the query; what can't be a part of one of ours is `[redacted]`")),
        ("status", json!({ "type": "integer", "minimum": 400, "maximum": 499 })),
        ("code", words(ProblemCode::ALL.map(ProblemCode::as_str))),
        ("errors", noted(list(&fault()), "the first 20 defects, sorted by field")),
        ("errorCount", noted(count(), "how many defects there were")),
        ("subject", subject()),
        ("keyId", id("key_")),
        ("keyName", noted(text(), "the key's name at the time")),
        ("truncated", noted(boolean(), "whether calls that were refused later in the same minute may be missing")),
    ]
}

fn fault() -> Value {
    let field = noted(nullable(&text()), "path of the field; null where the name is not one of ours");
    object(&[("field", field), ("code", words(DefectCode::ALL.map(DefectCode::as_str)))])
}

fn subject() -> Value {
    let subject = object(&[
        ("type", words(Kind::ALL.map(Kind::segment))),
        ("number", noted(text(), "its natural key, such as `workOrderNumber`, as it was sent")),
    ]);
    noted(nullable(&subject), "the record that the body was about; null if it was not read or has no valid natural key")
}
