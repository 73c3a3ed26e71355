//! Reads responses of receivers, within limits.

use std::time::Duration;

use domain::attempt::{Answer, AnswerHeaders, AttemptError, KEPT_HEADER_LIMIT, KEPT_HEADERS, KEPT_LIMIT, RetryAfter};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Incoming};
use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;

/// The most bytes of a response body that are read.
pub const READ_LIMIT: usize = 16 * 1_024;

/// How long a response body may take after its headers. The status has decided by then: the body is only for the log.
const BODY_PATIENCE: Duration = Duration::from_secs(5);

/// A character may straddle [`KEPT_LIMIT`]: a few more bytes are read, so that it can be left out as a whole.
const LONGEST_CHARACTER: usize = 4;

/// The outcome of an attempt without a response.
pub(super) fn failed(failure: Failure, started: Instant) -> Answer {
    Answer {
        status_code: None,
        error: Some(failure.error),
        error_detail: failure.detail,
        response_body: None,
        response_headers: AnswerHeaders::new(),
        retry_after: None,
        duration_ms: millis_since(started),
    }
}

/// Reads a response whose headers have arrived. Only the status decides: 2xx is a success even when the body is longer
/// than [`READ_LIMIT`], breaks off or stalls, because the receiver has said that it has the event, and to send it
/// again would only be a duplicate. What is read of the body by then is kept for the log. Returns also whether the
/// body was read to its end.
pub(super) async fn read(mut response: Response<Incoming>, started: Instant, deadline: Instant) -> (Answer, bool) {
    let status = response.status();
    let retry_after = parse_retry_after(response.headers());
    let response_headers = kept_headers(response.headers());
    let mut kept = Vec::new();
    // If the body is late or breaks off, what has arrived is kept.
    let patience = deadline.min(Instant::now() + BODY_PATIENCE);
    let ended = timeout_at(patience, read_body(response.body_mut(), &mut kept)).await.unwrap_or(Ok(false));
    let answer = Answer {
        status_code: Some(status.as_u16()),
        error: (!status.is_success()).then_some(AttemptError::HttpStatus),
        error_detail: None,
        response_body: text_of(&kept),
        response_headers,
        retry_after,
        duration_ms: millis_since(started),
    };
    (answer, ended.unwrap_or(false))
}

/// Reads on past what is kept, so that the connection of an ordinary answer can be used again. Returns whether it came
/// to the end.
async fn read_body(body: &mut Incoming, kept: &mut Vec<u8>) -> hyper::Result<bool> {
    let mut read = 0;
    while read < READ_LIMIT {
        let Some(frame) = body.frame().await else { return Ok(true) };
        // Trailers are ignored.
        let Ok(chunk) = frame?.into_data() else { continue };
        read += chunk.len();
        let room = KEPT_LIMIT + LONGEST_CHARACTER - 1 - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(body.is_end_stream())
}

fn text_of(bytes: &[u8]) -> Option<String> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    text.truncate(text.floor_char_boundary(KEPT_LIMIT));
    (!text.is_empty()).then_some(text)
}

/// The header fields that are kept. Of one that comes repeatedly that is the first.
fn kept_headers(headers: &HeaderMap) -> AnswerHeaders {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?;
        let value = if *name == LOCATION.as_str() { &without_credentials(value)? } else { value };
        Some(((*name).to_owned(), value[..value.floor_char_boundary(KEPT_HEADER_LIMIT)].to_owned()))
    });
    kept.collect()
}

/// A location without its user, its query and its fragment, any of which may be a credential: a URL or a path. Anything else
/// is left out, since nobody knows what is in it.
fn without_credentials(location: &str) -> Option<String> {
    let location = location.split(['?', '#']).next().unwrap_or_default();
    if location.starts_with('/') && !location.starts_with("//") {
        return Some(location.to_owned());
    }
    let (scheme, rest) = location.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    (!path.contains('@')).then(|| format!("{scheme}://{host}{path}"))
}

fn parse_retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit means "long", not "absent".
        return Some(RetryAfter::Seconds(value.parse().unwrap_or(u32::MAX)));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Timestamp::try_from(at).ok().map(RetryAfter::At)
}

fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    fn retry_after(value: &'static str) -> Option<RetryAfter> {
        parse_retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let at = |text: &str| Some(RetryAfter::At(text.parse().unwrap()));
        assert_eq!(retry_after("120"), Some(RetryAfter::Seconds(120)));
        assert_eq!(retry_after(" 0 "), Some(RetryAfter::Seconds(0)));
        assert_eq!(retry_after("99999999999999999999"), Some(RetryAfter::Seconds(u32::MAX)));
        assert_eq!(retry_after("Mon, 20 Oct 2025 14:30:00 GMT"), at("2025-10-20T14:30:00Z"));
        assert_eq!(retry_after("Monday, 20-Oct-25 14:30:00 GMT"), at("2025-10-20T14:30:00Z"));
        for wrong in ["", "-1", "1.5", "soon", "2025-10-20T14:30:00Z", "+5"] {
            assert_eq!(retry_after(wrong), None, "{wrong}");
        }
        assert_eq!(parse_retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_kept_of_the_header_is_harmless_and_short() {
        let long = "x".repeat(500);
        let sent = [
            ("set-cookie", "session=1"),
            ("server", long.as_str()),
            ("location", "https://svc:s3cret@example.com/login?token=1#a"),
            ("retry-after", "30"),
            ("x-request-id", "\u{e9}1"),
        ];
        let header = |(name, value): (&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        let kept = kept_headers(&HeaderMap::from_iter(sent.map(header)));
        let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            kept,
            [("location", "https://example.com/login"), ("retry-after", "30"), ("server", &long[..KEPT_HEADER_LIMIT])]
        );
    }

    #[test]
    fn of_a_location_no_credential_is_kept() {
        for (sent, kept) in [
            ("/login?token=1", Some("/login")),
            ("http://user:pw@example.com", Some("http://example.com")),
            ("https://example.com/a/b", Some("https://example.com/a/b")),
            ("https:/user:pw@example.com/x", None),
            ("https:\\\\user:pw@example.com/x", None),
            ("user:pw@example.com/x", None),
            ("//user:pw@example.com/x", None),
            ("https://user:p/w@example.com/x", None),
        ] {
            assert_eq!(without_credentials(sent).as_deref(), kept, "{sent}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(text_of(b""), None);
        assert_eq!(text_of("schön".as_bytes()).unwrap(), "schön");
        assert_eq!(text_of(b"a\xffb").unwrap(), "a\u{fffd}b");
        for pad in 0..4 {
            let long = format!("{}{}", "a".repeat(pad), "😀".repeat(600));
            let text = text_of(&long.as_bytes()[..KEPT_LIMIT + LONGEST_CHARACTER - 1]).unwrap();
            assert!(long.starts_with(&text) && text.len() > KEPT_LIMIT - 4 && text.len() <= KEPT_LIMIT, "{pad}");
        }
        assert!(text_of(&[0xff; KEPT_LIMIT]).unwrap().len() <= KEPT_LIMIT);
    }
}
