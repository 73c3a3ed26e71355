//! Why an attempt failed, in the words of contract section 9.

use std::error::Error;
use std::io;

use serde::{Deserialize, Serialize};

use super::resolver::ResolveError;

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptError {
    /// The host name has no address, or none was to be had.
    Dns,
    /// No connection came about, or it broke, or what came back was not HTTP, before a whole head of an answer was there.
    Connect,
    /// The TLS handshake failed: certificate not trusted, expired or of another name, no common version, not TLS at all.
    Tls,
    /// No head of an answer in time, or no connection within 5 seconds.
    Timeout,
    /// The URL leads to an address that is not public.
    ForbiddenAddress,
    /// The answer's status is not 2xx.
    HttpStatus,
    /// The head of the answer does not end: more than 100 header fields, or 400 KiB. A long *body* is no failure.
    ResponseTooLarge,
}

impl AttemptError {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::ForbiddenAddress,
        Self::HttpStatus,
        Self::ResponseTooLarge,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::ForbiddenAddress => "forbidden_address",
            Self::HttpStatus => "http_status",
            Self::ResponseTooLarge => "response_too_large",
        }
    }
}

/// The class of an error that the HTTP client gave back instead of an answer. The causes of an error are nested; the
/// innermost that says something decides.
pub(super) fn classify(error: &reqwest::Error) -> AttemptError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(class) = class_of(error) {
            return class;
        }
        cause = error.source();
    }
    if error.is_timeout() { AttemptError::Timeout } else { AttemptError::Connect }
}

fn class_of(error: &(dyn Error + 'static)) -> Option<AttemptError> {
    if let Some(error) = error.downcast_ref::<ResolveError>() {
        return Some(match error {
            ResolveError::Dns(_) => AttemptError::Dns,
            ResolveError::ForbiddenAddress => AttemptError::ForbiddenAddress,
        });
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return error.is_parse_too_large().then_some(AttemptError::ResponseTooLarge);
    }
    error.downcast_ref::<io::Error>().and_then(class_of_io)
}

/// An `io::Error` hides its payload from `source`. One of rustls is a TLS failure. So is one within another: that is how
/// hyper-rustls passes on whatever ended a handshake, a connection that was just closed included.
fn class_of_io(error: &io::Error) -> Option<AttemptError> {
    let inner = error.get_ref()?;
    (inner.is::<rustls::Error>() || inner.is::<io::Error>()).then_some(AttemptError::Tls)
}
