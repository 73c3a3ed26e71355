//! Who may call, and what they changed: `/api/keys`, the keys that an account's integrations call with; `/api/portal-links`,
//! which open the console without a key; `/api/audit`, the log of changes.
//!
//! A key is shown once, in the response to the call that creates it (`POST`, or `/rotate`): only its hash is stored. A
//! caller with `keys:manage` may give a new key any scope, also one that its own key lacks: it is the account's
//! administrator. Changes and deletions take effect everywhere within 60 seconds,
//! which is how long a warm function remembers a key.

mod audit;
mod calls;
mod changes;
mod links;
mod route;

use domain::api_key::Scope;
use domain::audit::Author;
use domain::rate_limit::Limits;
use inbound::http;
use inbound::http::{Caller, Gate, Query};
use inbound::manage;
use inbound::manage::router::{Found, Input};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use store::api_keys::ApiKeys;
use store::audit::{Audit, Log};
use store::config::{ConfigError, Environment};
use store::rate_windows::RateWindows;

use route::{AUDIT, Handler, KEYS, LINKS};

/// The path of the collection.
const ROOT: &str = "/api/keys";

/// The function.
#[derive(Debug)]
pub struct ManageKeys {
    gate: Gate,
    keys: ApiKeys,
    audit: Audit,
    rates: RateWindows,
    /// The `live` of `wsk_live_...`.
    environment: String,
    /// The highest limits that a key may be given here.
    highest: Limits,
}

/// One authorised call.
struct Call<'a> {
    function: &'a ManageKeys,
    caller: Caller,
    /// Who makes its changes.
    author: Author,
    now: Timestamp,
}

impl ManageKeys {
    /// Reads the names of the tables, the sealing keys, `KEY_ENVIRONMENT` (default `live`; part of every new key), and
    /// `KEY_LIMIT_PER_HOUR` and `KEY_LIMIT_PER_MINUTE` (defaults 1,000 and 50: the highest limits that a key can get
    /// here).
    ///
    /// # Errors
    /// When a variable is missing or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let default = Limits::default();
        Ok(Self {
            gate: Gate::from_environment(environment, "manage-keys")?.sealing_answers(environment.sealer()?),
            keys: environment.api_keys()?,
            audit: environment.audit()?,
            rates: environment.rate_windows()?,
            environment: environment.key_environment()?,
            highest: Limits {
                per_hour: manage::number(environment, "KEY_LIMIT_PER_HOUR", default.per_hour)?,
                per_minute: manage::number(environment, "KEY_LIMIT_PER_MINUTE", default.per_minute)?,
            },
        })
    }

    /// Answers one request. Never fails: errors are answers too.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let path = request.uri().path();
        let is_of = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let (router, scope) = if is_of("/api/audit") {
            (AUDIT, Scope::ReadAudit)
        } else if is_of("/api/portal-links") {
            (LINKS, Scope::ManageWebhooks)
        } else {
            (KEYS, Scope::ManageKeys)
        };
        let find = || router.find(http::method(request), path);
        let work = async |caller, found: Found<'_, Handler>, query: Query| {
            let author = self.gate.author(&caller, request, now);
            let call = Call { function: self, caller, author, now };
            (found.handler)(&call, Input { id: found.id, within: found.within, query: &query, request }).await
        };
        self.gate.serve(request, scope, now, find, work).await
    }
}

impl Call<'_> {
    fn account(&self) -> &str {
        &self.caller.account.id
    }

    /// The audit log, for the changes of this call.
    fn log(&self) -> Log<'_> {
        self.function.audit.of(&self.author)
    }
}
