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
async fn an_invalid_host_is_refused() {
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
async fn a_valid_host_is_taken() {
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
async fn the_proxy_that_spoke_with_the_caller_says_the_scheme() {
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
async fn other_headers_do_not_change_the_url() {
    let names = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "forwarded", "origin", "referer", "cookie"];
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
fn a_response_becomes_an_event() {
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
