//! Sealing: what must be read again but never lie open (signing secrets, tax ids, answers that carry a key).
//!
//! In AWS an envelope: a data key of KMS encrypts the value, and only KMS opens the data key. In the local system a key
//! file in the data directory takes the place of KMS. Each value is bound to its context (account and owner), so that
//! one tenant's sealed value is worth nothing in another's item.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, MacAlgorithmSpec};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::causes::causes;

const NONCE_LENGTH: usize = 12;
const CONTEXT: &str = "workskedge";

/// Seals and opens under one key.
#[derive(Clone)]
pub struct Sealer(Key);

#[derive(Clone)]
enum Key {
    File([u8; 32]),
    Kms { client: Client, key_id: String, mac_key_id: String },
}

/// A value could not be sealed or opened. Never says anything about the value.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// KMS refused or could not be reached.
    #[error("KMS {call}: {cause}")]
    Kms {
        /// Which call.
        call: &'static str,
        /// The SDK's chain of causes.
        cause: String,
    },
    /// Sealed under another key, for another owner, or damaged.
    #[error("the sealed value can't be opened with this key in this context")]
    Unopenable,
}

impl Sealer {
    /// Under a key that the process holds itself: the local system's key file.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        Self(Key::File(key))
    }

    /// Under KMS: `key_id` encrypts data keys, `mac_key_id` (HMAC) makes fingerprints.
    #[must_use]
    pub fn with_kms(client: Client, key_id: String, mac_key_id: String) -> Self {
        Self(Key::Kms { client, key_id, mac_key_id })
    }

    /// Seals `value` for `context`.
    ///
    /// # Errors
    /// When KMS can't be used.
    pub async fn seal(&self, value: &[u8], context: &str) -> Result<String, SealError> {
        match &self.0 {
            Key::File(key) => Ok(format!("f1.{}", encrypt(key, value, context)?)),
            Key::Kms { client, key_id, .. } => {
                let data_key = client
                    .generate_data_key()
                    .key_id(key_id)
                    .key_spec(DataKeySpec::Aes256)
                    .encryption_context(CONTEXT, context)
                    .send()
                    .await
                    .map_err(|e| SealError::kms("GenerateDataKey", &e))?;
                let plain = data_key.plaintext().ok_or(SealError::Unopenable)?.as_ref();
                let wrapped = data_key.ciphertext_blob().ok_or(SealError::Unopenable)?.as_ref();
                Ok(format!("k1.{}.{}", URL_SAFE_NO_PAD.encode(wrapped), encrypt(plain, value, context)?))
            }
        }
    }

    /// Opens what was sealed for `context`.
    ///
    /// # Errors
    /// When it was sealed under another key or for another context, or KMS can't be used.
    pub async fn open(&self, sealed: &str, context: &str) -> Result<Vec<u8>, SealError> {
        let parts: Vec<&str> = sealed.split('.').collect();
        match (&self.0, parts.as_slice()) {
            (Key::File(key), ["f1", text]) => decrypt(key, text, context),
            (Key::Kms { client, .. }, ["k1", wrapped, text]) => {
                let wrapped = URL_SAFE_NO_PAD.decode(wrapped).map_err(|_| SealError::Unopenable)?;
                let data_key = client
                    .decrypt()
                    .ciphertext_blob(Blob::new(wrapped))
                    .encryption_context(CONTEXT, context)
                    .send()
                    .await
                    .map_err(|e| SealError::kms("Decrypt", &e))?;
                decrypt(data_key.plaintext().ok_or(SealError::Unopenable)?.as_ref(), text, context)
            }
            _ => Err(SealError::Unopenable),
        }
    }

    /// A keyed hash of `value`: the same value gives the same one, and without the key nobody can try values out.
    ///
    /// # Errors
    /// When KMS can't be used.
    pub async fn fingerprint(&self, value: &[u8], context: &str) -> Result<String, SealError> {
        let message = [context.as_bytes(), b"\n", value].concat();
        match &self.0 {
            Key::File(key) => Ok(hex::encode(mac(&mac(key, b"fingerprint")?, &message)?)),
            Key::Kms { client, mac_key_id, .. } => {
                let output = client
                    .generate_mac()
                    .key_id(mac_key_id)
                    .mac_algorithm(MacAlgorithmSpec::HmacSha256)
                    .message(Blob::new(message))
                    .send()
                    .await
                    .map_err(|e| SealError::kms("GenerateMac", &e))?;
                Ok(hex::encode(output.mac().ok_or(SealError::Unopenable)?.as_ref()))
            }
        }
    }
}

impl SealError {
    fn kms(call: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Kms { call, cause: causes(error) }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

fn mac(key: &[u8], message: &[u8]) -> Result<[u8; 32], SealError> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SealError::Unopenable)?;
    Ok(mac.chain_update(message).finalize().into_bytes().into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_sealed_opens_only_in_its_context_and_unharmed() {
        let sealer = Sealer::with_key([7; 32]);
        let envelope = sealer.seal(b"whsec_x", "acc_1#ep_1").await.unwrap();
        assert_eq!(sealer.open(&envelope, "acc_1#ep_1").await.unwrap(), b"whsec_x");
        assert!(sealer.open(&envelope, "acc_2#ep_1").await.is_err());
        assert!(Sealer::with_key([8; 32]).open(&envelope, "acc_1#ep_1").await.is_err());
        let damaged = format!("{}A", &envelope[..envelope.len() - 1]);
        assert!(damaged == envelope || sealer.open(&damaged, "acc_1#ep_1").await.is_err());
        assert_ne!(envelope, sealer.seal(b"whsec_x", "acc_1#ep_1").await.unwrap(), "a fresh nonce each time");
    }

    #[tokio::test]
    async fn a_fingerprint_depends_on_value_key_and_context() {
        let sealer = Sealer::with_key([7; 32]);
        let one = sealer.fingerprint(b"12-3456789", "acc_1").await.unwrap();
        assert_eq!(one, sealer.fingerprint(b"12-3456789", "acc_1").await.unwrap());
        assert_ne!(one, sealer.fingerprint(b"12-3456789", "acc_2").await.unwrap());
        assert_ne!(one, Sealer::with_key([8; 32]).fingerprint(b"12-3456789", "acc_1").await.unwrap());
    }
}
