//! The inbound pipeline: what the five resources share, and the trait that says what differs.
//!
//! A request is parsed, found, decided and stored: one DynamoDB transaction writes the record, its card, the calendars
//! it touches and its events. The record and what it refers to are read first, in one call, and nothing is decided
//! before: a sender that sends whole rows must get what it would get for the changes alone.

mod control;
mod decision;
mod lookup;
mod pipeline;
pub mod references;
pub mod resource;
mod said;
mod tax_id;

use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};

use crate::api_key::Scope;
use crate::http::{self, Gate};
use crate::inbound::resource::Resource;
use crate::problem::Problem;
use crate::seal::Sealer;
use crate::store::records::Records;

/// What an inbound function holds.
#[derive(Debug)]
pub struct Inbound {
    gate: Gate,
    records: Records,
    sealer: Option<Sealer>,
}

impl Inbound {
    /// `sealer` is needed by vendors only, for their tax ids.
    #[must_use]
    pub fn new(gate: Gate, records: Records, sealer: Option<Sealer>) -> Self {
        Self { gate, records, sealer }
    }

    /// Answers one request for the resource `R`. Never fails: whatever goes wrong is an answer.
    pub async fn handle<R: Resource>(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || match *request.method() {
            Method::POST => Ok(()),
            _ => Err(Problem::method_not_allowed("POST")),
        };
        let work = async |caller, (), _| pipeline::run::<R>(self, &caller, http::json_body(request)?, now).await;
        self.gate.serve(request, Scope::Inbound, now, find, work).await
    }
}
