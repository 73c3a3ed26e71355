//! What every HTTP function does before and after its own work: who is calling, are they allowed, have they calls left,
//! is it a repetition; and headers, problem+json and one log line for every answer.

mod answer;
mod authentication;
mod caller;
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

pub use answer::{Facts, Refused, Reply};
pub use authentication::Link;
pub use caller::{Admission, Caller};
pub use gate::Gate;
pub use guard::{COUNT_PATIENCE, Guard};
pub use head::{is_api, method, without_body_for_head};
pub use query::{
    DRY_RUN, NO_PARAMETERS, Parameter, Parameters, Query, Sending, TakesParameters, ValueType, write_cursor,
};
pub use rate_limit::RateLimit;
pub(crate) use visit::ReadAhead;

use crate::problem::{Problem, ProblemCode};

/// The largest body that is read, in bytes; and the largest record of a batch.
pub const MAX_BODY_BYTES: usize = 131_072;
/// The largest body of a batch, in bytes: a hundred batches an hour are no more than a thousand of the largest bodies.
pub const MAX_BATCH_BYTES: usize = 1_048_576;

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
    json_within(request, MAX_BODY_BYTES)
}

/// The body of a batch that must be JSON and not too large.
///
/// # Errors
/// 415 or 413.
pub(crate) fn json_batch(request: &Request) -> Result<&[u8], Problem> {
    json_within(request, MAX_BATCH_BYTES)
}

fn json_within(request: &Request, most: usize) -> Result<&[u8], Problem> {
    let unsupported = |detail: &str| Problem::new(ProblemCode::UnsupportedMediaType, detail);
    if !content_type::is_json(request.headers()) {
        return Err(unsupported("Send the body with Content-Type: application/json, in UTF-8."));
    }
    if is_encoded(request.headers()) {
        return Err(unsupported("Send the body uncompressed: no Content-Encoding but identity is understood."));
    }
    let body = body(request);
    if body.len() > most { Err(too_large("body", body.len(), most)) } else { Ok(body) }
}

/// 413 for `what` has more than `most` bytes.
pub(crate) fn too_large(what: &str, bytes: usize, most: usize) -> Problem {
    let detail = format!("The {what} has {bytes} bytes; at most {most} are accepted.");
    Problem::new(ProblemCode::PayloadTooLarge, detail)
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
