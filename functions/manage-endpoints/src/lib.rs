//! `/api/endpoints`: the URLs that receive events, and the secrets that sign their deliveries.
//!
//! Signing secrets are in the responses to four calls only: the one that creates or finds an endpoint, `/secret`,
//! `/secret/rotate` and `/secret/promote`. All others show a hint. The values of custom headers are shown in the
//! responses to the calls that set them (POST and PATCH) and masked elsewhere.

mod calls;
mod changes;
mod conditions;
mod own_headers;
mod preview;
mod replay;
mod route;
mod secrets;
mod test_send;
mod unfinished;
mod view;

use domain::api_key::Scope;
use domain::audit::Author;
use domain::clock::whole_seconds;
use domain::filter::Filters;
use inbound::http;
use inbound::http::{Caller, Gate, Query};
use inbound::manage;
use inbound::manage::router::{Found, Input};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use outbound::attempts::AttemptMaker;
use store::alerts::Alerts;
use store::api_keys::ApiKeys;
use store::audit::{Audit, Log};
use store::config::{ConfigError, Environment};
use store::deliveries::Deliveries;
use store::endpoints::Endpoints;
use store::events::Events;
use store::paces::Paces;
use store::queue::Queue;
use store::seal::Sealer;
use store::undispatched::Undispatched;

use route::{Handler, ROUTER};

/// The path of the collection.
const ROOT: &str = "/api/endpoints";

/// The function.
#[derive(Debug)]
pub struct ManageEndpoints {
    gate: Gate,
    /// Those whose events an endpoint leaves out.
    keys: ApiKeys,
    endpoints: Endpoints,
    audit: Audit,
    deliveries: Deliveries,
    events: Events,
    undispatched: Undispatched,
    /// For the alert that a test has shown an endpoint to work again.
    alerts: Alerts,
    /// The lines of endpoints with a pace.
    paces: Paces,
    /// Replays go here, so that they do not delay first attempts.
    retries: Queue,
    attempts: AttemptMaker,
    sealer: Sealer,
    /// Those of endpoints, compiled.
    filters: Filters,
    /// Whether endpoints may be `http` and private: in the local system.
    allow_private: bool,
    /// How many endpoints an account may have.
    max_endpoints: u64,
}

/// One authorised call.
struct Call<'a> {
    function: &'a ManageEndpoints,
    caller: Caller,
    /// Who makes its changes.
    author: Author,
    /// The current time, in whole seconds.
    now: Timestamp,
}

impl ManageEndpoints {
    /// Reads the names of the tables, the sealing keys, `RETRY_QUEUE_URL`, `ALLOW_PRIVATE_ENDPOINTS` and
    /// `MAX_ENDPOINTS_PER_ACCOUNT` (default 100).
    ///
    /// # Errors
    /// When a variable is missing or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            gate: Gate::from_environment(environment, "manage-endpoints")?.sealing_answers(environment.sealer()?),
            keys: environment.api_keys()?,
            endpoints: environment.endpoints()?,
            audit: environment.audit()?,
            deliveries: environment.deliveries()?,
            events: environment.events()?,
            undispatched: environment.undispatched()?,
            alerts: environment.alerts()?,
            paces: environment.paces()?,
            retries: environment.retry_queue()?,
            attempts: AttemptMaker::from_environment(environment)?,
            sealer: environment.sealer()?,
            filters: Filters::default(),
            allow_private: environment.allow_private_endpoints(),
            max_endpoints: manage::number(environment, "MAX_ENDPOINTS_PER_ACCOUNT", 100)?,
        })
    }

    /// Answers one request. Never fails: errors are answers too.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || ROUTER.find(http::method(request), request.uri().path());
        let work = async |caller, found: Found<'_, Handler>, query: Query| {
            let author = self.gate.author(&caller, request, now);
            let call = Call { function: self, caller, author, now: whole_seconds(now) };
            (found.handler)(&call, Input { id: found.id, within: found.within, query: &query, request }).await
        };
        self.gate.serve(request, Scope::ManageWebhooks, now, find, work).await
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
