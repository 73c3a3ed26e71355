//! The calls on keys.

use domain::api_key::view::KeyView;
use domain::api_key::{ApiKey, NewKey};
use domain::clock::whole_seconds;
use domain::rate_limit::Usage;
use futures_util::future::try_join_all;
use inbound::http::{Facts, Reply};
use inbound::manage::body::Form;
use inbound::manage::router::IdKind;
use inbound::manage::{PageRequest, overlap};
use inbound::problem::{Problem, ProblemCode};
use lambda_http::http::{StatusCode, header};
use serde_json::{Map, Value};
use store::StoreError;
use store::api_keys::{Changed, Deleted, Rotated, Rotation};

use crate::changes::Changes;
use crate::{Call, ROOT};

impl Call<'_> {
    /// Creates a key. This response is the only one that shows it.
    pub(crate) async fn create(&self, body: Map<String, Value>) -> Result<Reply, Problem> {
        let wanted = Changes::parse(body, Form::New, self.function.highest, self.now)?;
        let new = NewKey::generate(&self.function.environment);
        let mut key = ApiKey::new(&new, String::new(), Vec::new(), self.now);
        wanted.apply(&mut key);
        self.function.keys.create(&self.caller.account, &key, self.log()).await?;
        let unused = Usage { hour: 0, minute: 0, granted: true };
        let location = format!("{ROOT}/{}", key.id);
        Ok(Reply::new(StatusCode::CREATED, &KeyView::of(&key, unused).with_key(&new))
            .with_header(header::LOCATION, &location)
            .with_facts(facts("created", &key.id)))
    }

    /// One page of the account's keys, newest first.
    pub(crate) async fn list(&self, page: &PageRequest) -> Result<Reply, Problem> {
        let mut found = self.function.keys.page(self.account(), page.after(), page.fetch()).await?;
        let next = page.cut(&mut found.keys, found.next, |key| &key.id);
        let usages = try_join_all(found.keys.iter().map(|key| self.usage(key))).await?;
        let views: Vec<_> = found.keys.iter().zip(usages).map(|(key, usage)| KeyView::of(key, usage)).collect();
        Ok(PageRequest::reply(&views, next.as_deref()))
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Reply, Problem> {
        let key = self.function.keys.get(self.account(), id).await?.ok_or_else(no_such_key)?;
        let facts = Facts { id: Some(id.to_owned()), ..Facts::default() };
        Ok(Reply::ok(&KeyView::of(&key, self.usage(&key).await?)).with_facts(facts))
    }

    /// Merges `body` into a key.
    pub(crate) async fn change(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let changes = Changes::parse(body, Form::Change, self.function.highest, self.now)?;
        match self.function.keys.update(self.account(), id, |key| changes.apply(key), self.log()).await? {
            Changed::Done(key) => {
                let view = KeyView::of(&key, self.usage(&key).await?);
                Ok(Reply::ok(&view).with_facts(facts("updated", id)))
            }
            Changed::NotFound => Err(no_such_key()),
            Changed::Last => Err(last_key()),
        }
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<Reply, Problem> {
        match self.function.keys.delete(self.account(), id, self.log()).await? {
            Deleted::Gone => Ok(Reply::no_content().with_facts(facts("deleted", id))),
            Deleted::NotFound => Err(no_such_key()),
            Deleted::Last => Err(last_key()),
        }
    }

    /// Creates a key with the same scopes, limits and expiry, and lets the old one expire after the overlap. A key that
    /// has expired can't be rotated.
    pub(crate) async fn rotate(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let overlap = overlap::read(body)?;
        let secret = NewKey::generate(&self.function.environment);
        let fresh = ApiKey::new(&secret, String::new(), Vec::new(), self.now);
        let successor = |old: &ApiKey| {
            (!old.expired(self.now)).then(|| ApiKey {
                name: old.name.clone(),
                first: Some(old.line().to_owned()),
                scopes: old.scopes.clone(),
                limits: old.limits,
                expires_at: old.expires_at,
                ..fresh.clone()
            })
        };
        let until = whole_seconds(self.now) + overlap;
        let rotation = self.function.keys.rotate(&self.caller.account, id, until, successor, self.log()).await?;
        let Rotated { old, new } = match rotation {
            Rotation::Done(rotated) => *rotated,
            Rotation::NotFound => return Err(no_such_key()),
            Rotation::Refused => {
                let detail = "This key has expired. Create another one.";
                return Err(Problem::new(ProblemCode::InvalidStateTransition, detail));
            }
        };
        let unused = Usage { hour: 0, minute: 0, granted: true };
        Ok(Reply::new(StatusCode::CREATED, &KeyView::of(&new, unused).with_key(&secret).in_place_of(&old))
            .with_header(header::LOCATION, &format!("{ROOT}/{}", new.id))
            .with_facts(facts("rotated", id)))
    }

    async fn usage(&self, key: &ApiKey) -> Result<Usage, StoreError> {
        self.function.rates.usage(&key.id, self.now).await
    }
}

/// 404, the same for an id that never existed and for another account's.
fn no_such_key() -> Problem {
    IdKind::KEY.not_found()
}

/// 409: without this key nobody could create another.
fn last_key() -> Problem {
    let detail =
        "This is the account's last key with the scope keys:manage that does not expire. Create another one first.";
    Problem::new(ProblemCode::LastKey, detail)
}

/// What the log line says.
pub(crate) fn facts(action: &'static str, id: &str) -> Facts {
    Facts { action: Some(action), id: Some(id.to_owned()), ..Facts::default() }
}
