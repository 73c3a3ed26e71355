//! Headers that go out with every answer of the API.

use lambda_http::http::{HeaderMap, HeaderValue, header};

/// Nobody on the way keeps the answer, and it is nothing but what it says that it is.
pub(crate) fn keep_private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
