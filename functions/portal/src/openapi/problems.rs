//! Errors: one schema, an example for each code, and the answers of an operation by status.

use std::collections::BTreeMap;

use domain::defect::DefectCode;
use inbound::problem::ProblemCode;
use serde_json::{Value, json};

use super::problem_examples::body;
use super::{headers, members, schema};

/// The body of every error.
pub(super) fn problem() -> Value {
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "code", "requestId"],
        "properties": {
            "type": { "type": "string", "description": "A page that explains the error" },
            "title": { "type": "string", "description": "The same for every occurrence" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What is wrong with this request, and what to do" },
            "code": { "type": "string", "enum": codes },
            "errors": {
                "type": "array",
                "maxItems": 50,
                "description": "Every defect, sorted by field (400 and 409)",
                "items": schema("Defect"),
            },
            "truncated": { "type": "boolean", "description": "Whether there are more defects than listed" },
            "violated-policies": {
                "type": "array",
                "description": "The rate limit windows that are used up (429)",
                "items": { "type": "string", "enum": ["permin", "perhr", "batch-permin", "batch-perhr"] },
            },
            "requestId": { "type": "string" },
            "dryRun": { "type": "boolean", "description": "True in a dry run, absent otherwise" },
        },
    })
}

/// The result of a record of a batch that was not accepted: what a call of its own would have been answered.
pub(super) fn of_record() -> Value {
    let mut schema = problem();
    schema["description"] = json!("As the response to a call of its own would be");
    schema["properties"]["index"] = json!({ "type": "integer", "minimum": 0, "description": "Its place in `records`" });
    if let Some(required) = schema["required"].as_array_mut() {
        required.insert(0, json!("index"));
    }
    schema
}

/// One defect of a body or a query.
pub(super) fn defect() -> Value {
    json!({
        "type": "object",
        "required": ["field", "code", "message"],
        "properties": {
            "field": { "type": "string", "description": "`materials[0].quantity`; `$` is the body itself" },
            "code": { "type": "string", "enum": DefectCode::ALL },
            "message": { "type": "string", "description": "Never repeats the received value" },
        },
    })
}

/// An example of each code.
pub(super) fn examples() -> Value {
    let example = |code: ProblemCode| json!({ "summary": code.title(), "value": body(code) });
    members(ProblemCode::ALL.iter().map(|code| (code.as_str(), example(*code))))
}

/// The answers for these codes, one for each status.
pub(super) fn responses(codes: &[ProblemCode]) -> BTreeMap<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    let answers = by_status.into_iter().map(|(status, codes)| (status.to_string(), response(&codes)));
    answers.collect()
}

fn response(codes: &[ProblemCode]) -> Value {
    let words: Vec<String> = codes.iter().map(|code| format!("[`{0}`](/docs/errors/{0})", code.as_str())).collect();
    let examples =
        codes.iter().map(|code| (code.as_str(), json!({ "$ref": format!("#/components/examples/{}", code.as_str()) })));
    let more: &[&str] = match codes {
        [ProblemCode::RateLimitExceeded] => &["Retry-After"],
        [ProblemCode::MethodNotAllowed] => &["Allow"],
        _ => &[],
    };
    // Requests that could not be counted, or did not arrive whole, get no rate limit headers.
    let uncounted = [ProblemCode::Unavailable, ProblemCode::RequestTimeout, ProblemCode::InternalError];
    let counted = !codes.iter().any(|code| uncounted.contains(code));
    json!({
        "description": words.join(", "),
        "headers": headers::of(counted, more),
        "content": {
            "application/problem+json": { "schema": schema("Problem"), "examples": members(examples) }
        },
    })
}
