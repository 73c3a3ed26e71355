//! What the last failure of an endpoint was.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::attempt::{AttemptError, ErrorDetail};
use crate::delivery::{Delivery, LastAttempt};

/// Why an attempt failed, and whose it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// The delivery.
    pub delivery_id: String,
    /// Why.
    pub error: AttemptError,
    /// What exactly failed, where it is known.
    pub error_detail: Option<ErrorDetail>,
    /// HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
}

/// What is no stored error.
#[derive(Debug, thiserror::Error)]
#[error("an error is the id of a delivery, a status code, a word, and another one")]
pub struct NoLastError;

impl LastError {
    /// That of the latest attempt of `delivery`, which is `last`; `None` when it succeeded.
    #[must_use]
    pub fn of(delivery: &Delivery, last: LastAttempt) -> Option<Self> {
        let LastAttempt { status_code, error, error_detail, .. } = last;
        Some(Self { delivery_id: delivery.id.clone(), error: error?, error_detail, status_code })
    }
}

/// As it is stored, in few bytes: each event reads the endpoints of its account.
impl fmt::Display for LastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.delivery_id, self.status_code.unwrap_or_default(), self.error)?;
        self.error_detail.map_or(Ok(()), |detail| write!(f, " {detail}"))
    }
}

impl FromStr for LastError {
    type Err = NoLastError;

    fn from_str(stored: &str) -> Result<Self, NoLastError> {
        let mut parts = stored.split(' ');
        let mut part = || parts.next().ok_or(NoLastError);
        let (delivery_id, status, error) = (part()?.to_owned(), part()?, part()?);
        let status: u16 = status.parse().map_err(|_| NoLastError)?;
        Ok(Self {
            delivery_id,
            error: AttemptError::parse(error).ok_or(NoLastError)?,
            error_detail: parts.next().and_then(ErrorDetail::parse),
            status_code: (status > 0).then_some(status),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_it_was_stored() {
        for (error, error_detail, status_code) in [
            (AttemptError::HttpStatus, None, Some(503)),
            (AttemptError::Tls, Some(ErrorDetail::ALL[0]), None),
            (AttemptError::Timeout, None, None),
        ] {
            let last = LastError { delivery_id: "dlv_1".to_owned(), error, error_detail, status_code };
            assert_eq!(last.to_string().parse::<LastError>().unwrap(), last);
        }
        for wrong in ["", "dlv_1", "dlv_1 503", "dlv_1 x tls", "dlv_1 0 lost"] {
            assert!(wrong.parse::<LastError>().is_err(), "{wrong}");
        }
    }
}
