//! The audit log: who changed which endpoint, key, portal link or account, when and from where; what it was before and is
//! after, without secrets. Only what people change is in it: what deliveries do to an endpoint is told in alerts.

mod snapshot;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api_key::ApiKey;
use crate::clock::whole_seconds;
use crate::{ids, words};

pub use snapshot::{Change, Snapshot};

/// How long an entry is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// What ids of entries begin with.
pub const PREFIX: &str = "aud_";

words! {
    /// What was done.
    pub enum Action {
        /// An operator made an account.
        AccountCreated = "account.created",
        /// A subscription was made.
        EndpointCreated = "endpoint.created",
        /// Settings of an endpoint were changed, or it was enabled or disabled.
        EndpointUpdated = "endpoint.updated",
        /// An endpoint was deleted.
        EndpointDeleted = "endpoint.deleted",
        /// An endpoint got a new signing secret.
        SecretRotated = "endpoint.secret_rotated",
        /// The newest signing secret of an endpoint signs alone from now on.
        SecretPromoted = "endpoint.secret_promoted",
        /// A key was made.
        KeyCreated = "key.created",
        /// Name, scopes, limits or expiry of a key were changed.
        KeyUpdated = "key.updated",
        /// Another key takes the place of a key, which expires.
        KeyRotated = "key.rotated",
        /// A key was revoked.
        KeyDeleted = "key.deleted",
        /// A portal link was made.
        LinkCreated = "portal_link.created",
        /// A portal link was revoked.
        LinkDeleted = "portal_link.deleted",
    }
}

words! {
    /// What kind of caller made a change.
    pub enum ActorKind {
        /// An API key.
        Key = "key",
        /// A portal link.
        PortalLink = "portal_link",
        /// Whoever runs the deployment, with the operator's tool.
        Operator = "operator",
    }
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// An [`ActorKind`]. As text, so that one that a later version takes back can be read.
    pub r#type: String,
    /// `key_...` or `lnk_...`; none of an operator.
    pub id: Option<String>,
    /// What the key or the link was called at the time, or how the operator is called.
    pub name: Option<String>,
    /// Of a portal link, the key that made it.
    pub key_id: Option<String>,
}

/// Who makes a change, when and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who it is.
    pub actor: Actor,
    /// The address that the call came from; none of an operator.
    pub address: Option<String>,
    /// `req_` + ULID of the call; none of an operator.
    pub request_id: Option<String>,
    /// The present time.
    pub now: Timestamp,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// `aud_` + ULID.
    pub id: String,
    /// When the change was made, in whole seconds.
    pub created_at: Timestamp,
    /// An [`Action`], as text.
    pub action: String,
    /// Who made it.
    pub actor: Actor,
    /// The id of what was changed.
    pub target_id: String,
    /// [`Author::address`].
    pub address: Option<String>,
    /// [`Author::request_id`].
    pub request_id: Option<String>,
    /// What was there before: of an update only the members that changed; none of what is new.
    pub before: Option<Map<String, Value>>,
    /// What is there now, likewise; none of what was deleted.
    pub after: Option<Map<String, Value>>,
}

impl Actor {
    /// A key.
    #[must_use]
    pub fn key(key: &ApiKey) -> Self {
        Self { name: Some(key.name.clone()), ..Self::of(ActorKind::Key, Some(key.id.clone())) }
    }

    /// A portal link: its id, what it is called, and the key that made it.
    #[must_use]
    pub fn link(id: &str, name: &str, key_id: &str) -> Self {
        let (name, key_id) = (Some(name.to_owned()), Some(key_id.to_owned()));
        Self { name, key_id, ..Self::of(ActorKind::PortalLink, Some(id.to_owned())) }
    }

    /// Whoever runs the deployment, by a name that they gave.
    #[must_use]
    pub fn operator(name: Option<&str>) -> Self {
        Self { name: name.map(str::to_owned), ..Self::of(ActorKind::Operator, None) }
    }

    fn of(kind: ActorKind, id: Option<String>) -> Self {
        Self { r#type: kind.as_str().to_owned(), id, name: None, key_id: None }
    }
}

impl Author {
    /// Whoever runs the deployment, at the time `now`.
    #[must_use]
    pub fn operator(name: Option<&str>, now: Timestamp) -> Self {
        Self { actor: Actor::operator(name), address: None, request_id: None, now }
    }

    /// The entry for a change of `target_id`.
    #[must_use]
    pub fn entry(&self, action: Action, target_id: &str, change: &Change) -> Entry {
        let (before, after) = change.sides();
        Entry {
            id: ids::new_id(PREFIX, self.now),
            created_at: whole_seconds(self.now),
            action: action.as_str().to_owned(),
            actor: self.actor.clone(),
            target_id: target_id.to_owned(),
            address: self.address.clone(),
            request_id: self.request_id.clone(),
            before,
            after,
        }
    }
}
