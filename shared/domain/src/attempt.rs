//! What came of an attempt to deliver, as it is stored and shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many bytes of an answer's body are kept at most.
pub const KEPT_LIMIT: usize = 2 * 1_024;

/// What came of one attempt. A failure is an answer too: it is stored and decides about the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of the answer, when there was one.
    pub status_code: Option<u16>,
    /// Why the attempt failed; none when it succeeded.
    pub error: Option<AttemptError>,
    /// What exactly failed, where it is known.
    pub error_detail: Option<ErrorDetail>,
    /// The beginning of the answer's body: at most [`KEPT_LIMIT`] bytes, what is not UTF-8 replaced. None when empty.
    pub response_body: Option<String>,
    /// When the receiver wants to be asked again, whatever the status.
    pub retry_after: Option<RetryAfter>,
    /// How long the attempt took, name resolution and the reading of the body included.
    pub duration_ms: u64,
}

/// `Retry-After`, in its two forms (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// In so many seconds.
    Seconds(u32),
    /// At this time.
    At(Timestamp),
}

impl Answer {
    /// Whether the receiver has taken the event.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error.is_none()
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptError {
    /// The host name has no address, or none was to be had within 5 seconds.
    Dns,
    /// No connection came about within 5 seconds, or it broke, or what came back was not HTTP, before a whole head of an
    /// answer was there.
    Connect,
    /// The TLS handshake failed: certificate not trusted, expired or of another name, no common version, not TLS at all.
    Tls,
    /// No head of an answer in time, or no end of the TLS handshake within 5 seconds.
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

/// What exactly failed, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorDetail {
    /// `tls`: the certificate, or one between it and its authority, has expired.
    CertificateExpired,
    /// `tls`: the certificate, or one between it and its authority, is not valid yet.
    CertificateNotYetValid,
    /// `tls`: no authority that is trusted vouches for the certificate; often an intermediate certificate is not sent.
    UnknownIssuer,
    /// `tls`: the certificate is signed with its own key.
    SelfSigned,
    /// `tls`: the certificate is for other names, or the server has none for this one.
    WrongName,
    /// `tls`: the server speaks neither TLS 1.2 nor TLS 1.3.
    NoCommonVersion,
    /// `tls`: the server takes none of the cipher suites, key exchanges or signatures that are offered.
    NoCommonCipher,
    /// `tls`: the connection ended in the middle of the handshake.
    HandshakeClosed,
    /// `tls`: what answers does not speak TLS.
    NotTls,
    /// `dns`: the host name does not exist, or has no address.
    NoSuchName,
    /// `dns`: no answer within 5 seconds.
    NoAnswer,
    /// `dns`: the name servers failed, or could not be reached.
    ServerFailure,
    /// `connect`: nobody listens there.
    Refused,
    /// `connect`: the connection was reset.
    Reset,
    /// `connect`: there is no way to the address.
    Unreachable,
    /// `connect`: no connection within 5 seconds.
    TimedOut,
}

impl ErrorDetail {
    /// Every one.
    pub const ALL: [Self; 16] = [
        Self::CertificateExpired,
        Self::CertificateNotYetValid,
        Self::UnknownIssuer,
        Self::SelfSigned,
        Self::WrongName,
        Self::NoCommonVersion,
        Self::NoCommonCipher,
        Self::HandshakeClosed,
        Self::NotTls,
        Self::NoSuchName,
        Self::NoAnswer,
        Self::ServerFailure,
        Self::Refused,
        Self::Reset,
        Self::Unreachable,
        Self::TimedOut,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::UnknownIssuer => "unknown_issuer",
            Self::SelfSigned => "self_signed",
            Self::WrongName => "wrong_name",
            Self::NoCommonVersion => "no_common_version",
            Self::NoCommonCipher => "no_common_cipher",
            Self::HandshakeClosed => "handshake_closed",
            Self::NotTls => "not_tls",
            Self::NoSuchName => "no_such_name",
            Self::NoAnswer => "no_answer",
            Self::ServerFailure => "server_failure",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}
