//! The inbound pipeline, which the five resources share: what differs is their [`Resource`].
//!
//! A request is parsed, found, decided and stored: one DynamoDB transaction writes the record, the calendars it touches
//! and its events. The record and what it refers to are read first, in one call, and nothing is decided
//! before: a sender that sends whole rows must get what it would get for the changes alone.

mod batch;
mod control;
mod decision;
mod foresight;
mod lookup;
mod receipt;
mod request;
mod results;
mod tax_id;

use std::marker::PhantomData;
use std::time::Duration;

use domain::api_key::Scope;
use domain::resource::Resource;
use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use store::config::{ConfigError, Environment};
use store::records::Records;
use store::seal::Sealer;

pub use self::batch::MAX_RECORDS;
use self::request::Prepared;
use crate::http::{Admission, Caller, Gate, Query, Sending};
use crate::problem::Problem;

/// How long records of a batch are begun. A call of DynamoDB gives up after 4 s: so one that was begun in time, and the release
/// of an idempotency key, end within the 15 s that a function has.
pub const BATCH_PATIENCE: Duration = Duration::from_secs(5);
/// How the path of a batch ends.
const BATCH: &str = "/batch";

/// What an inbound function holds: the one of the resource `R`.
#[derive(Debug)]
pub struct Inbound<R> {
    gate: Gate,
    parts: Parts,
    resource: PhantomData<R>,
}

/// What the pipeline works with, whatever the resource.
#[derive(Debug)]
struct Parts {
    records: Records,
    /// For a resource with a secret field.
    sealer: Option<Sealer>,
    /// How long records of a batch are begun.
    batch_patience: Duration,
}

impl<R: Resource> Inbound<R> {
    /// What the gate needs, `RECORDS_TABLE`, `EVENTS_TABLE` and `UNDISPATCHED_TABLE`, and the sealing keys when the resource
    /// has a secret field.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let sealer = if R::MODEL.has_secrets() { Some(environment.sealer()?) } else { None };
        let batch_patience = environment.batch_patience().unwrap_or(BATCH_PATIENCE);
        let parts = Parts { records: environment.records()?, sealer, batch_patience };
        Ok(Self { gate: Gate::from_environment(environment, R::FUNCTION)?, parts, resource: PhantomData })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || match *request.method() {
            Method::POST => Ok(Sending),
            _ => Err(Problem::method_not_allowed("POST")),
        };
        if request.uri().path().ends_with(BATCH) {
            let work = async |caller: Caller, Sending, query: Query| {
                // Boxed: what one record needs is not kept beside what the call needs.
                Box::pin(batch::run::<R>(&self.parts, &caller, request, query.is_dry_run(), now)).await
            };
            return self.gate.serve(request, Admission::of_batch(Scope::Inbound), now, find, work).await;
        }
        let ahead = async |account: String| request::prepare::<R>(&self.parts, &account, request, now).await;
        let work = async |caller: Caller, Sending, query: Query, prepared: Result<Prepared, Problem>| {
            request::run::<R>(&self.parts, &caller, prepared?, query.is_dry_run(), now).await
        };
        self.gate.serve_ahead(request, Scope::Inbound, now, ahead, find, work).await
    }
}
