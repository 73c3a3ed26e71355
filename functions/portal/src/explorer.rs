//! The API explorer: Scalar over `/openapi.json`, from our own origin.

use crate::files;
use crate::page::Page;

/// Scalar makes its styles as it goes. It may speak to the API alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

static SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scalar.js.gz"));

/// The page.
pub(crate) fn page() -> Page {
    let page = files::explorer("index.html").unwrap_or_else(|| Page::html(String::new()));
    page.with_policy(POLICY)
}

/// Scalar itself.
pub(crate) fn script() -> Page {
    Page::new("text/javascript", SCRIPT).gzipped()
}
