use lambda_http::http::header::ALLOW;

use super::*;
use crate::problem::ProblemCode;

const ID: &str = "key_01JAMB3X9T7Q2V5K8N4C6D0EFG";
const ROUTER: Router<&str> = Router(&[
    Route::new(Method::GET, "/api/keys", NO_PARAMETERS, "list"),
    Route::new(Method::POST, "/api/keys", NO_PARAMETERS, "create"),
    Route::new(Method::GET, "/api/keys/{key}", NO_PARAMETERS, "get"),
    Route::new(Method::DELETE, "/api/keys/{key}", NO_PARAMETERS, "delete"),
    Route::new(Method::POST, "/api/keys/{key}/rotate", NO_PARAMETERS, "rotate"),
    Route::new(Method::GET, "/api/events", NO_PARAMETERS, "feed"),
    Route::elsewhere(Method::POST, "/api/events"),
    Route::new(Method::GET, "/api/event-types/{name}", NO_PARAMETERS, "event type"),
    Route::new(Method::GET, "/api/records/{type}/{record+}/timeline", NO_PARAMETERS, "timeline"),
    Route::new(Method::GET, "/api/records/{type}/{record+}", NO_PARAMETERS, "record"),
]);

/// The handler and the id; else the code and `Allow`.
fn find<'p>(method: &Method, path: &'p str) -> Result<(&'static str, &'p str), (ProblemCode, Option<String>)> {
    match ROUTER.find(method, path) {
        Ok(found) => Ok((found.handler, found.id)),
        Err(problem) => {
            let allow = problem.headers.iter().find(|(name, _)| *name == ALLOW);
            Err((problem.code, allow.map(|(_, value)| value.to_str().unwrap().to_owned())))
        }
    }
}

#[test]
fn a_call_is_found_by_its_method_and_path() {
    assert_eq!(find(&Method::GET, "/api/keys"), Ok(("list", "")));
    assert_eq!(find(&Method::POST, "/api/keys"), Ok(("create", "")));
    assert_eq!(find(&Method::GET, &format!("/api/keys/{ID}")), Ok(("get", ID)));
    assert_eq!(find(&Method::DELETE, &format!("/api/keys/{ID}")), Ok(("delete", ID)));
    assert_eq!(find(&Method::POST, &format!("/api/keys/{ID}/rotate")), Ok(("rotate", ID)));
    assert_eq!(find(&Method::GET, "/api/event-types/any.name"), Ok(("event type", "any.name")));
}

#[test]
fn of_two_placeholders_both_are_told() {
    let found = ROUTER.find(&Method::GET, "/api/records/workorder/WO-1").unwrap();
    assert_eq!((found.within, found.id), ("workorder", "WO-1"));
    assert_eq!(ROUTER.find(&Method::GET, "/api/keys").unwrap().within, "");
    assert_eq!(find(&Method::GET, "/api/records/workorder"), Err((ProblemCode::NotFound, None)));
}

#[test]
fn a_placeholder_can_take_more_than_one_segment() {
    for (path, handler, id) in [
        ("/api/records/project/2025/014", "record", "2025/014"),
        ("/api/records/project/2025/014/timeline", "timeline", "2025/014"),
        ("/api/records/project/timeline", "record", "timeline"),
    ] {
        assert_eq!(find(&Method::GET, path), Ok((handler, id)), "{path}");
    }
}

#[test]
fn other_methods_get_405_with_allow() {
    for (method, path, allow) in [
        (Method::PUT, "/api/keys", "GET, HEAD, POST"),
        (Method::POST, "/api/keys/key_1", "GET, HEAD, DELETE"),
        (Method::GET, "/api/keys/key_1/rotate", "POST"),
        (Method::POST, "/api/events", "GET, HEAD, POST"),
        (Method::DELETE, "/api/events", "GET, HEAD, POST"),
    ] {
        assert_eq!(find(&method, path), Err((ProblemCode::MethodNotAllowed, Some(allow.to_owned()))), "{path}");
    }
}

#[test]
fn other_paths_and_ids_are_not_found() {
    let below = format!("/api/keys/{ID}/");
    for path in ["/api", "/api/keysets", "/api/keys/", &below, "/api/keys/key_1", "/api/keys/wsk_live_abc", "", "/"] {
        assert_eq!(find(&Method::GET, path), Err((ProblemCode::NotFound, None)), "{path}");
    }
    let ids = ["ep_01JAMB3X9T7Q2V5K8N4C6D0EFG", "key_x_01JAMB3X9T7Q2V5K8N4C6D0EFG", "key_01JAMB3X9T7Q2V5K8N4C6D0EF%47"];
    for id in ids {
        let problem = ROUTER.find(&Method::GET, &format!("/api/keys/{id}")).unwrap_err();
        assert_eq!(problem.detail, "There is no such API key.", "{id}");
    }
    assert_eq!(ROUTER.find(&Method::GET, "/api/kyes").unwrap_err().detail, "There is no such path.");
}
