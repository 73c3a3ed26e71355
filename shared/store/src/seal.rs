//! Sealing: encryption of what must be read again but never be stored in the clear (signing secrets, tax ids, answers
//! that carry a key).
//!
//! Envelope encryption: a data key of KMS encrypts the value with AES-256-GCM, and only KMS decrypts the data key. Each
//! value is bound to its context (account and owner), so that a sealed value that is moved to another account's item
//! can't be opened. As text: `k1.<encrypted data key>.<nonce, ciphertext and tag>`, both in base64url.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, MacAlgorithmSpec};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use telemetry::causes::Cause;

use crate::aws::Lazy;

const NONCE_LENGTH: usize = 12;
const CONTEXT: &str = "workskedge";

/// Seals and opens values under two KMS keys.
#[derive(Clone)]
pub struct Sealer {
    kms: Lazy<Client>,
    key_id: String,
    mac_key_id: String,
}

/// A value could not be sealed or opened. Never says anything about the value.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// KMS refused or could not be reached.
    #[error("KMS {call}")]
    Kms {
        /// Which call.
        call: &'static str,
        /// The SDK's error.
        #[source]
        cause: Cause,
    },
    /// Sealed under another key, for another owner, or damaged.
    #[error("the sealed value can't be opened with this key in this context")]
    Unopenable,
}

impl Sealer {
    /// A sealer with the KMS keys `key_id`, which encrypts data keys, and `mac_key_id`, an HMAC key for fingerprints.
    #[must_use]
    pub fn new(kms: Lazy<Client>, key_id: String, mac_key_id: String) -> Self {
        Self { kms, key_id, mac_key_id }
    }

    /// Seals `value` for `context`, under a data key of its own. One call of KMS (`GenerateDataKey`).
    ///
    /// # Errors
    /// When KMS can't be reached or refuses.
    pub async fn seal(&self, value: &[u8], context: &str) -> Result<String, SealError> {
        let call = self.kms.get().generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let data_key = call.encryption_context(CONTEXT, context).send().await;
        let data_key = data_key.map_err(|e| SealError::kms("GenerateDataKey", e))?;
        let plain = data_key.plaintext().ok_or(SealError::Unopenable)?.as_ref();
        let wrapped = data_key.ciphertext_blob().ok_or(SealError::Unopenable)?.as_ref();
        Ok(format!("k1.{}.{}", URL_SAFE_NO_PAD.encode(wrapped), encrypt(plain, value, context)?))
    }

    /// Opens what was sealed for `context`. One call of KMS (`Decrypt`).
    ///
    /// # Errors
    /// When it was sealed under another key or for another context, or KMS can't be reached or refuses.
    pub async fn open(&self, sealed: &str, context: &str) -> Result<Vec<u8>, SealError> {
        let parts: Vec<&str> = sealed.split('.').collect();
        let ["k1", wrapped, text] = parts.as_slice() else { return Err(SealError::Unopenable) };
        let wrapped = URL_SAFE_NO_PAD.decode(wrapped).map_err(|_| SealError::Unopenable)?;
        let call = self.kms.get().decrypt().ciphertext_blob(Blob::new(wrapped)).encryption_context(CONTEXT, context);
        let data_key = call.send().await.map_err(|e| match e.as_service_error() {
            Some(refused) if refused.is_invalid_ciphertext_exception() => SealError::Unopenable,
            _ => SealError::kms("Decrypt", e),
        })?;
        decrypt(data_key.plaintext().ok_or(SealError::Unopenable)?.as_ref(), text, context)
    }

    /// A keyed hash (HMAC-SHA-256, in hexadecimal) of `value` in `context`, to compare values without storing them:
    /// whoever has the hash alone can't try values out. One call of KMS (`GenerateMac`).
    ///
    /// # Errors
    /// When KMS can't be reached or refuses.
    pub async fn fingerprint(&self, value: &[u8], context: &str) -> Result<String, SealError> {
        let message = [context.as_bytes(), b"\n", value].concat();
        let call = self.kms.get().generate_mac().key_id(&self.mac_key_id).mac_algorithm(MacAlgorithmSpec::HmacSha256);
        let output = call.message(Blob::new(message)).send().await.map_err(|e| SealError::kms("GenerateMac", e))?;
        Ok(hex::encode(output.mac().ok_or(SealError::Unopenable)?.as_ref()))
    }
}

impl SealError {
    fn kms(call: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Kms { call, cause: Cause::new(error) }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

fn encrypt(key: &[u8], value: &[u8], context: &str) -> Result<String, SealError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| SealError::Unopenable)?;
    let mut sealed = value.to_vec();
    let nonce =
        key.seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed).map_err(|_| SealError::Unopenable)?;
    Ok(URL_SAFE_NO_PAD.encode([&nonce.as_ref()[..], &sealed].concat()))
}

fn decrypt(key: &[u8], text: &str, context: &str) -> Result<Vec<u8>, SealError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Unopenable)?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or(SealError::Unopenable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Unopenable)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| SealError::Unopenable)?;
    let mut buffer = sealed.to_vec();
    let plain =
        key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut buffer).map_err(|_| SealError::Unopenable)?;
    Ok(plain.to_vec())
}
