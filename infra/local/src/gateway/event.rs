//! HTTP as API Gateway hands it to a function (HTTP API, payload format 2.0), and back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lambda_events::apigw::{
    ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext, ApiGatewayV2httpRequestContextHttpDescription,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderValue, header};
use lambda_http::lambda_runtime::Config;
use lambda_http::{Body, Context};

/// What the gateway knows about a request, apart from its head and body.
pub(super) struct Arrival<'a> {
    pub(super) route_key: String,
    pub(super) path_parameters: HashMap<String, String>,
    pub(super) source_ip: IpAddr,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

/// The event of the request, and the context that Lambda gives the function with it.
pub(super) fn event(
    head: &Parts,
    body: &Bytes,
    function: &str,
    arrival: Arrival<'_>,
) -> (ApiGatewayV2httpRequest, Context) {
    let mut lambda = Context::default();
    arrival.request_id.clone_into(&mut lambda.request_id);
    lambda.env_config = Arc::new(Config { function_name: function.to_owned(), ..Config::default() });
    let mut event = ApiGatewayV2httpRequest::default();
    event.version = Some("2.0".to_owned());
    event.route_key = Some(arrival.route_key.clone());
    event.raw_path = Some(head.uri.path().to_owned());
    event.raw_query_string = Some(head.uri.query().unwrap_or_default().to_owned());
    event.cookies = cookies(&head.headers);
    event.headers = joined(&head.headers);
    event.path_parameters.clone_from(&arrival.path_parameters);
    event.request_context = context(head, arrival);
    (event.body, event.is_base64_encoded) = match std::str::from_utf8(body) {
        Ok("") => (None, false),
        Ok(text) => (Some(text.to_owned()), false),
        Err(_) => (Some(STANDARD.encode(body)), true),
    };
    (event, lambda)
}

fn context(head: &Parts, arrival: Arrival<'_>) -> ApiGatewayV2httpRequestContext {
    let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let mut http = ApiGatewayV2httpRequestContextHttpDescription::default();
    http.method = head.method.clone();
    http.path = Some(head.uri.path().to_owned());
    http.protocol = Some(format!("{:?}", head.version));
    http.source_ip = Some(arrival.source_ip.to_string());
    http.user_agent = text(header::USER_AGENT);

    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(arrival.route_key);
    context.account_id = Some("000000000000".to_owned());
    context.stage = Some("$default".to_owned());
    context.request_id = Some(arrival.request_id.to_owned());
    context.apiid = Some("local".to_owned());
    context.domain_name = text(header::HOST);
    context.time = Some(arrival.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
    context.time_epoch = arrival.now.as_millisecond();
    context.http = http;
    context
}

/// Cookies have a field of their own.
fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies: Vec<String> = values.flat_map(|value| value.split("; ")).map(str::to_owned).collect();
    (!cookies.is_empty()).then_some(cookies)
}

/// Headers of the same name become one, separated by commas.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b","[..])) {
            joined.insert(name, value);
        }
    }
    joined
}

/// The bytes of a function's answer.
pub(super) fn into_bytes(body: Body) -> Bytes {
    match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use lambda_http::request::{LambdaRequest, RequestContext};
    use lambda_http::{Request, RequestExt};

    use super::*;

    fn handed_on(request: lambda_http::http::Request<&'static [u8]>) -> Request {
        let (head, body) = request.into_parts();
        let arrival = Arrival {
            route_key: "POST /api/endpoints/{id}".to_owned(),
            path_parameters: HashMap::from([("id".to_owned(), "ep_1".to_owned())]),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            request_id: "req_1",
            now: Timestamp::UNIX_EPOCH,
        };
        let (event, context) = event(&head, &Bytes::from_static(body), "manage-endpoints", arrival);
        Request::from(LambdaRequest::ApiGatewayV2(event)).with_lambda_context(context)
    }

    #[test]
    fn the_handler_sees_what_api_gateway_would_show() {
        let request = lambda_http::http::Request::post("/api/endpoints/ep_1?event=a%20b&event=c")
            .header("Host", "127.0.0.1:3000")
            .header("X-Api-Key", "k")
            .header("Accept", "a")
            .header("accept", "b")
            .header("Cookie", "x=1; y=2")
            .body(&b"{\"a\":1}"[..])
            .unwrap();
        let request = handed_on(request);
        assert_eq!(request.uri().path(), "/api/endpoints/ep_1");
        assert_eq!(request.headers()["accept"], "a,b");
        assert_eq!(request.headers()["cookie"], "x=1; y=2");
        assert_eq!(request.path_parameters().first("id"), Some("ep_1"));
        assert_eq!(request.query_string_parameters().all("event"), Some(vec!["a b", "c"]));
        assert_eq!(request.body(), &Body::Text("{\"a\":1}".to_owned()));
        let RequestContext::ApiGatewayV2(context) = request.request_context() else { panic!("not of an HTTP API") };
        assert_eq!(context.http.source_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(context.time.as_deref(), Some("01/Jan/1970:00:00:00 +0000"));
        assert_eq!(context.request_id.as_deref(), Some("req_1"));
        assert_eq!(request.lambda_context().request_id, "req_1");
        assert_eq!(request.lambda_context().env_config.function_name, "manage-endpoints");
    }

    #[test]
    fn a_body_that_is_not_text_arrives_unchanged() {
        let request = lambda_http::http::Request::post("/").body(&b"\xff\x00"[..]).unwrap();
        assert_eq!(handed_on(request).body(), &Body::Binary(vec![0xff, 0]));
    }
}
