//! Maps errors of TCP connections and TLS to [`ErrorDetail`].

use std::io::{self, ErrorKind};

use domain::attempt::ErrorDetail;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::sender::tls::SelfSigned;

/// The detail of an error of a TCP connection.
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

/// The detail of a TLS error.
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
        // The only alerts that servers send when they have no cipher suite in common with us.
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
