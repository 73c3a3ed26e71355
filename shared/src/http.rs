//! What every HTTP function does before and after its own work: who is calling, are they allowed, have they calls left,
//! is it a repetition; and headers, problem+json and one log line for every answer.

mod answer;
mod gate;
mod guard;
mod head;
mod query;
mod repeat;

use lambda_http::http::{HeaderMap, header};
use lambda_http::{Body, Request};

pub use answer::{Facts, Reply};
pub use gate::{Caller, Gate};
pub use guard::{Guard, address_of};
pub use head::{is_api, method, without_body_for_head};
#[cfg(test)]
pub(crate) use query::tests::request as query_request;
pub use query::{NO_PARAMETERS, Parameter, Parameters, Query, TakesParameters, ValueType, write_cursor};

use crate::problem::{Problem, ProblemCode};

/// The largest body that is read, in bytes (contract section 2.1).
pub const MAX_BODY_BYTES: usize = 131_072;

/// The bytes of the body; API Gateway's base64 is undone already.
#[must_use]
pub fn body(request: &Request) -> &[u8] {
    match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    }
}

/// The body of a call that must be JSON and not too large.
///
/// # Errors
/// 415 or 413.
pub fn json_body(request: &Request) -> Result<&[u8], Problem> {
    if !is_json(request.headers()) {
        let detail = "Send the body with Content-Type: application/json (UTF-8).";
        return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
    }
    let body = body(request);
    if body.len() > MAX_BODY_BYTES {
        let detail = format!("The body has {} bytes; at most {MAX_BODY_BYTES} are accepted.", body.len());
        return Err(Problem::new(ProblemCode::PayloadTooLarge, detail));
    }
    Ok(body)
}

/// `application/json`, with `charset=utf-8` or nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| {
            let parameter = parameter.to_ascii_lowercase();
            parameter.is_empty() || matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
        })
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        let json = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]))
        };
        for yes in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
            assert!(json(yes), "{yes}");
        }
        for no in
            ["text/plain", "application/json; charset=latin1", "application/jsonp", "application/problem+json", ""]
        {
            assert!(!json(no), "{no}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
