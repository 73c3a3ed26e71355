//! Opened signing secrets, remembered for a minute, so that a busy endpoint costs no call to KMS per delivery.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::endpoint::Endpoint;
use crate::seal::{SealError, Sealer};
use crate::signing::SigningSecret;

const REMEMBER_SECONDS: i64 = 60;
/// More than these are not remembered.
const ENTRIES: usize = 10_000;

pub(super) struct Secrets {
    sealer: Sealer,
    open: Mutex<HashMap<Key, (Arc<SigningSecret>, Timestamp)>>,
}

/// What a secret is sealed for, and the seal: one that was opened for an endpoint is opened for no other.
type Key = (String, String);

impl Secrets {
    pub(super) fn new(sealer: Sealer) -> Self {
        Self { sealer, open: Mutex::default() }
    }

    pub(super) async fn open(
        &self,
        account: &str,
        endpoint: &Endpoint,
        sealed: &str,
        now: Timestamp,
    ) -> Result<Arc<SigningSecret>, SealError> {
        let context = crate::endpoint::secret_context(account, &endpoint.id);
        let key = (context, sealed.to_owned());
        if let Some(secret) = self.remembered(&key, now) {
            return Ok(secret);
        }
        let opened = self.sealer.open(sealed, &key.0).await?;
        let text = String::from_utf8(opened).map_err(|_| SealError::Unopenable)?;
        let secret = Arc::new(SigningSecret::parse(text).map_err(|_| SealError::Unopenable)?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= ENTRIES {
            open.clear();
        }
        open.insert(key, (Arc::clone(&secret), now));
        Ok(secret)
    }

    fn remembered(&self, key: &Key, now: Timestamp) -> Option<Arc<SigningSecret>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (secret, since) = open.get(key)?;
        (now.as_second() - since.as_second() < REMEMBER_SECONDS).then(|| Arc::clone(secret))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}
