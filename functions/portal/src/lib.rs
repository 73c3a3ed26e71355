//! The pages for people: the console at `/`, the docs and the API explorer at `/docs`, and `/openapi.json`.
//!
//! Nothing is read and nobody is asked who they are: what the pages show of an account, they fetch from the API with the
//! key that the person typed in.

mod docs;
mod explorer;
mod files;
pub mod openapi;
mod page;

use std::time::Instant;

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};
use shared::ids;
use shared::problem::Problem;

use crate::page::Page;

/// The function; it holds nothing.
#[derive(Debug)]
pub struct Portal;

impl Portal {
    /// Answers one request. Never fails: whatever goes wrong is an answer.
    #[must_use]
    pub fn handle(&self, request: &Request, now: Timestamp) -> Response<Body> {
        let started = Instant::now();
        let request_id = ids::new_id("req_", now);
        let path = request.uri().path();
        let mut response = match answer(request.method(), path) {
            Ok(page) => page.into_response(request.headers()),
            Err(problem) => problem.into_response(&request_id),
        };
        if *request.method() == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        tracing::info!(function = "portal", request_id, method = %request.method(), status, duration_ms, "page {status}");
        response
    }
}

fn answer(method: &Method, path: &str) -> Result<Page, Problem> {
    let page = find(path).ok_or_else(|| Problem::not_found("page"))?;
    if matches!(*method, Method::GET | Method::HEAD) { Ok(page) } else { Err(Problem::method_not_allowed("GET, HEAD")) }
}

/// The page at `path`.
fn find(path: &str) -> Option<Page> {
    match path {
        "/" => files::console("index.html"),
        "/openapi.json" => Some(Page::json(openapi::text())),
        "/docs/explorer" => Some(explorer::page()),
        "/docs/explorer/scalar.js" => Some(explorer::script()),
        "/docs/explorer/start.js" | "/docs/explorer/explorer.css" => {
            files::explorer(path.strip_prefix("/docs/explorer/")?)
        }
        _ => match path.strip_prefix("/console/") {
            Some(file) => files::console(file),
            None => docs::page(path.strip_prefix("/docs")?),
        },
    }
}
