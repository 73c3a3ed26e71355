//! A cache of opened signing secrets and custom headers: for an hour, so that an endpoint does not need a KMS call per
//! delivery.
//!
//! A value is found by its sealed envelope, and another secret has another envelope: a change counts at once. What the
//! hour delays is the revocation of the KMS key, in functions that are warm.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::clock::is_recent;
use domain::endpoint::{Endpoint, OwnHeaders, StoredHeaders, headers_context, read_opened, secret_context};
use domain::signing::SigningSecret;
use jiff::Timestamp;
use store::seal::{SealError, Sealer};

const REMEMBER_SECONDS: i64 = 3600;
/// The most cached entries of each kind; when full, the cache is emptied.
const ENTRIES: usize = 10_000;

pub(super) struct Opened {
    sealer: Sealer,
    secrets: Remembered<SigningSecret>,
    headers: Remembered<OwnHeaders>,
}

impl Opened {
    pub(super) fn new(sealer: Sealer) -> Self {
        Self { sealer, secrets: Remembered::default(), headers: Remembered::default() }
    }

    /// One of the endpoint's signing secrets.
    pub(super) async fn secret(
        &self,
        account: &str,
        endpoint: &Endpoint,
        sealed: &str,
        now: Timestamp,
    ) -> Result<Arc<SigningSecret>, SealError> {
        let parse = |opened: Vec<u8>| SigningSecret::parse(String::from_utf8(opened).ok()?).ok();
        self.secrets.open(&self.sealer, secret_context(account, &endpoint.id), sealed, parse, now).await
    }

    /// The endpoint's own headers.
    pub(super) async fn headers(
        &self,
        account: &str,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<Arc<OwnHeaders>, SealError> {
        match &endpoint.headers {
            StoredHeaders::None => Ok(Arc::default()),
            StoredHeaders::Plain(headers) => Ok(Arc::new(headers.clone())),
            StoredHeaders::Sealed(stored) => {
                let context = headers_context(account, &endpoint.id);
                self.headers.open(&self.sealer, context, &stored.sealed, |opened| read_opened(&opened), now).await
            }
        }
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(..)")
    }
}

/// The context that a value is sealed for, and the envelope: a value opened for one endpoint is never used for another.
type Key = (String, String);

struct Remembered<T>(Mutex<HashMap<Key, (Arc<T>, Timestamp)>>);

impl<T> Remembered<T> {
    async fn open(
        &self,
        sealer: &Sealer,
        context: String,
        envelope: &str,
        parse: impl FnOnce(Vec<u8>) -> Option<T>,
        now: Timestamp,
    ) -> Result<Arc<T>, SealError> {
        let key = (context, envelope.to_owned());
        if let Some(value) = self.get(&key, now) {
            return Ok(value);
        }
        let value = Arc::new(parse(Box::pin(sealer.open(envelope, &key.0)).await?).ok_or(SealError::Unopenable)?);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= ENTRIES {
            open.clear();
        }
        open.insert(key, (Arc::clone(&value), now));
        Ok(value)
    }

    fn get(&self, key: &Key, now: Timestamp) -> Option<Arc<T>> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, since) = open.get(key)?;
        is_recent(*since, now, REMEMBER_SECONDS).then(|| Arc::clone(value))
    }
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
