//! Events sent from here as a deployment sends them: its bytes, its headers, its code.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Answer, AttemptError, ErrorDetail};
use domain::endpoint::OwnHeaders;
use domain::events::body_as_sent;
use domain::format::Format;
use domain::ids;
use domain::signing::{Signers, SigningSecret};
use domain::trace::TraceContext;
use jiff::Timestamp;
use outbound::sender::{Outgoing, Sender, SenderOptions};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::printable;

/// As long as a delivery waits for its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an answer's body a line shows.
const SHOWN: usize = 200;

/// Sends events to one URL.
#[derive(Debug)]
pub(crate) struct Forwarder {
    sender: Sender,
    url: String,
    signers: Signers,
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct Outbound<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) event: &'a str,
    pub(crate) timestamp: &'a Value,
    pub(crate) data: &'a Value,
}

impl Forwarder {
    /// To a receiver of the developer's choice, which may be anywhere, and without TLS.
    pub(crate) fn new(url: &str, secret: SigningSecret) -> Result<Self, Failure> {
        let mut options =
            SenderOptions::new(concat!("WorkSkedge-Webhooks/", env!("CARGO_PKG_VERSION"), " (workskedge)"));
        options.allow_private = true;
        let sender = Sender::new(options).map_err(|error| Failure::Usage(error.to_string()))?;
        let signers = Signers::new(Arc::new(secret), Vec::new(), 0);
        Ok(Self { sender, url: url.to_owned(), signers })
    }

    /// The id of the delivery of an event to this URL: the same each time.
    pub(crate) fn delivery_id(&self, event_id: &str) -> String {
        ids::delivery_id(event_id, &self.url)
    }

    /// Makes one attempt; `retry` of them were made before.
    pub(crate) async fn send(&self, event: &Outbound<'_>, retry: u32, now: Timestamp) -> Answer {
        let outgoing = Outgoing {
            url: &self.url,
            event: event.event,
            event_id: event.event_id,
            delivery_id: &self.delivery_id(event.event_id),
            retry,
            content_type: Format::Full.content_type(),
            body: Bytes::from(body_as_sent(event.event, event.timestamp, event.data)),
            signers: &self.signers,
            headers: &OwnHeaders::new(),
            timestamp: now.as_second(),
            trace: TraceContext::start().delivered(),
            timeout: TIMEOUT,
        };
        self.sender.send(outgoing).await
    }
}

/// An answer in a few words: `200 in 12 ms`, `500 in 3 ms: {"error":"no"}`, `no answer: connect (refused)`.
pub(crate) fn in_words(answer: &Answer) -> String {
    let Some(status) = answer.status_code else {
        let error = answer.error.map(|error| error.to_string()).unwrap_or_default();
        let detail = answer.error_detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        return format!("no answer: {error}{detail}");
    };
    let said = answer.response_body.as_deref().filter(|_| !answer.is_success()).map(str::trim).unwrap_or_default();
    let said: String = said.chars().take(SHOWN).collect();
    let said = if said.is_empty() { said } else { format!(": {}", printable(&said)) };
    format!("{status} in {} ms{said}", answer.duration_ms)
}

/// An answer for programs, named as attempts of the API are.
pub(crate) fn as_json(answer: &Answer) -> Value {
    json!({
        "statusCode": answer.status_code,
        "error": answer.error.map(AttemptError::as_str),
        "errorDetail": answer.error_detail.map(ErrorDetail::as_str),
        "durationMs": answer.duration_ms,
        "responseBody": answer.response_body,
    })
}
