//! The catalog of event types: the same for everybody, and no table holds it.

use domain::events::{EventName, catalog_entry};
use inbound::http::Reply;
use inbound::manage::{PageRequest, unknown_path};
use inbound::problem::Problem;
use lambda_http::http::Method;
use serde_json::Value;

use crate::route::only;

const ROOT: &str = "/api/event-types";

/// What comes after the catalog's root in `path`; `None` for a path of something else.
pub(crate) fn below(path: &str) -> Option<&str> {
    path.strip_prefix(ROOT).filter(|below| below.is_empty() || below.starts_with('/'))
}

/// All event types, or the one that is named.
pub(crate) fn answer(method: &Method, below: &str) -> Result<Reply, Problem> {
    only(&Method::GET, method)?;
    match below.strip_prefix('/') {
        None => {
            let all: Vec<Value> = EventName::ALL.into_iter().map(catalog_entry).collect();
            Ok(PageRequest::reply(&all, None))
        }
        Some(name) if name.contains('/') => Err(unknown_path()),
        Some(name) => {
            let name = name.parse().map_err(|_| Problem::not_found("event type"))?;
            Ok(Reply::ok(&catalog_entry(name)))
        }
    }
}
