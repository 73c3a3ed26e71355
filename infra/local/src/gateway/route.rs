//! The route table: which function answers which request, chosen as API Gateway chooses.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use inbound::http::function;
use lambda_http::http::Method;
use lambda_http::{Body, Context, Request, Response};
use percent_encoding::percent_decode_str;

/// Answers the events that API Gateway hands to a function.
pub type HttpHandler =
    Arc<dyn Fn(ApiGatewayV2httpRequest, Context) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> + Send + Sync>;

/// Makes an [`HttpHandler`] of the handler of an HTTP function: the same one that Lambda runs.
pub fn http_handler<F, A>(handler: F) -> HttpHandler
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let handler = Arc::new(handler);
    Arc::new(move |event, context| {
        let (handler, request_id) = (Arc::clone(&handler), context.request_id.clone());
        Box::pin(async move { function::answer(event, context, &request_id, |request| handler(request)).await })
    })
}

/// The path of the route for requests that match no other route.
pub const DEFAULT_ROUTE: &str = "$default";

/// One row of the table.
#[derive(Clone)]
pub struct Route {
    /// `None` = `ANY`.
    method: Option<Method>,
    /// As in the template: `/api/endpoints/{id}`, `/docs/{proxy+}`, [`DEFAULT_ROUTE`].
    path: &'static str,
    /// The function's package name.
    function: &'static str,
    handler: HttpHandler,
}

impl Route {
    /// A row: `method` is a method or `ANY`, `path` is as in the template.
    #[must_use]
    pub fn new(method: &'static str, path: &'static str, function: &'static str, handler: HttpHandler) -> Self {
        // An invalid method becomes GET, which the test of the route table would find.
        let method = (method != "ANY").then(|| Method::from_bytes(method.as_bytes()).unwrap_or_default());
        Self { method, path, function, handler }
    }

    /// The function's package name.
    #[must_use]
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// The key that API Gateway gives the route: `POST /api/webhook/workorder`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.path == DEFAULT_ROUTE {
            return DEFAULT_ROUTE.to_owned();
        }
        format!("{} {}", self.method.as_ref().map_or("ANY", Method::as_str), self.path)
    }

    /// The handler.
    #[must_use]
    pub fn handler(&self) -> HttpHandler {
        Arc::clone(&self.handler)
    }

    /// The path parameters, if the path matches.
    fn matches(&self, path: &str) -> Option<HashMap<String, String>> {
        let mut parameters = HashMap::new();
        // `None` when no segment is left; a slash at the end leaves an empty one.
        let mut rest = Some(path.strip_prefix('/')?);
        if self.path == DEFAULT_ROUTE {
            return Some(parameters);
        }
        for pattern in self.path.strip_prefix('/')?.split('/') {
            let left = rest?;
            if let Some(name) = pattern.strip_prefix('{').and_then(|name| name.strip_suffix("+}")) {
                parameters.insert(name.to_owned(), decode(left));
                return (!left.is_empty()).then_some(parameters);
            }
            let (segment, next) = left.split_once('/').map_or((left, None), |(segment, next)| (segment, Some(next)));
            if let Some(name) = pattern.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                parameters.insert(name.to_owned(), decode(Some(segment).filter(|segment| !segment.is_empty())?));
            } else if segment != pattern {
                return None;
            }
            rest = next;
        }
        rest.is_none().then_some(parameters)
    }

    /// A smaller rank is more specific: literals before placeholders before `{proxy+}` before the default route, a
    /// method before `ANY`.
    fn rank(&self) -> (bool, Vec<u8>, bool) {
        let kind = |segment: &str| if segment.ends_with("+}") { 2 } else { u8::from(segment.starts_with('{')) };
        (self.path == DEFAULT_ROUTE, self.path.split('/').map(kind).collect(), self.method.is_none())
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.key(), self.function)
    }
}

/// All routes, the most specific first.
#[derive(Debug, Clone)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// The table; the order of the rows doesn't matter.
    #[must_use]
    pub fn new(mut routes: Vec<Route>) -> Self {
        routes.sort_by_cached_key(Route::rank);
        Self(routes)
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The route of a request, with the path parameters.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<(&Route, HashMap<String, String>)> {
        let candidates = self.0.iter().filter(|route| route.method.as_ref().is_none_or(|wanted| wanted == method));
        candidates.into_iter().find_map(|route| Some((route, route.matches(path)?)))
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let handler = http_handler(|_| async { Response::new(Body::Empty) });
        let row = |method, path| Route::new(method, path, "f", handler.clone());
        Routes::new(vec![
            row("ANY", "/docs/{proxy+}"),
            row("GET", "/api/deliveries/{id}"),
            row("GET", "/api/deliveries/search"),
            row("ANY", "/api/deliveries/{id}"),
            row("POST", "/api/deliveries/{id}/retry"),
            row("GET", "/"),
        ])
    }

    fn found(method: &Method, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let routes = routes();
        let (route, parameters) = routes.find(method, path)?;
        Some((route.key(), parameters.into_iter().collect()))
    }

    #[test]
    fn the_most_specific_route_wins() {
        let id = |value: &str| vec![("id".to_owned(), value.to_owned())];
        assert_eq!(
            found(&Method::GET, "/api/deliveries/search").map(|f| f.0),
            Some("GET /api/deliveries/search".into())
        );
        assert_eq!(found(&Method::GET, "/api/deliveries/a%20b"), Some(("GET /api/deliveries/{id}".into(), id("a b"))));
        assert_eq!(found(&Method::PUT, "/api/deliveries/x"), Some(("ANY /api/deliveries/{id}".into(), id("x"))));
        assert_eq!(
            found(&Method::POST, "/api/deliveries/x/retry"),
            Some(("POST /api/deliveries/{id}/retry".into(), id("x")))
        );
        assert_eq!(found(&Method::GET, "/"), Some(("GET /".into(), vec![])));
        let proxy = vec![("proxy".to_owned(), "errors/not_found".to_owned())];
        assert_eq!(found(&Method::GET, "/docs/errors/not_found"), Some(("ANY /docs/{proxy+}".into(), proxy)));
    }

    #[test]
    fn what_has_no_route_is_not_found() {
        for path in ["/api", "/api/deliveries", "/api/deliveries/", "/api/deliveries/x/", "/docs/", "/x", "*", ""] {
            assert_eq!(found(&Method::GET, path), None, "{path}");
        }
        assert_eq!(found(&Method::HEAD, "/"), None);
    }

    #[test]
    fn the_default_route_answers_what_no_other_does() {
        let handler = http_handler(|_| async { Response::new(Body::Empty) });
        let row = |path| Route::new("ANY", path, "f", handler.clone());
        let routes = Routes::new(vec![row(DEFAULT_ROUTE), row("/"), row("/docs/{proxy+}")]);
        let key = |path| routes.find(&Method::GET, path).map(|(route, _)| route.key());
        for (path, wanted) in
            [("/", "ANY /"), ("/docs/x", "ANY /docs/{proxy+}"), ("/docs/", "$default"), ("/a/b", "$default")]
        {
            assert_eq!(key(path).as_deref(), Some(wanted), "{path}");
        }
        assert_eq!(key("*"), None, "what is no path has no route");
    }
}
