//! Metrics of attempts for CloudWatch: one line of the embedded metric format per batch, on stdout, where Lambda reads
//! it.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use domain::delivery::DeliveryStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// CloudWatch accepts at most this many values of one metric in a line.
const MAX_VALUES: usize = 100;

/// The metrics of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    attempts: u32,
    failed_attempts: u32,
    deliveries_failed: u32,
    /// From the creation of a delivery to the end of its first attempt, in milliseconds, of those that did not have to stand
    /// in the line of their endpoint's pace.
    first_attempt_latency: Vec<i64>,
}

/// The metrics of one function.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The CloudWatch namespace; `None` writes nothing.
    namespace: Option<String>,
    batch: Mutex<Batch>,
}

impl Metrics {
    /// In this CloudWatch namespace; `None` writes nothing.
    #[must_use]
    pub fn new(namespace: Option<String>) -> Self {
        Self { namespace, batch: Mutex::default() }
    }

    /// Counts an attempt and the status of its delivery afterwards; of some, how long the first attempt took to come about.
    pub(crate) fn count(&self, status: DeliveryStatus, latency: Option<SignedDuration>) {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        batch.attempts += 1;
        batch.failed_attempts += u32::from(status != DeliveryStatus::Delivered);
        batch.deliveries_failed += u32::from(status == DeliveryStatus::Failed);
        if let Some(latency) = latency.filter(|_| batch.first_attempt_latency.len() < MAX_VALUES) {
            batch.first_attempt_latency.push(i64::try_from(latency.as_millis()).unwrap_or(i64::MAX));
        }
    }

    /// Writes what was counted since the last call, if anything.
    pub(crate) fn emit(&self, now: Timestamp) {
        let batch = std::mem::take(&mut *self.batch.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(namespace) = self.namespace.as_ref().filter(|_| batch != Batch::default()) else { return };
        // A failed write must not fail a batch that is done.
        let _ = writeln!(std::io::stdout().lock(), "{}", line(namespace, &batch, now));
    }
}

fn line(namespace: &str, batch: &Batch, now: Timestamp) -> Value {
    let counts =
        ["Attempts", "FailedAttempts", "DeliveriesFailed"].map(|name| json!({ "Name": name, "Unit": "Count" }));
    let latency = json!({ "Name": "FirstAttemptLatency", "Unit": "Milliseconds" });
    let metrics: Vec<Value> = if batch.first_attempt_latency.is_empty() {
        counts.to_vec()
    } else {
        counts.into_iter().chain([latency]).collect()
    };
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [[]], "Metrics": metrics }],
        },
        "Attempts": batch.attempts,
        "FailedAttempts": batch.failed_attempts,
        "DeliveriesFailed": batch.deliveries_failed,
        "FirstAttemptLatency": batch.first_attempt_latency,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_what_it_holds() {
        let now = "2025-10-20T14:30:00Z".parse().unwrap();
        let batch = Batch { attempts: 3, failed_attempts: 2, deliveries_failed: 1, first_attempt_latency: vec![7, 9] };
        let line = line("WorkSkedge/test", &batch, now);
        let declared = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(declared.len(), 4);
        assert!(declared.iter().all(|metric| !line[metric["Name"].as_str().unwrap()].is_null()));
        assert_eq!((&line["Attempts"], &line["FirstAttemptLatency"]), (&json!(3), &json!([7, 9])));
        assert_eq!(line["_aws"]["Timestamp"], 1_760_970_600_000_i64);
    }

    #[test]
    fn without_first_attempts_there_is_no_latency() {
        let batch = Batch { attempts: 1, ..Batch::default() };
        let line = line("WorkSkedge/test", &batch, Timestamp::UNIX_EPOCH);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), 3);
    }
}
