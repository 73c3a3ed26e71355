//! `/api/endpoints`: where a subscriber wants which events, and the secrets that sign them.
//!
//! Signing secrets are in the answers to four calls only: the one that makes or finds an endpoint, `/secret`, `/secret/rotate` and
//! `/secret/promote`. Everything else shows a hint. The values of a subscriber's own headers are shown whole in the
//! answers to the calls that set them (POST and PATCH) and masked elsewhere.

mod calls;
mod changes;
mod own_headers;
mod replay;
mod route;
mod secrets;
mod test_send;
mod unfinished;
mod view;

use domain::api_key::Scope;
use domain::clock::whole_seconds;
use inbound::http;
use inbound::http::{Caller, Gate, Query, Reply};
use inbound::manage;
use inbound::manage::{PageRequest, body};
use inbound::problem::Problem;
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use outbound::attempts::AttemptMaker;
use outbound::sender::Sender;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::Deliveries;
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::Queue;
use store::seal::Sealer;

use route::Route;

/// Where this function's paths begin.
pub const ROOT: &str = "/api/endpoints";

/// The prefix of endpoints' ids.
const ID_PREFIX: &str = "ep_";

/// What the function holds.
#[derive(Debug)]
pub struct ManageEndpoints {
    gate: Gate,
    endpoints: Endpoints,
    deliveries: Deliveries,
    events: Events,
    /// For the endpoint that a test shows to work again.
    alerts: Alerts,
    /// Where replays wait for their turn, so that they hold up no news.
    retries: Queue,
    attempts: AttemptMaker,
    sealer: Sealer,
    sender: Sender,
    /// Whether endpoints may be `http` and private: in the local system.
    allow_private: bool,
    /// How many endpoints an account may have.
    max_endpoints: u64,
}

/// One call that was let in.
struct Call<'a> {
    function: &'a ManageEndpoints,
    caller: Caller,
    /// The present, in whole seconds.
    now: Timestamp,
}

impl ManageEndpoints {
    /// Of the tables, the sealing keys, `RETRY_QUEUE_URL`, `ALLOW_PRIVATE_ENDPOINTS` and `MAX_ENDPOINTS_PER_ACCOUNT` (default 100).
    ///
    /// # Errors
    /// When a variable is missing or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            gate: Gate::from_environment(environment, "manage-endpoints")?.sealing_answers(environment.sealer()?),
            endpoints: environment.endpoints()?,
            deliveries: environment.deliveries()?,
            events: environment.events()?,
            alerts: environment.alerts()?,
            retries: environment.retry_queue()?,
            attempts: AttemptMaker::from_environment(environment)?,
            sealer: environment.sealer()?,
            sender: Sender::from_environment(environment)?,
            allow_private: environment.allow_private_endpoints(),
            max_endpoints: manage::number(environment, "MAX_ENDPOINTS_PER_ACCOUNT", 100)?,
        })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || route::find(http::method(request), &manage::segments(request, ROOT)?);
        let work = async |caller, route, query| {
            let call = Call { function: self, caller, now: whole_seconds(now) };
            call.answer(route, &query, request).await
        };
        self.gate.serve(request, Scope::ManageWebhooks, now, find, work).await
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
            Route::Secret(id) => self.secret(id).await,
            Route::Test(id) => self.test(id, body::object(request)?).await,
            Route::Replay(id) => self.replay(id, body::object(request)?).await,
            Route::RotateSecret(id) => self.rotate_secret(id, body::optional_object(request)?).await,
            Route::PromoteSecret(id) => self.promote_secret(id, body::optional_object(request)?).await,
        }
    }

    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
