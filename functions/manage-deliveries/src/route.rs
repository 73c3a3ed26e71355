//! Which call a method and a path are.

use domain::ids::is_id;
use inbound::http::{NO_PARAMETERS, Parameters, TakesParameters};
use inbound::manage::{parameters, unknown_path};
use inbound::problem::Problem;
use lambda_http::http::Method;

use crate::{DELIVERY, EVENT};

/// A call of this function that needs a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Deliveries,
    Delivery(&'a str),
    Retry(&'a str),
    Feed,
    Event(&'a str),
    Alerts,
    Stats,
}

impl TakesParameters for Route<'_> {
    fn parameters(&self) -> Parameters {
        match self {
            Self::Deliveries => parameters::DELIVERIES,
            Self::Feed => parameters::EVENTS,
            Self::Alerts => parameters::ALERTS,
            Self::Stats => parameters::STATS,
            Self::Delivery(_) | Self::Retry(_) | Self::Event(_) => NO_PARAMETERS,
        }
    }
}

/// The call, or 404 for a path that there is not, or 405 for a method that the path does not answer to.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Result<Route<'a>, Problem> {
    let segments: Vec<&str> = path.strip_prefix("/api/").ok_or_else(unknown_path)?.split('/').collect();
    match *segments {
        ["deliveries"] => only(&Method::GET, method).map(|()| Route::Deliveries),
        ["deliveries", id] => only(&Method::GET, method).and_then(|()| delivery_id(id)).map(Route::Delivery),
        ["deliveries", id, "retry"] => only(&Method::POST, method).and_then(|()| delivery_id(id)).map(Route::Retry),
        // POST is the function publish-event's.
        ["events"] if method != Method::GET => Err(Problem::method_not_allowed("GET, POST")),
        ["events"] => Ok(Route::Feed),
        ["events", id] => only(&Method::GET, method).and_then(|()| event_id(id)).map(Route::Event),
        ["alerts"] => only(&Method::GET, method).map(|()| Route::Alerts),
        ["stats"] => only(&Method::GET, method).map(|()| Route::Stats),
        _ => Err(unknown_path()),
    }
}

/// 405 unless the method is the one.
pub(crate) fn only(one: &Method, method: &Method) -> Result<(), Problem> {
    match (method == one, *one == Method::POST) {
        (true, _) => Ok(()),
        (false, true) => Err(Problem::method_not_allowed("POST")),
        (false, false) => Err(Problem::method_not_allowed("GET")),
    }
}

fn delivery_id(id: &str) -> Result<&str, Problem> {
    if is_id(id, DELIVERY) { Ok(id) } else { Err(no_such_delivery()) }
}

fn event_id(id: &str) -> Result<&str, Problem> {
    if is_id(id, EVENT) { Ok(id) } else { Err(no_such_event()) }
}

/// 404, the same for an id that never was and for another account's.
pub(crate) fn no_such_delivery() -> Problem {
    Problem::not_found("delivery")
}

/// 404, the same for an id that never was and for another account's.
pub(crate) fn no_such_event() -> Problem {
    Problem::not_found("event")
}

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;
    use lambda_http::http::header::ALLOW;

    use super::*;

    const ID: &str = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const DELIVERY_PATH: &str = "/api/deliveries/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const RETRY_PATH: &str = "/api/deliveries/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG/retry";
    const EVENT_PATH: &str = "/api/events/evt_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, path, route) in [
            (Method::GET, "/api/deliveries", Route::Deliveries),
            (Method::GET, DELIVERY_PATH, Route::Delivery(ID)),
            (Method::POST, RETRY_PATH, Route::Retry(ID)),
            (Method::GET, "/api/events", Route::Feed),
            (Method::GET, EVENT_PATH, Route::Event("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG")),
            (Method::GET, "/api/alerts", Route::Alerts),
            (Method::GET, "/api/stats", Route::Stats),
        ] {
            assert_eq!(find(&method, path).unwrap(), route);
        }
    }

    #[test]
    fn other_methods_are_told_the_right_ones() {
        for (method, path, allow) in [
            (Method::POST, "/api/deliveries", "GET, HEAD"),
            (Method::DELETE, DELIVERY_PATH, "GET, HEAD"),
            (Method::GET, RETRY_PATH, "POST"),
            (Method::DELETE, "/api/events", "GET, HEAD, POST"),
            (Method::POST, EVENT_PATH, "GET, HEAD"),
            (Method::POST, "/api/alerts", "GET, HEAD"),
            (Method::POST, "/api/stats", "GET, HEAD"),
        ] {
            let problem = find(&method, path).unwrap_err();
            assert_eq!(problem.code, ProblemCode::MethodNotAllowed);
            assert!(problem.headers.iter().any(|(name, value)| *name == ALLOW && value == allow), "{path}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in ["/api/deliveries/", "/api/deliveries/dlv_1", "/api/events/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG", "/api"]
        {
            assert_eq!(find(&Method::GET, path).unwrap_err().code, ProblemCode::NotFound, "{path}");
        }
    }
}
