//! Headers of answers.

use serde_json::{Value, json};

use super::members;

/// Headers that every answer of the API has.
const COUNTED: [&str; 6] = [
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
];

/// All headers that are described.
pub(super) fn all() -> Value {
    let always = |description: &str, schema: Value, example: Value| json!({ "description": description, "required": true, "schema": schema, "example": example });
    let text = |description: &str, example: &str| always(description, json!({ "type": "string" }), json!(example));
    let number = |description: &str, example: i64| {
        always(description, json!({ "type": "integer", "minimum": 0 }), json!(example))
    };
    json!({
        "X-Request-ID": text("The id of this request: name it when you ask us about it.", "req_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        "X-RateLimit-Limit": number("Calls that the window allows which is nearer to being used up.", 50),
        "X-RateLimit-Remaining": number("Calls that are left in it.", 12),
        "X-RateLimit-Reset": number("When it begins anew, in Unix seconds.", 1_760_970_660),
        "RateLimit": text("What is left of both windows, and for how many seconds (IETF draft).", "\"permin\";r=12;t=31,\"perhr\";r=700;t=1800"),
        "RateLimit-Policy": text("Both windows (IETF draft).", "\"permin\";q=50;w=60,\"perhr\";q=1000;w=3600"),
        "Retry-After": number("Seconds to wait before the next call.", 31),
        "Location": text("The path of what was made.", "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        "Allow": text("The methods that the path answers to.", "GET, HEAD, POST"),
        "ETag": text("Names this version of the page: send it as `If-None-Match` to get 304 while there is no other.", "\"5257a869e7ecebeda32affa6\""),
        "Idempotency-Replayed": json!({
            "description": "The answer is that of an earlier request with the same Idempotency-Key.",
            "schema": { "type": "string", "enum": ["true"] },
        }),
    })
}

/// The headers of an answer: those of every answer of the API if it is one, and these.
pub(super) fn of(counted: bool, more: &[&str]) -> Value {
    let common = if counted { &COUNTED[..] } else { &COUNTED[..1] };
    members(common.iter().chain(more).map(|name| (*name, json!({ "$ref": format!("#/components/headers/{name}") }))))
}
