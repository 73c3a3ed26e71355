//! `/api/keys`: the keys that an account's integrations call with.
//!
//! A key is shown once, in the answer to the call that makes it (`POST`, or `/rotate`); of what is stored nobody can make it again. Whoever
//! holds `keys:manage` may give a new key any scope, also one that its own key lacks: it is the account's administrator,
//! and could make itself such a key in two steps anyway. Changes and deletions take effect everywhere within 60 seconds,
//! which is how long a warm function remembers a key.

mod calls;
mod changes;
mod route;

use domain::api_key::Scope;
use domain::rate_limit::Limits;
use inbound::http;
use inbound::http::{Caller, Gate, Query, Reply};
use inbound::manage;
use inbound::manage::{PageRequest, body};
use inbound::problem::Problem;
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use store::api_keys::ApiKeys;
use store::config::{ConfigError, Environment};
use store::rate_windows::RateWindows;

use route::Route;

/// Where this function's paths begin.
pub const ROOT: &str = "/api/keys";

/// The prefix of keys' ids.
const ID_PREFIX: &str = "key_";

/// What the function holds.
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

/// One call that was let in.
struct Call<'a> {
    function: &'a ManageKeys,
    caller: Caller,
    now: Timestamp,
}

impl ManageKeys {
    /// Of the tables, the sealing keys, `KEY_ENVIRONMENT` (default `live`: what keys are called after), and
    /// `KEY_LIMIT_PER_HOUR` and `KEY_LIMIT_PER_MINUTE` (defaults 1,000 and 50: the highest limits that may be given).
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

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || route::find(http::method(request), &manage::segments(request, ROOT)?);
        let work = async |caller, route, query| {
            let call = Call { function: self, caller, now };
            call.answer(route, &query, request).await
        };
        self.gate.serve(request, Scope::ManageKeys, now, find, work).await
    }
}

impl Call<'_> {
    async fn answer(&self, route: Route<'_>, query: &Query, request: &Request) -> Result<Reply, Problem> {
        match route {
            Route::Create => self.create(body::object(request)?).await,
            Route::List => self.list(&PageRequest::of(query)).await,
            Route::Get(id) => self.get(id).await,
            Route::Change(id) => self.change(id, body::object(request)?).await,
            Route::Delete(id) => self.delete(id).await,
            Route::Rotate(id) => self.rotate(id, body::optional_object(request)?).await,
        }
    }

    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
