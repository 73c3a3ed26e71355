//! Headers of responses.

use serde_json::{Value, json};

use super::members;

/// Headers of every counted response; the first is on every response.
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
        "X-Request-ID": text("The id of this request, for questions to support.", "req_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        "X-RateLimit-Limit": number("The limit of the window that is closer to being used up.", 50),
        "X-RateLimit-Remaining": number("Calls left in that window.", 12),
        "X-RateLimit-Reset": number("When that window resets, in Unix seconds.", 1_760_970_660),
        "RateLimit": text("Calls left in both windows, and the seconds until they reset (IETF draft).", "\"permin\";r=12;t=31,\"perhr\";r=700;t=1800"),
        "RateLimit-Policy": text("The limits of both windows (IETF draft).", "\"permin\";q=50;w=60,\"perhr\";q=1000;w=3600"),
        "Retry-After": number("Seconds to wait before the next call.", 31),
        "Location": text("The path of the created resource.", "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        "Allow": text("The methods that this path supports.", "GET, HEAD, POST"),
        "ETag": text("Identifies this version of the page. Send it as `If-None-Match` to get 304 while it is unchanged.", "\"5257a869e7ecebeda32affa6\""),
        "Idempotency-Replayed": json!({
            "description": "This is the response to an earlier request with the same Idempotency-Key.",
            "schema": { "type": "string", "enum": ["true"] },
        }),
    })
}

/// The headers of a response: with those of rate limits if it is `counted`, and `more`.
pub(super) fn of(counted: bool, more: &[&str]) -> Value {
    let common = if counted { &COUNTED[..] } else { &COUNTED[..1] };
    members(common.iter().chain(more).map(|name| (*name, json!({ "$ref": format!("#/components/headers/{name}") }))))
}
