//! The calls on an endpoint's signing secret, and how it is sealed.

use jiff::SignedDuration;
use serde_json::{Map, Value};
use shared::defect::Defects;
use shared::endpoint::{Endpoint, PreviousSecret, SealedSecret, secret_context};
use shared::http::Reply;
use shared::ids;
use shared::manage;
use shared::manage::body::{self, Form};
use shared::problem::Problem;
use shared::schema::Class::P0;
use shared::schema::Field;
use shared::schema::declare::{int, optional};
use shared::seal::SealError;
use shared::signing::SigningSecret;

use crate::Call;
use crate::calls::facts;
use crate::view::SecretView;

const DEFAULT_OVERLAP_HOURS: i64 = 24;
const FIELDS: [Field; 1] = [optional("overlapHours", int(0, 168), P0, "how long the old secret signs too; default 24")];

impl Call<'_> {
    /// The secret, for its owner.
    pub(crate) async fn secret(&self, id: &str) -> Result<Reply, Problem> {
        let endpoint = self.read(id).await?;
        let secret = self.open(&endpoint).await?;
        let view = SecretView::new(&secret, endpoint.previous_secret(self.now));
        Ok(Reply::ok(&view).with_facts(facts("secret_read", id)))
    }

    /// Makes a new secret that signs at once; the one before it signs too until the overlap ends. A secret from before
    /// that one ends now: an endpoint has two at most.
    pub(crate) async fn rotate_secret(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let overlap = overlap(body)?;
        let secret = SigningSecret::from_bytes(ids::random());
        let sealed = self.seal(&secret, id).await?;
        for _ in 0..manage::MAX_TRIES {
            let mut endpoint = self.read(id).await?;
            let seen = endpoint.version;
            let old = std::mem::replace(&mut endpoint.secret, sealed.clone());
            endpoint.previous_secret =
                (!overlap.is_zero()).then(|| PreviousSecret { sealed: old.sealed, valid_until: self.now + overlap });
            endpoint.version += 1;
            endpoint.updated_at = self.now;
            if let Some(stored) = self.function.endpoints.update(self.account(), &endpoint, seen, None).await? {
                let view = SecretView::new(&secret, stored.previous_secret(self.now));
                return Ok(Reply::ok(&view).with_facts(facts("secret_rotated", id)));
            }
        }
        Err(manage::too_busy())
    }

    /// Seals `secret` for the caller's endpoint `id`.
    pub(crate) async fn seal(&self, secret: &SigningSecret, id: &str) -> Result<SealedSecret, SealError> {
        let context = secret_context(self.account(), id);
        let sealed = self.function.sealer.seal(secret.expose().as_bytes(), &context).await?;
        Ok(SealedSecret { sealed, hint: secret.hint() })
    }

    async fn open(&self, endpoint: &Endpoint) -> Result<SigningSecret, SealError> {
        let context = secret_context(self.account(), &endpoint.id);
        let opened = self.function.sealer.open(&endpoint.secret.sealed, &context).await?;
        let text = String::from_utf8(opened).map_err(|_| SealError::Unopenable)?;
        SigningSecret::parse(text).map_err(|_| SealError::Unopenable)
    }
}

/// How long the old secret is to be valid.
fn overlap(body: Map<String, Value>) -> Result<SignedDuration, Problem> {
    let mut defects = Defects::default();
    let read = body::read(&FIELDS, body, Form::Change, &mut defects);
    if !defects.is_empty() {
        return Err(Problem::invalid(defects));
    }
    let hours = read.get("overlapHours").and_then(Value::as_i64).unwrap_or(DEFAULT_OVERLAP_HOURS);
    Ok(SignedDuration::from_hours(hours))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hours(body: &Value) -> Option<i64> {
        overlap(body.as_object().unwrap().clone()).ok().map(|overlap| overlap.as_hours())
    }

    #[test]
    fn an_overlap_is_a_day_unless_asked_otherwise_and_a_week_at_most() {
        assert_eq!(hours(&json!({})), Some(24));
        assert_eq!(hours(&json!({"overlapHours": null})), Some(24));
        assert_eq!(hours(&json!({"overlapHours": 0})), Some(0));
        assert_eq!(hours(&json!({"overlapHours": 168})), Some(168));
        for wrong in [
            json!({"overlapHours": 169}),
            json!({"overlapHours": -1}),
            json!({"overlapHours": 1.5}),
            json!({"overlap": 1}),
        ] {
            assert_eq!(hours(&wrong), None, "{wrong}");
        }
    }
}
