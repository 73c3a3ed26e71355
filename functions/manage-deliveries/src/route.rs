//! The calls of this function that need a key, by the scope that they need; those of the catalog are in `catalog.rs`.

use inbound::http::NO_PARAMETERS;
use inbound::manage::parameters;
use inbound::manage::router::{Answering, Input, Route, Router};
use lambda_http::http::Method;

use crate::{Call, query};

pub(crate) type Handler = for<'a> fn(&'a Call<'a>, Input<'a>) -> Answering<'a>;

pub(crate) const ROUTER: Router<Handler> = Router(&[
    Route::new(Method::GET, "/api/deliveries", parameters::DELIVERIES, |call, input| {
        Box::pin(async move { call.deliveries(&query::deliveries(input.query), &input.page()).await })
    }),
    Route::new(Method::GET, "/api/deliveries/{delivery}", NO_PARAMETERS, |call, input| {
        Box::pin(call.delivery(input.id))
    }),
    Route::new(Method::POST, "/api/deliveries/{delivery}/retry", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.retry(input.id, input.optional_object()?).await })
    }),
    Route::new(Method::GET, "/api/events", parameters::EVENTS, |call, input| {
        Box::pin(async move { call.feed(&query::feed(input.query)?).await })
    }),
    // The function publish-event answers it.
    Route::elsewhere(Method::POST, "/api/events"),
    Route::new(Method::GET, "/api/events/{event}", NO_PARAMETERS, |call, input| Box::pin(call.event(input.id))),
    Route::new(Method::GET, "/api/alerts", parameters::ALERTS, |call, input| {
        Box::pin(async move { call.alerts(&query::alerts(input.query), &input.page()).await })
    }),
    Route::new(Method::GET, "/api/requests", parameters::REQUESTS, |call, input| {
        Box::pin(async move { call.requests(&query::requests(input.query), &input.page()).await })
    }),
    Route::new(Method::GET, "/api/alerts/{alert}", NO_PARAMETERS, |call, input| Box::pin(call.alert(input.id))),
    Route::new(Method::PATCH, "/api/alerts/{alert}", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.change_alert(input.id, input.object()?).await })
    }),
    Route::new(Method::GET, "/api/stats", parameters::STATS, |call, input| {
        Box::pin(async move { call.stats(&query::stats(input.query)?).await })
    }),
]);

/// The calls about records, which need a scope of their own: a record says more than its events.
pub(crate) const RECORDS: Router<Handler> = Router(&[
    Route::new(Method::GET, "/api/records", parameters::RECORDS, |call, input| {
        Box::pin(async move { call.search(query::sought(input.query)?).await })
    }),
    Route::new(Method::GET, "/api/records/{type}/{record+}/timeline", parameters::TIMELINE, |call, input| {
        Box::pin(async move { call.timeline(input.within, input.id, &query::timeline(input.query)).await })
    }),
    Route::new(Method::GET, "/api/records/{type}/{record+}", NO_PARAMETERS, |call, input| {
        Box::pin(call.record(input.within, input.id))
    }),
]);

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;
    use lambda_http::http::header::ALLOW;

    use super::*;

    const ID: &str = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const DELIVERY_PATH: &str = "/api/deliveries/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const RETRY_PATH: &str = "/api/deliveries/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG/retry";
    const EVENT_PATH: &str = "/api/events/evt_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const ALERT: &str = "alr_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    const ALERT_PATH: &str = "/api/alerts/alr_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, sent, path, id) in [
            (Method::GET, "/api/deliveries", "/api/deliveries", ""),
            (Method::GET, DELIVERY_PATH, "/api/deliveries/{delivery}", ID),
            (Method::POST, RETRY_PATH, "/api/deliveries/{delivery}/retry", ID),
            (Method::GET, "/api/events", "/api/events", ""),
            (Method::GET, EVENT_PATH, "/api/events/{event}", "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
            (Method::GET, "/api/alerts", "/api/alerts", ""),
            (Method::GET, "/api/requests", "/api/requests", ""),
            (Method::GET, ALERT_PATH, "/api/alerts/{alert}", ALERT),
            (Method::PATCH, ALERT_PATH, "/api/alerts/{alert}", ALERT),
            (Method::GET, "/api/stats", "/api/stats", ""),
        ] {
            let found = ROUTER.find(&method, sent).unwrap();
            assert_eq!((found.path, found.id), (path, id));
        }
    }

    #[test]
    fn a_record_is_named_by_its_type_and_its_number() {
        let found = RECORDS.find(&Method::GET, "/api/records/workorder/WO-1/timeline").unwrap();
        assert_eq!((found.within, found.id), ("workorder", "WO-1"));
        assert_eq!(RECORDS.find(&Method::GET, "/api/records/workorder").unwrap_err().code, ProblemCode::NotFound);
    }

    #[test]
    fn other_methods_get_405_with_allow() {
        for (method, path, allow) in [
            (Method::POST, "/api/deliveries", "GET, HEAD"),
            (Method::DELETE, DELIVERY_PATH, "GET, HEAD"),
            (Method::GET, RETRY_PATH, "POST"),
            (Method::DELETE, "/api/events", "GET, HEAD, POST"),
            (Method::POST, EVENT_PATH, "GET, HEAD"),
            (Method::POST, "/api/alerts", "GET, HEAD"),
            (Method::POST, "/api/requests", "GET, HEAD"),
            (Method::DELETE, ALERT_PATH, "GET, HEAD, PATCH"),
            (Method::POST, "/api/stats", "GET, HEAD"),
        ] {
            let problem = ROUTER.find(&method, path).unwrap_err();
            assert_eq!(problem.code, ProblemCode::MethodNotAllowed);
            assert!(problem.headers.iter().any(|(name, value)| *name == ALLOW && value == allow), "{path}");
        }
    }

    #[test]
    fn unknown_paths_and_ids_are_not_found() {
        for path in ["/api/deliveries/", "/api/deliveries/dlv_1", "/api/events/dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG", "/api"]
        {
            assert_eq!(ROUTER.find(&Method::GET, path).unwrap_err().code, ProblemCode::NotFound, "{path}");
        }
    }
}
