//! Who is calling, and what the call needs.

use domain::account::Account;
use domain::api_key::{ApiKey, Scope};
use domain::trace::{Origin, TraceContext};

use super::rate_limit::Allowance;

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub account: Account,
    /// The key that was sent.
    pub key: ApiKey,
    /// `req_` + ULID of this request.
    pub request_id: String,
    /// This request's place in a trace.
    pub trace: TraceContext,
}

impl Caller {
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
