//! One attempt at a delivery, from its event and endpoint to the outcome. Nothing is recorded here: the deliverer and
//! test sends do that.

mod secrets;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Answer, AnswerHeaders};
use domain::delivery::{Attempt, Delivery};
use domain::endpoint::Endpoint;
use domain::format::Format;
use domain::outbox::StoredEvent;
use domain::signing::Signers;
use domain::trace::TraceContext;
use futures_util::future::{try_join, try_join_all};
use jiff::{SignedDuration, Timestamp};
use store::config::{ConfigError, Environment};
use store::seal::SealError;

use crate::sender::{Outgoing, Sender};
use secrets::Opened;

/// Makes attempts: opens the secrets and custom headers of endpoints, signs and sends.
#[derive(Debug)]
pub struct AttemptMaker {
    sender: Sender,
    opened: Opened,
}

/// A finished attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptResult {
    /// The outcome.
    pub answer: Answer,
    /// The attempt as it is recorded.
    pub attempt: Attempt,
    /// When it ended.
    pub ended: Timestamp,
}

impl AttemptMaker {
    /// With its own [`Sender`], and the sealing keys.
    ///
    /// # Errors
    /// When a variable is not set or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { sender: Sender::from_environment(environment)?, opened: Opened::new(environment.sealer()?) })
    }

    /// What it sends with.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Makes the next attempt at `delivery` now: `event` goes to `endpoint` in the format that it has by now, signed with
    /// all of its valid secrets. The head of the answer has to be there within `timeout`.
    ///
    /// # Errors
    /// When a secret or the own headers can't be opened; nothing was sent then. That the endpoint can't be reached is
    /// no error but what came of the attempt.
    pub async fn make(
        &self,
        delivery: &Delivery,
        event: &StoredEvent,
        endpoint: &Endpoint,
        trace: TraceContext,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<AttemptResult, SealError> {
        let open = |sealed| self.opened.secret(&delivery.account, endpoint, sealed, now);
        let headers = self.opened.headers(&delivery.account, endpoint, now);
        let (newest, headers) = try_join(open(&endpoint.secret.sealed), headers).await?;
        let previous =
            try_join_all(endpoint.previous_secrets.valid(now).map(|previous| open(&previous.sealed))).await?;
        let signers = Signers::new(newest, previous, endpoint.previous_secrets.lead(now));
        let content = endpoint.format.content(event);
        let outgoing = Outgoing {
            url: &endpoint.url,
            event: delivery.event.as_str(),
            event_id: &delivery.event_id,
            delivery_id: &delivery.id,
            retry: delivery.attempt_count,
            content_type: content.format.content_type(),
            body: match content.body {
                Cow::Borrowed(body) => Bytes::copy_from_slice(body.as_bytes()),
                Cow::Owned(body) => body.into(),
            },
            signers: &signers,
            headers: &headers,
            timestamp: now.as_second(),
            trace,
            timeout,
        };
        let answer = self.sender.send(outgoing).await;
        let attempt = attempt(delivery, &answer, content.format, now);
        let ended = now + SignedDuration::from_millis(i64::try_from(answer.duration_ms).unwrap_or_default());
        Ok(AttemptResult { answer, attempt, ended })
    }
}

/// The next attempt at `delivery`, as it is recorded: it began at `now`, in this format, and got this answer. What a receiver
/// says when all is well is kept of test sends only, which people look at.
fn attempt(delivery: &Delivery, answer: &Answer, format: Format, now: Timestamp) -> Attempt {
    let keeps_words = !answer.is_success() || delivery.test;
    Attempt {
        number: delivery.attempt_count + 1,
        trigger: delivery.trigger,
        format,
        started_at: now,
        duration_ms: answer.duration_ms,
        status_code: answer.status_code,
        error: answer.error,
        error_detail: answer.error_detail,
        response_headers: if keeps_words { answer.response_headers.clone() } else { AnswerHeaders::new() },
        response_body: answer.response_body.clone().filter(|_| keeps_words),
    }
}
