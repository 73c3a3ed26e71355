//! The topic of alerts: e-mail, chat and pagers subscribe to it.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::alert::{Alert, AlertView};
use domain::clock;
use serde::Serialize;
use serde_json::json;
use telemetry::causes::Cause;

use crate::aws::Lazy;

/// The SNS topic that alerts are published to.
#[derive(Debug, Clone)]
pub struct Topic {
    sns: Lazy<Client>,
    arn: String,
}

/// An alert could not be published. The next sweep tries again.
#[derive(Debug, thiserror::Error)]
#[error("SNS Publish")]
pub struct TopicError(#[source] Cause);

/// The message for machines: the alert as `GET /api/alerts` shows it, with its account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'a> {
    account_id: &'a str,
    #[serde(flatten)]
    alert: AlertView<'a>,
}

impl Topic {
    /// The topic with this ARN. Nothing is asked of SNS until an alert is published.
    #[must_use]
    pub fn new(sns: Lazy<Client>, arn: String) -> Self {
        Self { sns, arn }
    }

    /// Publishes an alert: the JSON of `GET /api/alerts` with the `accountId` for machines, sentences for e-mail. The
    /// message attributes `kind` and `accountId` are for subscriptions' filter policies.
    ///
    /// # Errors
    /// When SNS can't be reached or refuses the message.
    pub async fn publish(&self, account: &str, alert: &Alert) -> Result<(), TopicError> {
        let machines = domain::json::write(&Published { account_id: account, alert: AlertView::of(alert) });
        let message = json!({ "default": machines, "email": text(account, alert) });
        let attribute = |value: &str| {
            let built = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            built.map_err(|error| TopicError(Cause::new(error)))
        };
        let call = self
            .sns
            .get()
            .publish()
            .topic_arn(&self.arn)
            .subject(format!("WorkSkedge webhooks: {}", alert.kind.as_str()))
            .message_structure("json")
            .message(message.to_string())
            .message_attributes("kind", attribute(alert.kind.as_str())?)
            .message_attributes("accountId", attribute(account)?);
        call.send().await.map_err(|error| TopicError(Cause::new(error)))?;
        Ok(())
    }
}

/// The message for people: the alert's sentence, and its facts, one a line.
fn text(account: &str, alert: &Alert) -> String {
    let answer = match (alert.last_status_code, alert.last_error) {
        (Some(status), _) => Some(format!("HTTP {status}")),
        (None, error) => error.map(|error| match alert.last_error_detail {
            Some(detail) => format!("{}: {}", error.as_str(), detail.as_str()),
            None => error.as_str().to_owned(),
        }),
    };
    let rolling = alert.rolling.as_ref();
    let facts = [
        ("Alert", Some(alert.id.clone())),
        ("Account", Some(account.to_owned())),
        ("Endpoint", alert.endpoint_id.clone()),
        ("Failed deliveries", rolling.map(|rolling| rolling.count.to_string())),
        ("Of events since", rolling.map(|rolling| clock::rfc3339(rolling.since))),
        ("Delivery", alert.delivery_id.clone()),
        ("Event", alert.event.map(|event| event.as_str().to_owned())),
        ("Event id", alert.event_id.clone()),
        ("Last answer", answer),
        ("At", Some(clock::rfc3339(rolling.map_or(alert.created_at, |rolling| rolling.last_at)))),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}\n", value?)));
    format!("{}\n\n{}", alert.message, facts.collect::<String>())
}
