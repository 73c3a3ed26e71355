//! Between API Gateway and a function's handler: any event becomes a request or a problem, and a panic becomes a 500. What is
//! answered here (an invalid `Host`, a target that is too long, a body that is not base64, a panic) has no rate limit headers in
//! Lambda; the local gateway adds those of the address.
//!
//! `lambda_http` builds a URL from the event and panics when that is not possible. So what callers choose is normalised first:
//! `Host`, `X-Forwarded-Proto`, path and query.

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

/// The longest path with its query, in bytes: API Gateway's limit on request line and headers together.
const MAX_TARGET: usize = 10_240;
/// The longest host with its port, in bytes: a domain name has at most 253.
const MAX_HOST: usize = 260;

/// Runs a Lambda function whose requests `handler` answers.
///
/// # Errors
/// Those of the runtime, which end the process.
pub async fn run(handler: impl AsyncFn(Request) -> Response<Body>) -> Result<(), Error> {
    let handler = &handler;
    let service = service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let request_id = ids::new_id("req_", clock::now());
        // Boxed, or this future would contain everything that the handler awaits.
        let boxed = |request| -> LocalBoxFuture<'_, Response<Body>> { Box::pin(handler(request)) };
        let response = answer(event.payload, event.context, &request_id, boxed).await;
        Ok::<_, Infallible>(into_event(response))
    });
    lambda_runtime::run(service).await
}

/// The answer to an event: the handler's, a problem when the event can't become a request, 500 after a panic.
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

/// The request for the handler.
fn request(mut event: ApiGatewayV2httpRequest, context: Context) -> Result<Request, Problem> {
    check_host(&event.headers)?;
    // `lambda_http` takes it where no Host was sent.
    event.request_context.domain_name = event.request_context.domain_name.filter(|name| is_host(name));
    normalise_scheme(&mut event.headers);
    let (path, query) = (event.raw_path.unwrap_or_default(), event.raw_query_string.unwrap_or_default());
    if path.len() + query.len() > MAX_TARGET {
        let detail = format!("Path and query may have {MAX_TARGET} bytes together.");
        return Err(Problem::new(ProblemCode::ValidationFailed, detail));
    }
    if event.is_base64_encoded && event.body.as_ref().is_some_and(|body| STANDARD.decode(body).is_err()) {
        return Err(Problem::new(ProblemCode::ValidationFailed, "The body is marked as base64, but is not."));
    }
    event.raw_path = Some(as_path(path));
    event.raw_query_string = Some(as_query(query));
    Ok(Request::from(LambdaRequest::ApiGatewayV2(event)).with_lambda_context(context))
}

fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(HOST) {
        Some(host) if !host.to_str().is_ok_and(is_host) => {
            let message = "must be the name or the address of a host, with or without a port";
            Err(Problem::invalid_field("Host", DefectCode::InvalidFormat, message))
        }
        _ => Ok(()),
    }
}

/// Whether it is a host, with or without a port, and nothing more.
fn is_host(host: &str) -> bool {
    let foreign = |c: char| c.is_whitespace() || c.is_control() || "@,/\\?#".contains(c);
    // Both parse it later, and each refuses something that the other accepts.
    let is_uri = |url: Url| Uri::try_from(url.as_str()).is_ok();
    host.len() <= MAX_HOST && !host.contains(foreign) && Url::parse(&format!("https://{host}/")).is_ok_and(is_uri)
}

/// Each proxy may add to the list; the first entry is from the one that spoke with the caller.
fn normalise_scheme(headers: &mut HeaderMap) {
    let sent = headers.remove(FORWARDED_PROTO);
    let first = sent.as_ref().and_then(|list| list.to_str().ok()).and_then(|list| list.split(',').next());
    let scheme = match first.map(str::trim) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => return,
    };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
}

/// A path that begins with a slash and has nothing in it that would end it.
fn as_path(path: String) -> String {
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    if path.contains(['?', '#']) { path.replace('?', "%3F").replace('#', "%23") } else { path }
}

/// The query with all characters escaped that a URI can't have.
fn as_query(query: String) -> String {
    let possible = !query.contains('#') && PathAndQuery::try_from(["/?", &query].concat()).is_ok();
    if possible {
        return query;
    }
    let escaped = Url::parse(&format!("http://localhost/?{}", query.replace('#', "%23")));
    escaped.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

/// The answer as API Gateway expects it: HTTP API, payload format 2.0.
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
mod tests;
