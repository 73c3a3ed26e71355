//! The inbound pipeline, which the five resources share: what differs is their [`Resource`].
//!
//! A request is parsed, found, decided and stored: one DynamoDB transaction writes the record, the calendars it touches
//! and its events. The record and what it refers to are read first, in one call, and nothing is decided
//! before: a sender that sends whole rows must get what it would get for the changes alone.

mod control;
mod decision;
mod lookup;
mod request;
mod tax_id;

use std::marker::PhantomData;

use domain::api_key::Scope;
use domain::resource::Resource;
use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use store::config::{ConfigError, Environment};
use store::records::Records;
use store::seal::Sealer;

use self::request::Prepared;
use crate::http::{Caller, Gate};
use crate::problem::Problem;

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
}

impl<R: Resource> Inbound<R> {
    /// What the gate needs, `RECORDS_TABLE`, `EVENTS_TABLE` and `UNDISPATCHED_TABLE`, and the sealing keys when the resource
    /// has a secret field.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let sealer = if R::MODEL.has_secrets() { Some(environment.sealer()?) } else { None };
        let parts = Parts { records: environment.records()?, sealer };
        Ok(Self { gate: Gate::from_environment(environment, R::FUNCTION)?, parts, resource: PhantomData })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || match *request.method() {
            Method::POST => Ok(()),
            _ => Err(Problem::method_not_allowed("POST")),
        };
        let ahead = async |account: String| request::prepare::<R>(&self.parts, &account, request, now).await;
        let work = async |caller: Caller, (), _, prepared: Result<Prepared, Problem>| {
            request::run::<R>(&self.parts, &caller, prepared?, now).await
        };
        self.gate.serve_ahead(request, Scope::Inbound, now, ahead, find, work).await
    }
}
