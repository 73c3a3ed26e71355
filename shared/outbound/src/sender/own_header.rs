//! Custom headers: which ones a subscriber may add to its deliveries.

use hyper::header::{HeaderName, HeaderValue};

/// The longest name of a custom header, in bytes.
pub const LONGEST_NAME: usize = 100;

/// The longest value of a custom header, in bytes.
pub const LONGEST_VALUE: usize = 1_000;

/// Names that belong to HTTP or to this service.
const RESERVED: [&str; 29] = [
    "accept",
    "age",
    "allow",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "warning",
    "x-http-method-override",
    "x-real-ip",
];

/// Beginnings of names that belong to HTTP or to this service.
const RESERVED_PREFIXES: [&str; 8] =
    ["accept-", "content-", "http2-", "if-", "proxy-", "sec-", "webhook-", "x-forwarded-"];

/// Why a custom header is refused. Displayed, it completes the sentence "the header ...".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderDefect {
    /// The name is not an HTTP field name, or too long.
    #[error("must have a name of 1 to {LONGEST_NAME} letters, digits and hyphens as HTTP allows them")]
    Name,
    /// The name belongs to HTTP or to this service.
    #[error("has a name that is reserved")]
    Reserved,
    /// The value has other characters than visible ASCII and inner spaces, or is too long.
    #[error("must have a value of 1 to {LONGEST_VALUE} visible ASCII characters and spaces between them")]
    Value,
}

/// Checks a custom header.
///
/// # Errors
/// When it is not valid HTTP, or its name is reserved for HTTP or this service.
pub fn check_own_header(name: &str, value: &str) -> Result<(), HeaderDefect> {
    if name.len() > LONGEST_NAME {
        return Err(HeaderDefect::Name);
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderDefect::Name)?;
    if is_reserved(name.as_str()) {
        return Err(HeaderDefect::Reserved);
    }
    let visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if value.is_empty() || value.len() > LONGEST_VALUE || !visible || value.trim() != value {
        return Err(HeaderDefect::Value);
    }
    HeaderValue::from_str(value).map(drop).map_err(|_| HeaderDefect::Value)
}

/// `name` is in lower case.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
        || name.starts_with("x-webhook-")
        || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_routing_headers_pass() {
        for (name, value) in [
            ("Authorization", "Bearer abc.def"),
            ("X-Api-Key", "k"),
            ("x-functions-key", "a b"),
            ("X-Tenant", &"v".repeat(1_000)),
        ] {
            assert_eq!(check_own_header(name, value), Ok(()), "{name}");
        }
    }

    #[test]
    fn ours_and_https_own_are_reserved() {
        for name in [
            "Host",
            "CONNECTION",
            "Keep-Alive",
            "Proxy-Authorization",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Content-Length",
            "content-type",
            "Content-Encoding",
            "User-Agent",
            "Date",
            "Cookie",
            "Accept",
            "Accept-Encoding",
            "Expect",
            "X-Webhook-Signature",
            "X-Webhook-Event-ID",
            "x-webhook-anything",
            "webhook-id",
            "Webhook-Signature",
            "traceparent",
            "TraceState",
            "X-Forwarded-For",
            "If-None-Match",
        ] {
            assert_eq!(check_own_header(name, "v"), Err(HeaderDefect::Reserved), "{name}");
        }
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for name in ["", "a b", "a:b", "naïve", "a\r\nb", &"n".repeat(101)] {
            assert_eq!(check_own_header(name, "v"), Err(HeaderDefect::Name), "{name}");
        }
        let masked = domain::endpoint::HeaderValue::new("Bearer 0123456789").masked();
        assert_eq!(
            check_own_header("Authorization", &masked),
            Err(HeaderDefect::Value),
            "what is shown can't be sent back"
        );
        for value in ["", " v", "v ", "a\r\nX-Evil: 1", "a\tb", "é", "a\0b", &"v".repeat(1_001)] {
            assert_eq!(check_own_header("X-A", value), Err(HeaderDefect::Value), "{value}");
        }
    }
}
