//! One page or file, and the headers that it goes out with.

use std::borrow::Cow;

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use sha2::{Digest, Sha256};

/// What our own pages may load: our files, and the API. No inline script or style, no frame around them.
const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// What [`STRICT`] says of frames.
const UNFRAMED: &str = "frame-ancestors 'none'";

/// Asked for anew each time, answered with 304 mostly: a deployment shows at once.
const REVALIDATED: &str = "no-cache";

/// A page or a file.
#[derive(Debug)]
pub(crate) struct Page {
    status: StatusCode,
    content_type: String,
    body: Cow<'static, [u8]>,
    policy: Cow<'static, str>,
    gzip: bool,
    caching: &'static str,
}

impl Page {
    /// A file of this media type; text is UTF-8.
    pub(crate) fn new(media_type: &str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let text = media_type.starts_with("text/") || media_type.ends_with("javascript");
        let content_type = if text { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() };
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
            policy: Cow::Borrowed(STRICT),
            gzip: false,
            caching: REVALIDATED,
        }
    }

    /// An HTML page.
    pub(crate) fn html(text: String) -> Self {
        Self::new("text/html", text.into_bytes())
    }

    /// JSON text.
    pub(crate) fn json(text: String) -> Self {
        Self::new("application/json", text.into_bytes())
    }

    /// With a status other than 200.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With its own `Content-Security-Policy`.
    pub(crate) fn with_policy(self, policy: &'static str) -> Self {
        Self { policy: Cow::Borrowed(policy), ..self }
    }

    /// With pages of these origins allowed to show it in a frame; of none, if there are none.
    pub(crate) fn framed_by(self, origins: &[String]) -> Self {
        if origins.is_empty() {
            return self;
        }
        Self { policy: Cow::Owned(STRICT.replace(UNFRAMED, &format!("frame-ancestors {}", origins.join(" ")))), ..self }
    }

    /// The body is gzip-compressed already, whatever the request accepts: it is for browsers, which all accept it.
    pub(crate) fn gzipped(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// Kept by nobody on the way. Who keeps it of their own accord can still ask by its `ETag` whether there is
    /// another.
    pub(crate) fn uncached(self) -> Self {
        Self { caching: "no-store", ..self }
    }

    /// The response; 304 without a body if the client has this version.
    pub(crate) fn into_response(self, request: &HeaderMap) -> Response<Body> {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&self.body)[..12]));
        let sent = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
        let known = self.status == StatusCode::OK && sent.split(',').any(|sent| sent.trim().ends_with(&tag));
        let mut response = Response::new(if known { Body::Empty } else { body(self.body, self.gzip) });
        *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { self.status };
        let headers = response.headers_mut();
        let mut add = |name: HeaderName, value: &str| {
            headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        };
        add(header::ETAG, &tag);
        add(header::CACHE_CONTROL, self.caching);
        add(header::CONTENT_SECURITY_POLICY, &self.policy);
        add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        add(header::REFERRER_POLICY, "no-referrer");
        add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        if !known {
            add(header::CONTENT_TYPE, &self.content_type);
            if self.gzip {
                add(header::CONTENT_ENCODING, "gzip");
            }
        }
        response
    }
}

fn body(bytes: Cow<'static, [u8]>, binary: bool) -> Body {
    match bytes {
        bytes if binary => Body::Binary(bytes.into_owned()),
        bytes => {
            String::from_utf8(bytes.into_owned()).map_or_else(|bytes| Body::Binary(bytes.into_bytes()), Body::Text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tag: Option<&str>) -> Response<Body> {
        let headers = tag.map(|tag| (header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap()));
        Page::html("<p>".to_owned()).into_response(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn a_page_that_is_known_is_not_sent_again() {
        let first = asked(None);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        assert_eq!((first.status(), first.body()), (StatusCode::OK, &Body::Text("<p>".to_owned())));
        for known in [tag.to_owned(), format!("\"x\", W/{tag}")] {
            let again = asked(Some(&known));
            assert_eq!((again.status(), again.body()), (StatusCode::NOT_MODIFIED, &Body::Empty));
            assert!(again.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
        assert_eq!(asked(Some("\"x\"")).status(), StatusCode::OK);
    }

    #[test]
    fn our_pages_run_our_scripts_only() {
        let policy = asked(None).headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains(UNFRAMED), "{policy}");
    }

    #[test]
    fn only_the_origins_that_are_named_may_frame_a_page() {
        let policy = |origins: &[&str]| {
            let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
            let page = Page::html("<p>".to_owned()).framed_by(&origins).into_response(&HeaderMap::new());
            page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert_eq!(policy(&[]), STRICT);
        let framed = policy(&["https://a.example", "https://b.example:8443"]);
        assert!(framed.contains("; frame-ancestors https://a.example https://b.example:8443; require"), "{framed}");
        assert_eq!(framed.len(), STRICT.len() - "'none'".len() + "https://a.example https://b.example:8443".len());
    }
}
