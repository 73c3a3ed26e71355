//! The pages for people: the console at `/`, the docs and the API explorer at `/docs`; `/openapi.json`, and the addresses
//! that deliveries come from. Paths of no other function come here too and get 404.
//!
//! `/portal/{link}` is the console for whoever opens a portal link, with the link's token in the place of a key.
//!
//! No call needs a key: pages fetch an account's data from the API with the key that the user entered. The only data
//! read are the rate window of the address, which responses to `/openapi.json` and below `/api` report, and the origins that may
//! frame the page of a portal link. Pages ignore their query, so that links with tracking parameters work; `/openapi.json` accepts none.

mod docs;
mod explorer;
mod files;
pub mod openapi;
mod page;
mod source_ips;

use std::time::Instant;

use domain::{ids, portal_link};
use inbound::http;
use inbound::http::{Guard, NO_PARAMETERS, Query};
use inbound::problem::Problem;
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};
use store::api_keys::ApiKeys;
use store::config::{ConfigError, Environment};

use crate::page::Page;
use crate::source_ips::SourceIps;

/// The function.
#[derive(Debug)]
pub struct Portal {
    guard: Guard,
    source_ips: SourceIps,
    /// For who may frame the page of a portal link: nothing else of the table is for this function.
    links: ApiKeys,
}

impl Portal {
    /// Reads what [`Guard::from_environment`] does, `API_KEYS_TABLE`, and `EGRESS_ADDRESSES` if it is set.
    ///
    /// # Errors
    /// When a variable is missing or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let source_ips = SourceIps::from_environment(environment)?;
        let (guard, links) = (Guard::from_environment(environment)?, environment.api_keys()?);
        Ok(Self { guard, source_ips, links })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let started = Instant::now();
        let request_id = ids::new_id("req_", now);
        let admitted = self.guard.admit(request);
        let counted = admitted.is_ok() && http::is_api(request.uri().path());
        let answer = match admitted {
            Ok(()) => self.answer(request).await,
            Err(refusal) => Err(refusal),
        };
        let mut response = match answer {
            Ok(page) => page.into_response(request.headers()),
            Err(problem) => problem.into_response(&request_id),
        };
        if counted {
            let address = self.guard.address_of(request);
            let window = self.guard.window(address.as_deref(), response.status(), now).await;
            if let Some(window) = window {
                window.write_headers(response.headers_mut());
            }
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        tracing::info!(function = "portal", request_id, method = %request.method(), status, duration_ms, "page {status}");
        http::without_body_for_head(request, response)
    }

    async fn answer(&self, request: &Request) -> Result<Page, Problem> {
        let path = request.uri().path();
        let is_api = http::is_api(path);
        let link = path.strip_prefix("/portal/").filter(|id| ids::is_id(id, portal_link::PREFIX));
        let found = match (path, link) {
            ("/api/source-ips", _) => Some(self.source_ips.page()),
            (_, Some(_)) => files::console("index.html").map(Page::uncached),
            _ => find(path),
        };
        let page = found.ok_or_else(|| Problem::not_found(if is_api { "path" } else { "page" }))?;
        if *http::method(request) != Method::GET {
            return Err(Problem::method_not_allowed("GET"));
        }
        if is_api {
            Query::of(request, NO_PARAMETERS)?;
        }
        match link {
            Some(id) => Ok(page.framed_by(&self.links.frame_origins(id).await?)),
            None => Ok(page),
        }
    }
}

/// The page at `path` that is the same in every deployment.
fn find(path: &str) -> Option<Page> {
    match path {
        "/" => files::console("index.html"),
        "/openapi.json" => Some(Page::json(openapi::text()).uncached()),
        "/docs/explorer" => Some(explorer::page()),
        "/docs/explorer/scalar.js" => Some(explorer::script()),
        "/docs/explorer/start.js" | "/docs/explorer/examples.js" | "/docs/explorer/explorer.css" => {
            files::explorer(path.strip_prefix("/docs/explorer/")?)
        }
        _ => match path.strip_prefix("/console/") {
            Some(file) => files::console(file),
            None => docs::page(path.strip_prefix("/docs")?),
        },
    }
}

#[cfg(test)]
mod tests;
