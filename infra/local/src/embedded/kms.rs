//! The embedded KMS: two keys that are derived from one secret of the data directory, behind the JSON protocol of the
//! AWS SDK.
//!
//! As in AWS, a data key can only be decrypted with the encryption context that it was made for.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Answer;

const NONCE_LENGTH: usize = 12;
/// The id of the key that encrypts data keys, `SEAL_KEY_ID` in the functions' environment.
pub const SEAL_KEY_ID: &str = "seal";
/// The id of the key for fingerprints, `MAC_KEY_ID` in the functions' environment.
pub const MAC_KEY_ID: &str = "mac";

/// The service, with its secret of 256 bits.
#[derive(Clone)]
pub struct Kms([u8; 32]);

/// The parameters of all operations; each reads some of them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
    #[serde(default)]
    ciphertext_blob: String,
    #[serde(default)]
    message: String,
}

impl Kms {
    /// A service whose keys are derived from `key`.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A keyed hash that tells this service's secret from another one, and reveals nothing else about it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // Never fails: HMAC takes keys of any length.
        Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mac| hex::encode(mac.chain_update(b"fingerprint").finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Carries out one operation of the API.
    pub(super) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        let answer = serde_json::from_slice(body).ok().and_then(|request| self.answer(operation, &request));
        let (status, body) = match answer {
            Some(body) => (200, body),
            None => (400, json!({ "__type": "InvalidCiphertextException", "message": "not of this key or context" })),
        };
        Answer { status, body: body.to_string().into_bytes() }
    }

    fn answer(&self, operation: &str, request: &Request) -> Option<Value> {
        let context = serde_json::to_vec(&request.encryption_context).ok()?;
        match operation {
            "GenerateDataKey" => {
                let mut plain = [0; 32];
                aws_lc_rs::rand::fill(&mut plain).ok()?;
                let mut sealed = plain.to_vec();
                let nonce = self.aead()?.seal_in_place_append_tag(Aad::from(context), &mut sealed).ok()?;
                let blob = [&nonce.as_ref()[..], &sealed].concat();
                let (plain, blob) = (STANDARD.encode(plain), STANDARD.encode(blob));
                Some(json!({ "Plaintext": plain, "CiphertextBlob": blob, "KeyId": SEAL_KEY_ID }))
            }
            "Decrypt" => {
                let blob = STANDARD.decode(&request.ciphertext_blob).ok()?;
                let (nonce, sealed) = blob.split_at_checked(NONCE_LENGTH)?;
                let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).ok()?, sealed.to_vec());
                let plain = self.aead()?.open_in_place(nonce, Aad::from(context), &mut sealed).ok()?;
                Some(json!({ "Plaintext": STANDARD.encode(plain), "KeyId": SEAL_KEY_ID }))
            }
            "GenerateMac" => {
                let message = STANDARD.decode(&request.message).ok()?;
                let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?.chain_update(b"mac").chain_update(message);
                Some(json!({ "Mac": STANDARD.encode(mac.finalize().into_bytes()), "KeyId": MAC_KEY_ID }))
            }
            _ => None,
        }
    }

    fn aead(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).ok()
    }
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kms(..)")
    }
}
