//! Every header of a delivery, `docs/contract.md#request`. To add one, change [`delivery_headers`], the table in the
//! contract and the test below; subscribers read of it in `webhooks.rs` of the portal.

use domain::signing::signature_headers;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_TYPE, Entry, HOST, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT};
use url::{Position, Url};

use super::Outgoing;
use super::own_header::check_own_header;

/// The headers of the request for one attempt; hyper adds `Content-Length`.
///
/// Ours win: a header of the subscriber's is left out when [`check_own_header`] refuses it or when its name is there
/// already, in whatever letter case.
///
/// # Errors
/// When a value of ours has characters that HTTP does not allow.
pub(super) fn delivery_headers(
    url: &Url,
    user_agent: &HeaderValue,
    outgoing: &Outgoing<'_>,
) -> Result<HeaderMap, InvalidHeaderValue> {
    let Outgoing { event, event_id, delivery_id, retry, content_type, body, signers, headers: own, .. } = outgoing;
    let mut headers = HeaderMap::with_capacity(16 + own.len());
    headers.insert(HOST, HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])?);
    headers.insert(USER_AGENT, user_agent.clone());
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert("X-Webhook-Event", HeaderValue::from_str(event)?);
    headers.insert("X-Webhook-Event-ID", HeaderValue::from_str(event_id)?);
    headers.insert("X-Webhook-Retry", HeaderValue::from(*retry));
    for (name, value) in signature_headers(signers, delivery_id, outgoing.timestamp, body) {
        headers.insert(name, HeaderValue::from_str(&value)?);
    }
    headers.insert("traceparent", HeaderValue::from_str(&outgoing.trace.to_string())?);
    headers.insert("tracestate", HeaderValue::from_str(&outgoing.trace.tracestate())?);
    for (name, value) in *own {
        add_own(&mut headers, name, value.expose());
    }
    Ok(headers)
}

/// Adds a header of the subscriber's, if it may be sent.
fn add_own(headers: &mut HeaderMap, name: &str, value: &str) {
    if check_own_header(name, value).is_err() {
        return;
    }
    let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) else { return };
    if let Entry::Vacant(entry) = headers.entry(name) {
        entry.insert(value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use domain::endpoint::{self, OwnHeaders};
    use domain::signing::{Signers, SigningSecret};
    use domain::trace::TraceContext;

    use super::*;

    fn headers(own: &[(&str, &str)], lead: usize) -> Vec<(String, String)> {
        let secrets = [7, 8, 9].map(|byte| Arc::new(SigningSecret::from_bytes([byte; 32])));
        let [newest, previous @ ..] = secrets;
        let own: OwnHeaders =
            own.iter().map(|(name, value)| ((*name).to_owned(), endpoint::HeaderValue::new(*value))).collect();
        let outgoing = Outgoing {
            url: "unused",
            event: "workorder.created",
            event_id: "evt_1",
            delivery_id: "dlv_1",
            retry: 2,
            content_type: "application/cloudevents+json",
            body: Bytes::from_static(b"{}"),
            signers: &Signers::new(newest, previous.into(), lead),
            headers: &own,
            timestamp: 1_760_970_600,
            trace: TraceContext::start().delivered(),
            timeout: Duration::from_secs(30),
        };
        let url = Url::parse("https://erp.example.com:8443/hook").unwrap();
        let headers = delivery_headers(&url, &HeaderValue::from_static("WorkSkedge-Webhooks/0"), &outgoing).unwrap();
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
        headers.iter().filter(|(one, _)| one == name).map(|(_, value)| value.as_str()).collect()
    }

    #[test]
    fn a_delivery_has_these_headers_and_no_others() {
        let headers = headers(&[("X-Tenant", "7")], 1);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "host",
            "user-agent",
            "accept",
            "content-type",
            "x-webhook-event",
            "x-webhook-event-id",
            "x-webhook-retry",
            "x-webhook-signature",
            "x-webhook-signature-next",
            "x-webhook-signature-previous",
            "x-webhook-timestamp",
            "x-webhook-id",
            "webhook-id",
            "webhook-signature",
            "webhook-timestamp",
            "traceparent",
            "tracestate",
            "x-tenant",
        ];
        assert_eq!(names, expected);
        assert_eq!(values(&headers, "host"), ["erp.example.com:8443"]);
        assert_eq!(values(&headers, "content-type"), ["application/cloudevents+json"]);
        assert_eq!(values(&headers, "x-webhook-retry"), ["2"]);
        assert_eq!(values(&headers, "tracestate"), ["workskedge=h:1"]);
    }

    #[test]
    fn our_headers_win_over_the_subscribers() {
        let own = [("Host", "evil.example"), ("x-webhook-id", "dlv_2"), ("X-Tenant", "7"), ("x-tenant", "8")];
        let headers = headers(&own, 0);
        assert_eq!(values(&headers, "host"), ["erp.example.com:8443"]);
        assert_eq!(values(&headers, "x-webhook-id"), ["dlv_1"]);
        assert_eq!(values(&headers, "x-tenant"), ["7"], "the first of two whose names differ in case only");
    }
}
