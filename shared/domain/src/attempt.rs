//! Results of delivery attempts, as they are stored and shown.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::words;

/// How many bytes of an answer's body are kept at most.
pub const KEPT_LIMIT: usize = 2 * 1_024;
/// The header fields of an answer that are kept: those that tell who answered and what it asks for. None is a credential,
/// and none comes with every answer: each attempt is written with those before it.
pub const KEPT_HEADERS: [&str; 5] = ["content-type", "location", "retry-after", "server", "x-request-id"];
/// How many bytes of the value of each are kept at most.
pub const KEPT_HEADER_LIMIT: usize = 200;

/// Header fields of an answer, by their names in lower case.
pub type AnswerHeaders = BTreeMap<String, String>;

/// The result of one attempt. A failure is a result too: it is stored, and decides about the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of the answer, when there was one.
    pub status_code: Option<u16>,
    /// Why the attempt failed; `None` when it succeeded.
    pub error: Option<AttemptError>,
    /// What exactly failed, where it is known.
    pub error_detail: Option<ErrorDetail>,
    /// The beginning of the answer's body: at most [`KEPT_LIMIT`] bytes, what is not UTF-8 replaced. None when empty.
    pub response_body: Option<String>,
    /// Those of its header fields that are in [`KEPT_HEADERS`].
    pub response_headers: AnswerHeaders,
    /// `Retry-After` of the answer, whatever its status.
    pub retry_after: Option<RetryAfter>,
    /// How long the attempt took, name resolution and the reading of the body included.
    pub duration_ms: u64,
}

/// `Retry-After`, in its two forms (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u32),
    /// A date.
    At(Timestamp),
}

impl Answer {
    /// Whether the receiver accepted the event.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error.is_none()
    }
}

words! {
    /// Why an attempt failed.
    pub enum AttemptError {
        /// The host name has no address, or could not be resolved within 5 seconds.
        Dns = "dns",
        /// No connection within 5 seconds; or the connection broke, or the answer was not HTTP, before a complete response
        /// head arrived.
        Connect = "connect",
        /// The TLS handshake failed: certificate not trusted, expired or of another name, no common version, not TLS at all.
        Tls = "tls",
        /// No response head in time, or the TLS handshake took longer than 5 seconds.
        Timeout = "timeout",
        /// The URL leads to an address that is not public.
        ForbiddenAddress = "forbidden_address",
        /// The answer's status is not 2xx.
        HttpStatus = "http_status",
        /// The response head has more than 100 header fields or 400 KiB. A long *body* is not a failure.
        ResponseTooLarge = "response_too_large",
    }
}

words! {
    /// What exactly failed, where it is known.
    pub enum ErrorDetail {
        /// `tls`: the certificate, or one between it and its authority, has expired.
        CertificateExpired = "certificate_expired",
        /// `tls`: the certificate, or one between it and its authority, is not valid yet.
        CertificateNotYetValid = "certificate_not_yet_valid",
        /// `tls`: no authority that is trusted vouches for the certificate; often an intermediate certificate is not sent.
        UnknownIssuer = "unknown_issuer",
        /// `tls`: the certificate is signed with its own key.
        SelfSigned = "self_signed",
        /// `tls`: the certificate is for other names, or the server has none for this one.
        WrongName = "wrong_name",
        /// `tls`: the server speaks neither TLS 1.2 nor TLS 1.3.
        NoCommonVersion = "no_common_version",
        /// `tls`: the server accepts none of the cipher suites, key exchanges or signatures that are offered.
        NoCommonCipher = "no_common_cipher",
        /// `tls`: the connection ended in the middle of the handshake.
        HandshakeClosed = "handshake_closed",
        /// `tls`: what answers does not speak TLS.
        NotTls = "not_tls",
        /// `dns`: the host name does not exist, or has no address.
        NoSuchName = "no_such_name",
        /// `dns`: no answer within 5 seconds.
        NoAnswer = "no_answer",
        /// `dns`: the name servers failed, or could not be reached.
        ServerFailure = "server_failure",
        /// `connect`: the connection was refused; nothing listens on the port.
        Refused = "refused",
        /// `connect`: the connection was reset.
        Reset = "reset",
        /// `connect`: there is no route to the address.
        Unreachable = "unreachable",
        /// `connect`: no connection within 5 seconds.
        TimedOut = "timed_out",
    }
}
