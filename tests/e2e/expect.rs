//! What an answer must look like, whatever it says.

use serde_json::{Value, json};
use tests::Reply;

/// One header of an answer, as text; panics when it is not there.
#[track_caller]
pub(crate) fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.header(name).unwrap_or_else(|| panic!("{name} is missing: {} {}", reply.status, reply.text))
}

/// What every answer of the API has: the headers of the limits, the request's id, and that nobody keeps it.
#[track_caller]
pub(crate) fn common_headers(reply: &Reply) {
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        header(reply, name).parse::<u64>().expect(name);
    }
    let policy = header(reply, "ratelimit-policy").replace("batch-", "");
    assert!(policy.starts_with(r#""permin";q="#) && policy.contains(r#","perhr";q="#), "{policy}");
    let state = header(reply, "ratelimit").replace("batch-", "");
    assert!(state.starts_with(r#""permin";r="#) && state.contains(r#","perhr";r="#), "{state}");
    assert_eq!(header(reply, "cache-control"), "no-store");
    assert_eq!(header(reply, "x-content-type-options"), "nosniff");
    let id = header(reply, "x-request-id");
    assert!(id.starts_with("req_") && id.len() == "req_".len() + 26, "{id}");
}

/// A 200 of the five inbound calls, member by member. Returns its `data`.
#[track_caller]
pub(crate) fn accepted<'a>(reply: &'a Reply, action: &str) -> &'a Value {
    assert_eq!(reply.status, 200, "{}", reply.text);
    common_headers(reply);
    assert_eq!(header(reply, "content-type"), "application/json");
    let body = reply.body.as_object().expect("an object");
    let members: Vec<&str> = body.keys().map(String::as_str).collect();
    assert_eq!(members, ["success", "message", "action", "data", "events", "warnings", "requestId"]);
    assert_eq!(body["success"], true);
    assert_eq!(body["message"], "Request processed successfully");
    assert_eq!(body["action"], action, "{}", reply.text);
    assert_eq!(body["requestId"], header(reply, "x-request-id"));
    let data = body["data"].as_object().expect("an object");
    let members: Vec<&str> = data.keys().map(String::as_str).collect();
    assert_eq!(
        [members[0], members[2], members[3], members[4], members[5]],
        ["id", "status", "version", "createdAt", "updatedAt"]
    );
    assert!(members[1].ends_with("Number"), "{members:?}");
    for warning in body["warnings"].as_array().expect("a list") {
        let members: Vec<&String> = warning.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["code", "field", "message"]);
    }
    &body["data"]
}

/// A problem with this status and code, member by member.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &reply.body["code"]), (status, &json!(code)), "{}", reply.text);
    common_headers(reply);
    problem(reply);
}

/// A problem, whoever answers with it: the functions or the gateway before them.
#[track_caller]
pub(crate) fn problem(reply: &Reply) {
    assert_eq!(header(reply, "content-type"), "application/problem+json");
    let body = reply.body.as_object().unwrap_or_else(|| panic!("no object: {}", reply.text));
    assert_eq!(body["status"], reply.status);
    assert_eq!(body["requestId"], header(reply, "x-request-id"));
    for member in ["type", "title", "detail", "code"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", reply.text);
    }
    let code = body["code"].as_str().expect("a code");
    if code != "rate_limit_exceeded" {
        assert_eq!(body["type"], format!("/docs/errors/{code}"));
    }
    let Some(errors) = body.get("errors") else {
        assert_ne!(code, "validation_failed", "a body that is invalid has defects");
        return;
    };
    assert!(body["truncated"].is_boolean());
    for error in errors.as_array().expect("a list") {
        let members: Vec<&String> = error.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["field", "code", "message"]);
    }
}

/// A 400 `validation_failed` with exactly these defects, as `field code`, in this order.
#[track_caller]
pub(crate) fn invalid(reply: &Reply, expected: &[&str]) {
    refused(reply, 400, "validation_failed");
    assert_eq!(defects(reply), expected, "{}", reply.text);
}

/// The defects of a problem, as `field code`.
pub(crate) fn defects(reply: &Reply) -> Vec<String> {
    pairs(&reply.body["errors"], "field", "code")
}

/// The warnings of a good answer, as `code field`.
pub(crate) fn warnings(reply: &Reply) -> Vec<String> {
    pairs(&reply.body["warnings"], "code", "field")
}

/// The names of the events that a good answer says were raised.
pub(crate) fn events(reply: &Reply) -> Vec<&str> {
    reply.body["events"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str).collect()
}

fn pairs(list: &Value, first: &str, second: &str) -> Vec<String> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    let word = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    items.iter().map(|item| format!("{} {}", word(item, first), word(item, second))).collect()
}
