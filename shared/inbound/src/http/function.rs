//! An HTTP function between API Gateway and its handler: the event becomes a request whatever stands in it, and there is
//! an answer whatever happens. What is answered here (no `Host` that is one, too long a target, a body that is no base64, 500
//! after a panic) says nothing of the rate limits in Lambda; the local gateway adds the window of the address.
//!
//! `lambda_http` makes a URL of the event and takes for granted that it is one. What callers decide on is put right
//! before that: `Host`, `X-Forwarded-Proto`, path and query.

use std::convert::Infallible;
use std::future::Future;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::defect::DefectCode;
use domain::{clock, ids};
use futures_util::future::LocalBoxFuture;
use lambda_http::http::header::{HOST, HeaderName, SET_COOKIE};
use lambda_http::http::uri::PathAndQuery;
use lambda_http::http::{HeaderMap, HeaderValue, Uri};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, Error, Request, RequestExt, Response};
use lambda_runtime::{LambdaEvent, service_fn};
use telemetry::guard::guarded;
use url::Url;

use crate::problem::{Problem, ProblemCode};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest path with its query, in bytes: what API Gateway takes of a request's first line and headers together.
const MAX_TARGET: usize = 10_240;
/// The longest host with its port, in bytes: a domain name has at most 253.
const MAX_HOST: usize = 260;

/// Runs a Lambda function: `handler` answers the requests.
///
/// # Errors
/// Those of the runtime, which end the process.
pub async fn run(handler: impl AsyncFn(Request) -> Response<Body>) -> Result<(), Error> {
    let handler = &handler;
    let service = service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let request_id = ids::new_id("req_", clock::now());
        // In a box, since the compiler would lay out everything that the handler awaits as a part of this.
        let boxed = |request| -> LocalBoxFuture<'_, Response<Body>> { Box::pin(handler(request)) };
        let response = answer(event.payload, event.context, &request_id, boxed).await;
        Ok::<_, Infallible>(into_event(response))
    });
    lambda_runtime::run(service).await
}

/// The answer to an event: the handler's, a problem if the event can't be made a request, 500 after a panic.
pub async fn answer<F: Future<Output = Response<Body>>>(
    event: ApiGatewayV2httpRequest,
    context: Context,
    request_id: &str,
    handler: impl FnOnce(Request) -> F,
) -> Response<Body> {
    let function = context.env_config.function_name.clone();
    let answered = guarded(&function, request_id, async {
        match request(event, context) {
            Ok(request) => Ok(handler(request).await),
            Err(problem) => Err(problem),
        }
    });
    let refusal = match answered.await {
        Some(Ok(response)) => return response,
        Some(Err(problem)) => {
            tracing::info!(function, request_id, detail = problem.detail, "request {}", problem.code.status().as_u16());
            problem
        }
        None => Problem::panicked(),
    };
    let mut response = refusal.into_response(request_id);
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The request that the handler gets.
fn request(mut event: ApiGatewayV2httpRequest, context: Context) -> Result<Request, Problem> {
    settle_host(&event.headers)?;
    // Stands in for a Host that was not sent.
    event.request_context.domain_name = event.request_context.domain_name.filter(|name| is_host(name));
    settle_scheme(&mut event.headers);
    let (path, query) = (event.raw_path.unwrap_or_default(), event.raw_query_string.unwrap_or_default());
    if path.len() + query.len() > MAX_TARGET {
        let detail = format!("Path and query of a request may have {MAX_TARGET} bytes together.");
        return Err(Problem::new(ProblemCode::ValidationFailed, detail));
    }
    if event.is_base64_encoded && event.body.as_ref().is_some_and(|body| STANDARD.decode(body).is_err()) {
        return Err(Problem::new(ProblemCode::ValidationFailed, "The body is marked as base64 and is none."));
    }
    event.raw_path = Some(as_path(path));
    event.raw_query_string = Some(as_query(query));
    Ok(Request::from(LambdaRequest::ApiGatewayV2(event)).with_lambda_context(context))
}

fn settle_host(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(HOST) {
        Some(host) if !host.to_str().is_ok_and(is_host) => {
            let message = "must be the name or the address of a host, with or without a port";
            Err(Problem::invalid_field("Host", DefectCode::InvalidFormat, message))
        }
        _ => Ok(()),
    }
}

/// Whether it is a host and perhaps a port, and nothing else that a URL may have.
fn is_host(host: &str) -> bool {
    let foreign = |c: char| c.is_whitespace() || c.is_control() || "@,/\\?#".contains(c);
    // Both of them read it later, and each refuses something that the other takes.
    let is_uri = |url: Url| Uri::try_from(url.as_str()).is_ok();
    host.len() <= MAX_HOST && !host.contains(foreign) && Url::parse(&format!("https://{host}/")).is_ok_and(is_uri)
}

/// Every proxy on the way may add to the list; the first one spoke with the caller.
fn settle_scheme(headers: &mut HeaderMap) {
    let sent = headers.remove(FORWARDED_PROTO);
    let first = sent.as_ref().and_then(|list| list.to_str().ok()).and_then(|list| list.split(',').next());
    let scheme = match first.map(str::trim) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => return,
    };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
}

