//! The calls of this function.

use inbound::http::NO_PARAMETERS;
use inbound::manage::parameters;
use inbound::manage::router::{Answering, Input, Route, Router};
use lambda_http::http::Method;

use crate::Call;

pub(crate) type Handler = for<'a> fn(&'a Call<'a>, Input<'a>) -> Answering<'a>;

pub(crate) const ROUTER: Router<Handler> = Router(&[
    Route::new(Method::GET, "/api/keys", parameters::KEYS, |call, input| {
        Box::pin(async move { call.list(&input.page()).await })
    }),
    Route::new(Method::POST, "/api/keys", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.create(input.object()?).await })
    }),
    Route::new(Method::GET, "/api/keys/{key}", NO_PARAMETERS, |call, input| Box::pin(call.get(input.id))),
    Route::new(Method::PATCH, "/api/keys/{key}", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.change(input.id, input.object()?).await })
    }),
    Route::new(Method::DELETE, "/api/keys/{key}", NO_PARAMETERS, |call, input| Box::pin(call.delete(input.id))),
    Route::new(Method::POST, "/api/keys/{key}/rotate", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.rotate(input.id, input.optional_object()?).await })
    }),
]);

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;

    use super::*;

    const ID: &str = "key_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, below, path, id) in [
            (Method::POST, String::new(), "/api/keys", ""),
            (Method::GET, String::new(), "/api/keys", ""),
            (Method::GET, format!("/{ID}"), "/api/keys/{key}", ID),
            (Method::PATCH, format!("/{ID}"), "/api/keys/{key}", ID),
            (Method::DELETE, format!("/{ID}"), "/api/keys/{key}", ID),
            (Method::POST, format!("/{ID}/rotate"), "/api/keys/{key}/rotate", ID),
        ] {
            let sent = format!("/api/keys{below}");
            let found = ROUTER.find(&method, &sent).unwrap();
            assert_eq!((found.path, found.id), (path, id), "{method} {sent}");
        }
    }

    #[test]
    fn other_methods_and_paths_are_refused() {
        for (method, below, code) in [
            (Method::PUT, String::new(), ProblemCode::MethodNotAllowed),
            (Method::POST, format!("/{ID}"), ProblemCode::MethodNotAllowed),
            (Method::GET, format!("/{ID}/rotate"), ProblemCode::MethodNotAllowed),
            (Method::GET, "/".to_owned(), ProblemCode::NotFound),
            (Method::GET, "/wsk_live_abc".to_owned(), ProblemCode::NotFound),
            (Method::GET, format!("/{ID}/hash"), ProblemCode::NotFound),
        ] {
            assert_eq!(ROUTER.find(&method, &format!("/api/keys{below}")).unwrap_err().code, code, "{method} {below}");
        }
    }
}
