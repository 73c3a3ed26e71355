//! `/api/keys`: the keys that an account's integrations call with.
//!
//! A key is shown once, in the response to the call that creates it (`POST`, or `/rotate`): only its hash is stored. A
//! caller with `keys:manage` may give a new key any scope, also one that its own key lacks: it is the account's
//! administrator. Changes and deletions take effect everywhere within 60 seconds,
//! which is how long a warm function remembers a key.

mod calls;
mod changes;
mod route;

use domain::api_key::Scope;
use domain::rate_limit::Limits;
use inbound::http;
use inbound::http::{Caller, Gate, Query};
use inbound::manage;
use inbound::manage::router::{Found, Input};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use store::api_keys::ApiKeys;
use store::config::{ConfigError, Environment};
use store::rate_windows::RateWindows;

use route::{Handler, ROUTER};

/// The path of the collection.
const ROOT: &str = "/api/keys";

/// The function.
#[derive(Debug)]
pub struct ManageKeys {
    gate: Gate,
    keys: ApiKeys,
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
        let find = || ROUTER.find(http::method(request), request.uri().path());
        let work = async |caller, found: Found<'_, Handler>, query: Query| {
            let call = Call { function: self, caller, now };
            (found.handler)(&call, Input { id: found.id, within: found.within, query: &query, request }).await
        };
        self.gate.serve(request, Scope::ManageKeys, now, find, work).await
    }
}

impl Call<'_> {
    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
