//! The calls of AWS that each function makes: what its policy in `template.yaml` has to allow, and nothing more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use url::form_urlencoded;

use super::kms::SEAL_KEY_ID;

/// A function has used an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The package name of the function.
    pub function: &'static str,
    /// The action, as in a policy: `dynamodb:PutItem`.
    pub action: String,
    /// The name of a table, `<table>/index/<index>`, or the name of a queue, a topic or a key.
    pub resource: String,
}

/// The calls so far, without repetitions. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Mutex<BTreeSet<Use>>>);

impl Usage {
    /// All calls so far.
    #[must_use]
    pub fn all(&self) -> BTreeSet<Use> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, function: &'static str, target: &str, body: &[u8]) {
        let Some((service, operation)) = target.split_once('.') else { return };
        let uses = match service {
            "DynamoDB_20120810" => dynamodb(operation, &json(body)),
            // The action that allows a message also allows a batch of them.
            "AmazonSQS" => {
                one("sqs", operation.trim_end_matches("Batch"), last_part(&text(&json(body)["QueueUrl"]), '/'))
            }
            "AmazonSNS" => one("sns", operation, last_part(&form(body, "TopicArn"), ':')),
            // The request does not name the key: the encrypted data key does.
            "TrentService" if operation == "Decrypt" => one("kms", operation, SEAL_KEY_ID.to_owned()),
            "TrentService" => one("kms", operation, text(&json(body)["KeyId"])),
            _ => Vec::new(),
        };
        let uses = uses.into_iter().map(|(action, resource)| Use { function, action, resource });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(uses);
    }
}

/// The actions on tables and indexes. A transaction needs those of its parts; a batch has an action of its own.
fn dynamodb(operation: &str, body: &Value) -> Vec<(String, String)> {
    let parts = |list: &str| body[list].as_array().cloned().unwrap_or_default();
    let tables = || body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys().cloned());
    match operation {
        "TransactWriteItems" => {
            let parts = parts("TransactItems");
            let parts = parts.iter().filter_map(Value::as_object).flatten();
            parts
                .flat_map(|(part, change)| one("dynamodb", &format!("{part}Item"), text(&change["TableName"])))
                .collect()
        }
        "BatchGetItem" | "BatchWriteItem" => tables().flat_map(|table| one("dynamodb", operation, table)).collect(),
        _ => {
            let table = text(&body["TableName"]);
            let index = body["IndexName"].as_str().map(|index| format!("{table}/index/{index}"));
            one("dynamodb", operation, index.unwrap_or(table))
        }
    }
}

fn one(service: &str, operation: &str, resource: String) -> Vec<(String, String)> {
    vec![(format!("{service}:{operation}"), resource)]
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn form(body: &[u8], field: &str) -> String {
    form_urlencoded::parse(body)
        .find(|(name, _)| name == field)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn last_part(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or_default().to_owned()
}
