//! What exactly failed in name resolution, in connecting and in TLS.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use serde::{Deserialize, Serialize};

use crate::sender::tls::SelfSigned;

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

/// Of an error of a TCP connection.
pub(super) fn of_connection(error: &io::Error) -> Option<ErrorDetail> {
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(ErrorDetail::Refused),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Some(ErrorDetail::Reset),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Some(ErrorDetail::Unreachable)
        }
        ErrorKind::TimedOut => Some(ErrorDetail::TimedOut),
        _ => None,
    }
}

/// Of an error of TLS.
pub(super) fn of_tls(error: &Error) -> Option<ErrorDetail> {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::PeerIncompatible(error) => of_incompatibility(error),
        Error::PeerMisbehaved(
            PeerMisbehaved::SelectedUnofferedCipherSuite | PeerMisbehaved::SelectedUnofferedKxGroup,
        ) => Some(ErrorDetail::NoCommonCipher),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            Some(ErrorDetail::NotTls)
        }
        _ => None,
    }
}

fn of_certificate(error: &CertificateError) -> Option<ErrorDetail> {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some(ErrorDetail::CertificateExpired),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Some(ErrorDetail::CertificateNotYetValid)
        }
        CertificateError::UnknownIssuer => Some(ErrorDetail::UnknownIssuer),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some(ErrorDetail::WrongName)
        }
        CertificateError::Other(other) => other.0.is::<SelfSigned>().then_some(ErrorDetail::SelfSigned),
        _ => None,
    }
}

fn of_alert(alert: AlertDescription) -> Option<ErrorDetail> {
    match alert {
        AlertDescription::ProtocolVersion => Some(ErrorDetail::NoCommonVersion),
        // All that servers say when they find nothing in common.
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            Some(ErrorDetail::NoCommonCipher)
        }
        AlertDescription::UnrecognisedName => Some(ErrorDetail::WrongName),
        AlertDescription::CloseNotify | AlertDescription::UserCanceled => Some(ErrorDetail::HandshakeClosed),
        _ => None,
    }
}

fn of_incompatibility(error: &PeerIncompatible) -> Option<ErrorDetail> {
    match error {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired => Some(ErrorDetail::NoCommonVersion),
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoEcPointFormatsInCommon => Some(ErrorDetail::NoCommonCipher),
        _ => None,
    }
}
