//! The calls of this function.

use inbound::http::NO_PARAMETERS;
use inbound::manage::parameters;
use inbound::manage::router::{Answering, Input, Route, Router};
use lambda_http::http::Method;

use crate::Call;

pub(crate) type Handler = for<'a> fn(&'a Call<'a>, Input<'a>) -> Answering<'a>;

pub(crate) const ROUTER: Router<Handler> = Router(&[
    Route::new(Method::GET, "/api/endpoints", parameters::ENDPOINTS, |call, input| {
        Box::pin(async move { call.list(&input.page()).await })
    }),
    Route::new(Method::POST, "/api/endpoints", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.create(input.object()?).await })
    }),
    Route::new(Method::POST, "/api/endpoints/preview", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.preview(input.object()?).await })
    }),
    Route::new(Method::GET, "/api/endpoints/{endpoint}", NO_PARAMETERS, |call, input| Box::pin(call.get(input.id))),
    Route::new(Method::PATCH, "/api/endpoints/{endpoint}", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.change(input.id, input.object()?).await })
    }),
    Route::new(Method::DELETE, "/api/endpoints/{endpoint}", NO_PARAMETERS, |call, input| {
        Box::pin(call.delete(input.id))
    }),
    Route::new(Method::GET, "/api/endpoints/{endpoint}/secret", NO_PARAMETERS, |call, input| {
        Box::pin(call.secret(input.id))
    }),
    Route::new(Method::POST, "/api/endpoints/{endpoint}/secret/rotate", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.rotate_secret(input.id, input.optional_object()?).await })
    }),
    Route::new(Method::POST, "/api/endpoints/{endpoint}/secret/promote", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.promote_secret(input.id, input.optional_object()?).await })
    }),
    Route::new(Method::POST, "/api/endpoints/{endpoint}/test", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.test(input.id, input.object()?).await })
    }),
    Route::new(Method::POST, "/api/endpoints/{endpoint}/replay", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.replay(input.id, input.object()?).await })
    }),
]);

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;
    use lambda_http::http::header::ALLOW;

    use super::*;

    const ID: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, path) in [
            (Method::POST, "/api/endpoints"),
            (Method::GET, "/api/endpoints"),
            (Method::POST, "/api/endpoints/preview"),
            (Method::GET, "/api/endpoints/{endpoint}"),
            (Method::PATCH, "/api/endpoints/{endpoint}"),
            (Method::DELETE, "/api/endpoints/{endpoint}"),
            (Method::GET, "/api/endpoints/{endpoint}/secret"),
            (Method::POST, "/api/endpoints/{endpoint}/secret/rotate"),
            (Method::POST, "/api/endpoints/{endpoint}/secret/promote"),
            (Method::POST, "/api/endpoints/{endpoint}/test"),
            (Method::POST, "/api/endpoints/{endpoint}/replay"),
        ] {
            let sent = path.replace("{endpoint}", ID);
            let found = ROUTER.find(&method, &sent).unwrap();
            let id = if sent == path { "" } else { ID };
            assert_eq!((found.path, found.id), (path, id), "{method}");
        }
    }

    #[test]
    fn other_methods_get_405_with_allow() {
        for (method, below, allow) in [
            (Method::DELETE, "", "GET, HEAD, POST"),
            (Method::PUT, "/{endpoint}", "GET, HEAD, PATCH, DELETE"),
            (Method::GET, "/preview", "POST"),
            (Method::POST, "/{endpoint}/secret", "GET, HEAD"),
            (Method::GET, "/{endpoint}/secret/rotate", "POST"),
            (Method::GET, "/{endpoint}/secret/promote", "POST"),
            (Method::GET, "/{endpoint}/test", "POST"),
            (Method::PUT, "/{endpoint}/replay", "POST"),
        ] {
            let path = format!("/api/endpoints{}", below.replace("{endpoint}", ID));
            let problem = ROUTER.find(&method, &path).unwrap_err();
            assert_eq!(problem.code, ProblemCode::MethodNotAllowed);
            assert!(problem.headers.iter().any(|(name, value)| *name == ALLOW && value == allow), "{allow}");
        }
    }

    #[test]
    fn unknown_paths_and_ids_are_not_found() {
        let (slash, secrets) = (format!("{ID}/"), format!("{ID}/secrets"));
        for below in ["", "ep_1", "key_01JAMB3X9T7Q2V5K8N4C6D0EFG", &slash, &secrets] {
            let problem = ROUTER.find(&Method::GET, &format!("/api/endpoints/{below}")).unwrap_err();
            assert_eq!(problem.code, ProblemCode::NotFound, "{below}");
        }
    }
}
