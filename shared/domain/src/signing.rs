//! Signatures of outbound deliveries, by which a receiver knows that a delivery is authentic, unaltered and recent.
//!
//! Two schemes go out side by side, made from the same secret:
//! - ours: lower-case hex HMAC-SHA256 of `timestamp.body`, keyed with the whole secret as text, in
//!   `X-Webhook-Signature`;
//! - [Standard Webhooks](https://www.standardwebhooks.com): base64 HMAC-SHA256 of `id.timestamp.body`, keyed with the
//!   bytes that the secret encodes, in `webhook-signature`.
//!
//! While secrets are being rotated, more than one signs, so that a receiver may change over at its own pace.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// How far a delivery's timestamp may lie from the receiver's clock, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 300;

/// The secret that an endpoint's deliveries are signed with: `whsec_` and the base64 of 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret {
    text: String,
    key: [u8; 32],
}

/// A text is not a signing secret. The error does not contain the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is \"whsec_\" and the base64 of 32 bytes")]
pub struct SecretError;

impl SigningSecret {
    /// The secret that stands for these bytes, which must be random.
    #[must_use]
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self { text: format!("{PREFIX}{}", STANDARD.encode(key)), key }
    }

    /// Reads a secret back.
    ///
    /// # Errors
    /// When it is not `whsec_` and the padded base64 of exactly 32 bytes.
    pub fn parse(text: String) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let key = STANDARD.decode(encoded).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(SecretError)?;
        Ok(Self { text, key })
    }

    /// The secret itself, for its owner. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// `whsec_…` and the last four characters, so that people can tell secrets apart.
    #[must_use]
    pub fn hint(&self) -> String {
        format!("{PREFIX}…{}", &self.text[self.text.len() - 4..])
    }

    /// The signature in `X-Webhook-Signature`.
    fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        hex::encode(mac(self.text.as_bytes(), &[timestamp.as_bytes(), b".", body]).finalize().into_bytes())
    }

    /// One signature in `webhook-signature`.
    fn sign_standard(&self, delivery_id: &str, timestamp: &str, body: &[u8]) -> String {
        let parts = [delivery_id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(mac(&self.key, &parts).finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

/// The secrets that sign an attempt: one, or several while rotations overlap.
#[derive(Debug, Clone)]
pub struct Signers {
    /// The newest first, then those that it replaced, the most recently replaced one first. Never empty.
    secrets: Vec<Arc<SigningSecret>>,
    /// The place of the one that signs `X-Webhook-Signature`.
    lead: usize,
}

impl Signers {
    /// `newest` and those that it replaced and that are still valid, the most recently replaced one first. `lead` is the
    /// place of the one that signs `X-Webhook-Signature`: 0 is the newest, and so is a place that there is not.
    #[must_use]
    pub fn new(newest: Arc<SigningSecret>, previous: Vec<Arc<SigningSecret>>, lead: usize) -> Self {
        let mut secrets = previous;
        secrets.insert(0, newest);
        let lead = if lead < secrets.len() { lead } else { 0 };
        Self { secrets, lead }
    }
}

/// The headers that sign one attempt, with its id and its time. `timestamp` is the Unix second at which this attempt is
/// sent: every attempt is signed afresh. Every secret adds a signature to `webhook-signature`. The one that leads signs
/// `X-Webhook-Signature`, a newer one that waits for its promotion `X-Webhook-Signature-Next`, and the one that was
/// replaced before the leading one `X-Webhook-Signature-Previous`.
#[must_use]
pub fn signature_headers(
    signers: &Signers,
    delivery_id: &str,
    timestamp: i64,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let timestamp = timestamp.to_string();
    let Signers { secrets, lead } = signers;
    let standard: Vec<String> =
        secrets.iter().map(|secret| secret.sign_standard(delivery_id, &timestamp, body)).collect();
    let next = secrets.first().filter(|_| *lead > 0);
    let by_name = [
        ("X-Webhook-Signature", secrets.get(*lead)),
        ("X-Webhook-Signature-Next", next),
        ("X-Webhook-Signature-Previous", secrets.get(lead + 1)),
    ];
    let signed =
        by_name.into_iter().filter_map(|(name, secret)| secret.map(|secret| (name, secret.sign(&timestamp, body))));
    let mut headers: Vec<_> = signed.collect();
    headers.extend([
        ("X-Webhook-Timestamp", timestamp.clone()),
        ("X-Webhook-ID", delivery_id.to_owned()),
        ("webhook-id", delivery_id.to_owned()),
        ("webhook-signature", standard.join(" ")),
        ("webhook-timestamp", timestamp),
    ]);
    headers
}

/// Why a delivery must not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// `X-Webhook-Timestamp` is not a number of seconds.
    #[error("the timestamp is not a Unix time in seconds")]
    MalformedTimestamp,
    /// The delivery is more than five minutes old: a replay, or a clock that is wrong.
    #[error("the timestamp is more than five minutes old")]
    TooOld,
    /// The delivery's timestamp is more than five minutes ahead.
    #[error("the timestamp is more than five minutes ahead")]
    TooNew,
    /// The signature belongs to another body, timestamp or secret.
    #[error("the signature does not match")]
    Mismatch,
}

/// What a receiver does with `X-Webhook-Signature`, `X-Webhook-Timestamp` and the bytes of the body as they came.
/// Compares in constant time.
///
/// # Errors
/// When the timestamp is malformed or more than [`TOLERANCE_SECONDS`] away from `now`, or the signature does not match.
pub fn verify(
    secret: &SigningSecret,
    signature: &str,
    timestamp: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), VerifyError> {
    check_age(timestamp, now)?;
    let signature = hex::decode(signature).map_err(|_| VerifyError::Mismatch)?;
    mac(secret.text.as_bytes(), &[timestamp.as_bytes(), b".", body])
        .verify_slice(&signature)
        .map_err(|_| VerifyError::Mismatch)
}

/// The same for `webhook-signature`, whose signatures stand apart with spaces: any of them may match. Signatures of other
/// versions than `v1` don't count.
///
/// # Errors
/// As for [`verify`].
pub fn verify_standard(
    secret: &SigningSecret,
    delivery_id: &str,
    signatures: &str,
    timestamp: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), VerifyError> {
    check_age(timestamp, now)?;
    let parts = [delivery_id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let matches = |signature: &str| {
        let signature = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        signature.is_some_and(|signature| mac(&secret.key, &parts).verify_slice(&signature).is_ok())
    };
    signatures.split(' ').any(matches).then_some(()).ok_or(VerifyError::Mismatch)
}

/// Whether a delivery's timestamp is near enough to the receiver's clock.
///
/// # Errors
/// When it is malformed, or more than [`TOLERANCE_SECONDS`] away from `now`.
pub fn check_age(timestamp: &str, now: Timestamp) -> Result<(), VerifyError> {
    let sent: i64 = timestamp.parse().map_err(|_| VerifyError::MalformedTimestamp)?;
    let age = now.as_second().saturating_sub(sent);
    match age {
        _ if age > TOLERANCE_SECONDS => Err(VerifyError::TooOld),
        _ if age < -TOLERANCE_SECONDS => Err(VerifyError::TooNew),
        _ => Ok(()),
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests;
