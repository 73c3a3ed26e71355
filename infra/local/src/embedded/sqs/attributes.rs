//! The attributes that a queue is created with.

use std::collections::HashMap;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use super::names::name;
use super::queue::{Redrive, Settings};
use super::{Refusal, Result, refusal};

/// What AWS takes where a queue has no `VisibilityTimeout`.
const DEFAULT_VISIBILITY: SignedDuration = SignedDuration::from_secs(30);

/// `VisibilityTimeout` and `RedrivePolicy`; AWS has more, of which the local system uses none.
pub(super) fn settings(attributes: &HashMap<String, String>) -> Result<Settings> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RedrivePolicy {
        dead_letter_target_arn: String,
        max_receive_count: Value,
    }
    let visibility_timeout = match attributes.get("VisibilityTimeout") {
        None => DEFAULT_VISIBILITY,
        Some(seconds) => SignedDuration::from_secs(seconds.parse().map_err(|_| invalid("VisibilityTimeout"))?),
    };
    let redrive = match attributes.get("RedrivePolicy") {
        None => None,
        Some(policy) => {
            let policy: RedrivePolicy = serde_json::from_str(policy).map_err(|_| invalid("RedrivePolicy"))?;
            // AWS accepts the count as a number and as a string.
            let count = match &policy.max_receive_count {
                Value::String(text) => text.parse().ok(),
                number => number.as_u64().and_then(|count| u32::try_from(count).ok()),
            };
            let max_receive_count = count.ok_or_else(|| invalid("RedrivePolicy"))?;
            Some(Redrive { dead_letter_queue: name(&policy.dead_letter_target_arn).to_owned(), max_receive_count })
        }
    };
    Ok(Settings { visibility_timeout, redrive })
}

fn invalid(attribute: &str) -> Refusal {
    refusal("InvalidAttributeValue", format!("{attribute} can't be read"))
}