/// The path begins with a slash and holds nothing that ends a path.
fn as_path(path: String) -> String {
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    if path.contains(['?', '#']) { path.replace('?', "%3F").replace('#', "%23") } else { path }
}

/// The query with every character escaped that a URI can't have.
fn as_query(query: String) -> String {
    let possible = !query.contains('#') && PathAndQuery::try_from(["/?", &query].concat()).is_ok();
    if possible {
        return query;
    }
    let escaped = Url::parse(&format!("http://localhost/?{}", query.replace('#', "%23")));
    escaped.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

/// The answer as API Gateway takes it (HTTP API, payload format 2.0).
fn into_event(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (mut head, body) = response.into_parts();
    let cookies = head.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let cookies = cookies.map(str::to_owned).collect();
    head.headers.remove(SET_COOKIE);
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = head.status.as_u16().into();
    event.headers = head.headers;
    event.cookies = cookies;
    event.is_base64_encoded = matches!(body, Body::Binary(_));
    event.body = (!matches!(body, Body::Empty)).then_some(body);
    event
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;

    use super::*;

    /// An event for `path` and `query` with these headers.
    fn event(headers: &[(&'static str, &str)], path: &str, query: &str) -> ApiGatewayV2httpRequest {
        let mut event = ApiGatewayV2httpRequest::default();
        for (name, value) in headers {
            event.headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        event.raw_path = Some(path.to_owned());
        event.raw_query_string = Some(query.to_owned());
        event.request_context.stage = Some("$default".to_owned());
        event.request_context.domain_name = Some("id.execute-api.us-east-1.amazonaws.com".to_owned());
        event
    }

    /// The status of the answer, and the URI that the handler saw.
    async fn answered(event: ApiGatewayV2httpRequest) -> (StatusCode, String) {
        let handler = async |request: Request| Response::new(Body::from(request.uri().to_string()));
        let response = answer(event, Context::default(), "req_1", handler).await;
        let Body::Text(text) = response.body() else { panic!("no text") };
        if response.status() != StatusCode::OK {
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{text}");
            assert_eq!(response.headers()["x-request-id"], "req_1");
        }
        (response.status(), text.clone())
    }

    #[tokio::test]
    async fn a_host_that_is_none_is_refused() {
        let long = "a".repeat(300);
        for host in [
            "a b",
            "",
            " ",
            "a\tb",
            "a:99999",
            "a:b",
            ":80",
            "[::1",
            "[x]",
            "a@b",
            "u:p@b",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a,b",
            "a%zz",
            "a%20b",
            "<x>",
            "1.2.3.4.5",
            "256.1.1.1",
            "http://a",
            "é",
            "a|b",
            "^",
            &long,
        ] {
            let (status, text) = answered(event(&[("host", host)], "/api", "")).await;
            assert_eq!(status, 400, "{host}: {text}");
            assert!(text.contains(r#""field":"Host","code":"invalid_format""#), "{host}: {text}");
        }
    }

    #[tokio::test]
    async fn a_host_that_is_one_is_taken() {
        for (host, seen) in [
            ("a", "https://a/api"),
            ("A.example", "https://a.example/api"),
            ("a:3000", "https://a:3000/api"),
            ("a:", "https://a/api"),
            ("a:443", "https://a/api"),
            ("127.0.0.1:3000", "https://127.0.0.1:3000/api"),
            ("[::1]:3000", "https://[::1]:3000/api"),
            ("my_host", "https://my_host/api"),
            ("xn--mller-kva.example", "https://xn--mller-kva.example/api"),
        ] {
            assert_eq!(answered(event(&[("host", host)], "/api", "")).await, (StatusCode::OK, seen.to_owned()));
        }
        let none = answered(event(&[], "/api", "")).await;
        assert_eq!(none, (StatusCode::OK, "https://id.execute-api.us-east-1.amazonaws.com/api".to_owned()));
        let mut nowhere = event(&[], "/api", "");
        nowhere.request_context.domain_name = None;
        assert_eq!(answered(nowhere).await, (StatusCode::OK, "/api".to_owned()));
        let mut nonsense = event(&[], "/api", "");
        nonsense.request_context.domain_name = Some("a b[::1]".to_owned());
        assert_eq!(answered(nonsense).await, (StatusCode::OK, "/api".to_owned()));
    }

    #[tokio::test]
    async fn the_first_of_the_proxies_says_the_scheme() {
        for (proto, scheme) in [
            ("http", "http"),
            ("HTTPS", "https"),
            ("https,http", "https"),
            ("http , https", "http"),
            ("", "https"),
            (",", "https"),
            ("https http", "https"),
            ("file", "https"),
            ("javascript", "https"),
            ("1", "https"),
            ("http://x/?", "https"),
            ("\u{e9}", "https"),
        ] {
            let event = event(&[("host", "localhost"), ("x-forwarded-proto", proto)], "/api", "");
            assert_eq!(answered(event).await, (StatusCode::OK, format!("{scheme}://localhost/api")), "{proto}");
        }
    }

    #[tokio::test]
    async fn other_headers_are_nobodys_business() {
        let names =
            ["x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "forwarded", "origin", "referer", "cookie"];
        for name in names {
            for value in ["", ",", "a b", "99999", "\u{e9}", "http://[", "%zz"] {
                let event = event(&[("host", "a"), (name, value)], "/api", "");
                assert_eq!(answered(event).await, (StatusCode::OK, "https://a/api".to_owned()), "{name}: {value}");
            }
        }
    }

    #[tokio::test]
    async fn any_path_and_any_query_make_a_request() {
        for (path, query, seen) in [
            ("", "", "https://a/"),
            ("*", "", "https://a/*"),
            (":99999", "", "https://a/:99999"),
            ("@b/c", "", "https://a/@b/c"),
            ("//b/c", "", "https://a//b/c"),
            ("/\\b", "", "https://a//b"),
            ("/a b", "", "https://a/a%20b"),
            ("/é", "", "https://a/%C3%A9"),
            ("/%", "", "https://a/%"),
            ("/a?b#c", "d", "https://a/a%3Fb%23c?d"),
            ("/\"{}|^`<>", "", "https://a/%22%7B%7D|^%60%3C%3E"),
            ("/", "a=%zz&%", "https://a/?a=%zz&%"),
            ("/", "a b\"<>#\u{7f}é", "https://a/?a%20b%22%3C%3E%23%7F%C3%A9"),
            ("/", "??", "https://a/???"),
        ] {
            let (status, uri) = answered(event(&[("host", "a")], path, query)).await;
            assert_eq!((status, uri.as_str()), (StatusCode::OK, seen), "{path} {query}");
        }
        for (path, query) in [("/\"".repeat(32_000), String::new()), ("/".to_owned(), "é".repeat(32_000))] {
            assert_eq!(answered(event(&[("host", "a")], &path, &query)).await.0, 400);
        }
        let (status, _) = answered(event(&[("host", "a")], &format!("/{}", "é".repeat(5_000)), "")).await;
        assert_eq!(status, 200);
    }

    #[tokio::test]
    async fn a_panic_and_a_broken_body_are_answered() {
        let panicking = async |_: Request| -> Response<Body> { panic!("on purpose") };
        let response = answer(event(&[], "/", ""), Context::default(), "req_1", panicking).await;
        assert_eq!(response.status(), 500);
        assert!(format!("{:?}", response.body()).contains("internal_error"));

        let mut broken = event(&[], "/", "");
        broken.is_base64_encoded = true;
        broken.body = Some("%".to_owned());
        assert_eq!(answered(broken).await.0, 400);
    }

    #[test]
    fn answers_are_events_again() {
        let mut response = Response::new(Body::Binary(vec![255]));
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("a=1"));
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("b=2"));
        let event = serde_json::to_value(into_event(response)).unwrap();
        assert_eq!(event["body"], "/w==");
        assert_eq!(event["isBase64Encoded"], true);
        assert_eq!(event["cookies"], serde_json::json!(["a=1", "b=2"]));
        assert_eq!(event["headers"].get("set-cookie"), None);
        let empty = serde_json::to_value(into_event(Response::new(Body::Empty))).unwrap();
        assert!(empty["body"].is_null() && empty["statusCode"] == 200 && empty["isBase64Encoded"] == false);
    }
}
