//! The calls of this function.

use inbound::http::NO_PARAMETERS;
use inbound::manage::parameters;
use inbound::manage::router::{Answering, Input, Route, Router};
use lambda_http::http::Method;

use crate::Call;

pub(crate) type Handler = for<'a> fn(&'a Call<'a>, Input<'a>) -> Answering<'a>;

/// The calls on keys.
pub(crate) const KEYS: Router<Handler> = Router(&[
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

/// The calls on portal links.
pub(crate) const LINKS: Router<Handler> = Router(&[
    Route::new(Method::GET, "/api/portal-links", parameters::LINKS, |call, input| {
        Box::pin(async move { call.links(&input.page()).await })
    }),
    Route::new(Method::POST, "/api/portal-links", NO_PARAMETERS, |call, input| {
        Box::pin(async move { call.create_link(input.object()?, input.request).await })
    }),
    Route::new(Method::GET, "/api/portal-links/{link}", NO_PARAMETERS, |call, input| Box::pin(call.link(input.id))),
    Route::new(Method::DELETE, "/api/portal-links/{link}", NO_PARAMETERS, |call, input| {
        Box::pin(call.delete_link(input.id))
    }),
]);

/// The call on the audit log.
pub(crate) const AUDIT: Router<Handler> =
    Router(&[Route::new(Method::GET, "/api/audit", parameters::AUDIT, |call, input| {
        Box::pin(async move { call.audit(input.query, &input.page()).await })
    })]);

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
            let found = KEYS.find(&method, &sent).unwrap();
            assert_eq!((found.path, found.id), (path, id), "{method} {sent}");
        }
        let link = "/api/portal-links/lnk_01JAMB3X9T7Q2V5K8N4C6D0EFG";
        assert_eq!(LINKS.find(&Method::DELETE, link).unwrap().path, "/api/portal-links/{link}");
        assert_eq!(
            LINKS.find(&Method::DELETE, &format!("/api/portal-links/{ID}")).unwrap_err().code,
            ProblemCode::NotFound
        );
        assert_eq!(AUDIT.find(&Method::DELETE, "/api/audit").unwrap_err().code, ProblemCode::MethodNotAllowed);
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
            assert_eq!(KEYS.find(&method, &format!("/api/keys{below}")).unwrap_err().code, code, "{method} {below}");
        }
    }
}
