//! What became of events (contract section 9): `/api/deliveries` with manual retries, the feed at `/api/events`,
//! `/api/alerts`, `/api/stats`, and the catalog at `/api/event-types`, which is the same for everybody and needs no key.

mod alerts;
mod catalog;
mod deliveries;
mod feed;
mod query;
mod retry;
mod route;
mod stats;
mod view;

use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use shared::api_key::Scope;
use shared::config::{ConfigError, Environment};
use shared::http::{Caller, Gate, Reply};
use shared::manage::{PageRequest, body};
use shared::problem::Problem;
use shared::queue::Queue;
use shared::store::alerts::Alerts;
use shared::store::deliveries::Deliveries;
use shared::store::endpoints::Endpoints;
use shared::store::events::Events;

use route::Route;

/// The prefix of deliveries' ids.
const DELIVERY: &str = "dlv_";
/// The prefix of endpoints' ids.
const ENDPOINT: &str = "ep_";
/// The prefix of events' ids.
const EVENT: &str = "evt_";
/// The prefix of alerts' ids.
const ALERT: &str = "alr_";

/// What the function holds.
#[derive(Debug)]
pub struct ManageDeliveries {
    gate: Gate,
    deliveries: Deliveries,
    endpoints: Endpoints,
    events: Events,
    alerts: Alerts,
    retries: Queue,
}

/// One call that was let in.
struct Call<'a> {
    function: &'a ManageDeliveries,
    caller: Caller,
    /// The present, with its fraction: it is compared with due times.
    now: Timestamp,
}

impl ManageDeliveries {
    /// Of the tables and `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            gate: environment.gate("manage-deliveries", false)?,
            deliveries: environment.deliveries()?,
            endpoints: environment.endpoints()?,
            events: environment.events()?,
            alerts: environment.alerts()?,
            retries: environment.retry_queue()?,
        })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        if let Some(below) = catalog::below(request.uri().path()) {
            return self.gate.serve_open(request, now, || catalog::answer(request.method(), below));
        }
        let work = async |caller| Call { function: self, caller, now }.answer(request).await;
        self.gate.serve(request, Scope::ManageWebhooks, now, work).await
    }
}

impl Call<'_> {
    async fn answer(&self, request: &Request) -> Result<Reply, Problem> {
        match route::find(request.method(), request.uri().path())? {
            Route::Deliveries => {
                self.deliveries(&query::deliveries(request)?, &PageRequest::of(request, DELIVERY)?).await
            }
            Route::Delivery(id) => self.delivery(id).await,
            Route::Retry(id) => self.retry(id, body::optional_object(request)?).await,
            Route::Feed => self.feed(&query::feed(request)?).await,
            Route::Event(id) => self.event(id).await,
            Route::Stats => self.stats(query::stats(request)?).await,
            Route::Alerts => self.alerts(&query::alerts(request)?, &PageRequest::of(request, ALERT)?).await,
        }
    }

    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
