//! What goes for every path of the system: HEAD is GET without the body, and which paths are the API's.

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Request, Response};

/// The method that a call is found by: HEAD answers where GET does.
#[must_use]
pub fn method(request: &Request) -> &Method {
    if *request.method() == Method::HEAD { &Method::GET } else { request.method() }
}

/// The answer to HEAD: that to GET without its body, whose length it says.
#[must_use]
pub fn without_body_for_head(request: &Request, mut response: Response<Body>) -> Response<Body> {
    if *request.method() != Method::HEAD {
        return response;
    }
    let body = std::mem::take(response.body_mut());
    if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    response
}

/// Whether a path is the API's: its answers are limited in number, say so, and are kept by nobody.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path == "/openapi.json" || path == "/api" || path.starts_with("/api/")
}
