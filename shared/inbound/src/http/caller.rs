//! Who is calling, and what the call needs.

use domain::account::Account;
use domain::api_key::{ApiKey, Scope};
use domain::audit::Actor;
use domain::trace::{Origin, TraceContext};

use super::authentication::Link;
use super::rate_limit::Allowance;

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub account: Account,
    /// The key that was sent; of a portal link the key that it acts as, which has the link's id.
    pub key: ApiKey,
    /// The portal link, if the call came by one.
    pub link: Option<Link>,
    /// `req_` + ULID of this request.
    pub request_id: String,
    /// This request's place in a trace.
    pub trace: TraceContext,
}

impl Caller {
    /// Who it is, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.link {
            Some(link) => Actor::link(&self.key.id, &self.key.name, &link.key_id),
            None => Actor::key(&self.key),
        }
    }

    /// The id of the key that was sent, or that made the portal link.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.link.as_ref().map_or(&self.key.id, |link| &link.key_id)
    }

    /// What tells it from other callers of the account: a link's id, or the line of a key, which rotations keep.
    pub(super) fn own_name(&self) -> &str {
        if self.link.is_some() { &self.key.id } else { self.key.line() }
    }

    /// Whether it can only look: no secrets are for it, either.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.read_only)
    }

    /// Where the events come from that this request raises.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        Origin { request_id: &self.request_id, trace: self.trace, key_line: self.key.line() }
    }
}

/// What a call needs: the scope of its key, and room in the windows that it is counted in.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    pub(super) scope: Scope,
    pub(super) allowance: Allowance,
}

impl Admission {
    /// That of a batch, which is counted in windows of its own.
    #[must_use]
    pub const fn of_batch(scope: Scope) -> Self {
        Self { scope, allowance: Allowance::Batches }
    }
}

impl From<Scope> for Admission {
    fn from(scope: Scope) -> Self {
        Self { scope, allowance: Allowance::Calls }
    }
}
