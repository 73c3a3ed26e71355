//! The embedded SNS: a topic that takes messages and has no subscribers, behind the query protocol of the AWS SDK.
//!
//! People see alerts in the log and in `GET /api/alerts`. The topic takes them as in AWS, and tests read what was
//! published.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use url::form_urlencoded;

use super::Answer;

/// How many of the latest messages are kept.
const KEPT: usize = 1_000;

/// A message that was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The topic that it was published to.
    pub topic_arn: String,
    /// The subject of e-mails.
    pub subject: String,
    /// The message for each protocol of subscribers: `default`, `email`.
    pub messages: Value,
}

/// The topic. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Sns {
    published: Arc<Mutex<VecDeque<Published>>>,
    is_down: Arc<AtomicBool>,
}

impl Sns {
    /// The latest 1,000 messages that were published, oldest first.
    #[must_use]
    pub fn published(&self) -> Vec<Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Makes every call fail from now on, or none.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    /// Carries out one operation of the API.
    pub(super) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        if self.is_down.load(Ordering::Relaxed) {
            return refusal(500, "InternalFailure", "SNS is down");
        }
        if operation != "Publish" {
            return refusal(400, "InvalidAction", "the local system has no such operation");
        }
        let mut fields: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let mut field = |name| fields.remove(name).unwrap_or_default();
        let messages = serde_json::from_str(&field("Message")).unwrap_or_default();
        let message = Published { topic_arn: field("TopicArn"), subject: field("Subject"), messages };
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if published.len() == KEPT {
            published.pop_front();
        }
        published.push_back(message);
        let body = "<PublishResponse><PublishResult><MessageId>local</MessageId></PublishResult></PublishResponse>";
        Answer { status: 200, body: body.into() }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>");
    Answer { status, body: body.into_bytes() }
}
