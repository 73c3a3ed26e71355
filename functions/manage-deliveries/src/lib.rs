//! Deliveries and what belongs to them: `/api/deliveries` with manual retries, the feed at `/api/events`, `/api/alerts` with
//! their status, `/api/requests` (those that were refused), `/api/stats`; records with their history at `/api/records`; and
//! the catalog at `/api/event-types`, which is the same for everybody and needs no key.

mod alerts;
mod catalog;
mod deliveries;
mod feed;
mod query;
mod records;
mod requests;
mod retry;
mod route;
mod stats;
mod timeline;
mod view;

use domain::api_key::Scope;
use inbound::http;
use inbound::http::{Caller, Gate, Query};
use inbound::manage::router::{Found, Input};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::Deliveries;
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::Queue;
use store::records::Records;
use store::requests::Requests;
use store::sums::Sums;
use store::undispatched::Undispatched;

use route::{Handler, RECORDS, ROUTER};

/// The function.
#[derive(Debug)]
pub struct ManageDeliveries {
    gate: Gate,
    deliveries: Deliveries,
    endpoints: Endpoints,
    events: Events,
    records: Records,
    alerts: Alerts,
    requests: Requests,
    retries: Queue,
    sums: Sums,
    undispatched: Undispatched,
}

/// One authorised call.
struct Call<'a> {
    function: &'a ManageDeliveries,
    caller: Caller,
    /// The current time with its fraction: it is compared with due times.
    now: Timestamp,
}

impl ManageDeliveries {
    /// Reads the names of the tables and `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            gate: Gate::from_environment(environment, "manage-deliveries")?,
            deliveries: environment.deliveries()?,
            endpoints: environment.endpoints()?,
            events: environment.events()?,
            records: environment.records()?,
            alerts: environment.alerts()?,
            requests: environment.requests()?,
            retries: environment.retry_queue()?,
            sums: environment.sums()?,
            undispatched: environment.undispatched()?,
        })
    }

    /// Answers one request. Never fails: errors are answers too.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        if catalog::has(request.uri().path()) {
            return self.gate.serve_open(request, now, || catalog::answer(request)).await;
        }
        let path = request.uri().path();
        let is_of_records = path == "/api/records" || path.starts_with("/api/records/");
        let (router, scope) =
            if is_of_records { (RECORDS, Scope::ReadRecords) } else { (ROUTER, Scope::ManageWebhooks) };
        let find = || router.find(http::method(request), path);
        let work = async |caller, found: Found<'_, Handler>, query: Query| {
            let call = Call { function: self, caller, now };
            (found.handler)(&call, Input { id: found.id, within: found.within, query: &query, request }).await
        };
        self.gate.serve(request, scope, now, find, work).await
    }
}

impl Call<'_> {
    fn account(&self) -> &str {
        &self.caller.account.id
    }
}
