//! The catalog of event types: the same for everybody, and no table holds it.

use domain::events::{EventName, catalog_entry};
use inbound::http::{self, NO_PARAMETERS, Reply};
use inbound::manage::PageRequest;
use inbound::manage::router::{Route, Router};
use inbound::problem::Problem;
use lambda_http::Request;
use lambda_http::http::Method;
use serde_json::Value;

const ROOT: &str = "/api/event-types";

/// What answers a call of the catalog, with the name in its path.
type Handler = fn(&str) -> Result<Reply, Problem>;

const ROUTER: Router<Handler> = Router(&[
    Route::new(Method::GET, ROOT, NO_PARAMETERS, |_| Ok(list())),
    Route::new(Method::GET, "/api/event-types/{name}", NO_PARAMETERS, get),
]);

/// Whether `path` is the catalog's, whose calls need no key.
pub(crate) fn has(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

/// Answers a call of the catalog.
pub(crate) fn answer(request: &Request) -> Result<Reply, Problem> {
    let found = ROUTER.find(http::method(request), request.uri().path())?;
    (found.handler)(found.id)
}

fn list() -> Reply {
    let all: Vec<Value> = EventName::ALL.into_iter().map(catalog_entry).collect();
    PageRequest::reply(&all, None)
}

fn get(name: &str) -> Result<Reply, Problem> {
    let name = name.parse().map_err(|_| Problem::not_found("event type"))?;
    Ok(Reply::ok(&catalog_entry(name)))
}
