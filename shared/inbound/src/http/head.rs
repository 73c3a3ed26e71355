//! Rules for every path: HEAD is GET without the body, and which paths belong to the API.

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Request, Response};

/// The method to route by: HEAD counts as GET.
#[must_use]
pub fn method(request: &Request) -> &Method {
    if *request.method() == Method::HEAD { &Method::GET } else { request.method() }
}

/// The answer to HEAD: as to GET, with the length of the body but without the body.
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

/// Whether a path belongs to the API: its calls are rate limited, and its answers say so and are not cached.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path == "/openapi.json" || path == "/api" || path.starts_with("/api/")
}
