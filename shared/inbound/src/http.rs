//! What every HTTP function does before and after its own work: who is calling, are they allowed, have they calls left,
//! is it a repetition; and headers, problem+json and one log line for every answer.

mod answer;
mod authentication;
mod content_type;
mod edge;
pub mod function;
mod gate;
mod guard;
mod head;
mod idempotency;
mod query;
mod rate_limit;
mod refusals;
mod visit;

use lambda_http::http::{HeaderMap, header};
use lambda_http::{Body, Request};

pub use answer::{Facts, Reply};
pub use gate::{Caller, Gate};
pub use guard::{COUNT_PATIENCE, Guard};
pub use head::{is_api, method, without_body_for_head};
pub use query::{NO_PARAMETERS, Parameter, Parameters, Query, TakesParameters, ValueType, write_cursor};
pub use rate_limit::RateLimit;
pub(crate) use visit::ReadAhead;

use crate::problem::{Problem, ProblemCode};

/// The largest body that is read, in bytes.
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
    let unsupported = |detail: &str| Problem::new(ProblemCode::UnsupportedMediaType, detail);
    if !content_type::is_json(request.headers()) {
        return Err(unsupported("Send the body with Content-Type: application/json, in UTF-8."));
    }
    if is_encoded(request.headers()) {
        return Err(unsupported("Send the body uncompressed: no Content-Encoding but identity is understood."));
    }
    let body = body(request);
    if body.len() > MAX_BODY_BYTES {
        let detail = format!("The body has {} bytes; at most {MAX_BODY_BYTES} are accepted.", body.len());
        return Err(Problem::new(ProblemCode::PayloadTooLarge, detail));
    }
    Ok(body)
}

/// Whether the body is not sent as it is.
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings =
        headers.get_all(header::CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    codings.map(<[u8]>::trim_ascii).any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_body_as_it_is_can_be_read() {
        let encoded = |values: &[&'static str]| {
            let header = |value: &&'static str| (header::CONTENT_ENCODING, HeaderValue::from_static(value));
            is_encoded(&values.iter().map(header).collect())
        };
        for plain in [&[][..], &["identity"], &["Identity"], &[""], &["identity, identity"], &["identity", "identity"]]
        {
            assert!(!encoded(plain), "{plain:?}");
        }
        for coded in [&["gzip"][..], &["br"], &["deflate"], &["identity, gzip"], &["identity", "zstd"], &["x"]] {
            assert!(encoded(coded), "{coded:?}");
        }
    }
}
