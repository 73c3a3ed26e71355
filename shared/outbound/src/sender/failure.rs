//! Maps errors of sockets, TLS and HTTP to [`AttemptError`].

mod detail;

use std::error::Error;
use std::io::{self, ErrorKind};

use domain::attempt::{AttemptError, ErrorDetail};

/// Why an attempt got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: AttemptError,
    /// What exactly failed, if known.
    pub(super) detail: Option<ErrorDetail>,
}

impl Failure {
    pub(super) fn of(error: AttemptError, detail: ErrorDetail) -> Self {
        Self { error, detail: Some(detail) }
    }
}

impl From<AttemptError> for Failure {
    fn from(error: AttemptError) -> Self {
        Self { error, detail: None }
    }
}

/// The TCP connection failed.
pub(super) fn of_connect(error: &(dyn Error + 'static)) -> Failure {
    Failure { error: AttemptError::Connect, detail: io_cause(error).and_then(detail::of_connection) }
}

/// The TLS handshake failed.
pub(super) fn of_handshake(error: &io::Error) -> Failure {
    let detail = match tls_cause(error) {
        Some(error) => detail::of_tls(error),
        None => closed(error.kind()).then_some(ErrorDetail::HandshakeClosed),
    };
    Failure { error: AttemptError::Tls, detail }
}

/// There was a connection but no response. TLS 1.3 servers refuse a client when the handshake is over for it.
pub(super) fn of_exchange(error: &hyper::Error) -> Failure {
    if error.is_parse_too_large() {
        return AttemptError::ResponseTooLarge.into();
    }
    match io_cause(error) {
        Some(cause) => match tls_cause(cause) {
            Some(error) => Failure { error: AttemptError::Tls, detail: detail::of_tls(error) },
            None => of_connect(cause),
        },
        None => AttemptError::Connect.into(),
    }
}

/// Whether the other side ended the connection.
fn closed(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// The innermost `io::Error` among the causes of an error.
fn io_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    std::iter::successors(Some(error), |&error| error.source()).filter_map(<dyn Error>::downcast_ref).last()
}

/// An `io::Error` hides its payload from `source`.
fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
