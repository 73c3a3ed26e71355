//! What became of events: `/api/deliveries` with manual retries, the feed at `/api/events`,
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

use domain::api_key::Scope;
use inbound::http;
use inbound::http::{Caller, Gate, Query, Reply};
use inbound::manage::parameters::DEFAULT_HOURS;
use inbound::manage::{PageRequest, body};
use inbound::problem::Problem;
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::Deliveries;
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::Queue;

use route::Route;

/// The prefix of deliveries' ids.
const DELIVERY: &str = "dlv_";
/// The prefix of events' ids.
const EVENT: &str = "evt_";

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
            gate: Gate::from_environment(environment, "manage-deliveries")?,
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
            return self.gate.serve_open(request, now, || catalog::answer(http::method(request), below)).await;
        }
        let find = || route::find(http::method(request), request.uri().path());
        let work = async |caller, route, query| {
            let call = Call { function: self, caller, now };
            call.answer(route, &query, request).await
        };
        self.gate.serve(request, Scope::ManageWebhooks, now, find, work).await
    }
}

impl Call<'_> {
    async fn answer(&self, route: Route<'_>, query: &Query, request: &Request) -> Result<Reply, Problem> {
        match route {
            Route::Deliveries => self.deliveries(&query::deliveries(query), &PageRequest::of(query)).await,
            Route::Delivery(id) => self.delivery(id).await,
            Route::Retry(id) => self.retry(id, body::optional_object(request)?).await,
            Route::Feed => self.feed(&query::feed(query)?).await,
            Route::Event(id) => self.event(id).await,
            Route::Stats => self.stats(query.parsed("hours").unwrap_or(DEFAULT_HOURS)).await,
            Route::Alerts => self.alerts(&query::alerts(query), &PageRequest::of(query)).await,
        }
    }

    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
