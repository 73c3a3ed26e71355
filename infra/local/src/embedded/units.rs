//! What calls of DynamoDB would be billed as: the capacity units that the database reports.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

/// Write and read units. Refused writes are billed, too, but nobody reports what they took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumed {
    /// WRU: 1 KB each, twice that in a transaction, index entries with them.
    pub written: f64,
    /// RRU: 4 KB each, half that where a read need not be the latest.
    pub read: f64,
    /// How many writes were refused by their condition.
    pub refused: usize,
}

/// What was consumed since somebody began to count. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Units(Arc<Mutex<Option<Consumed>>>);

impl Units {
    /// What was consumed since the last time, or nothing the first time; counting goes on from here.
    #[must_use]
    pub fn take(&self) -> Consumed {
        let mut consumed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.replace(Consumed::default()).unwrap_or_default()
    }

    /// The request with the question for its units, if somebody counts and it can be asked.
    pub(super) fn asked(&self, operation: &str, body: &Bytes) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?;
        let mut request: Value = serde_json::from_slice(body).ok()?;
        is_billed(operation).then(|| request["ReturnConsumedCapacity"] = Value::from("TOTAL"))?;
        serde_json::to_vec(&request).ok().map(Bytes::from)
    }

    /// Adds what an answer says.
    pub(super) fn note(&self, operation: &str, status: u16, answer: &[u8]) {
        let mut consumed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(consumed) = consumed.as_mut().filter(|_| is_billed(operation)) else { return };
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let units = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        };
        if is_read(operation) {
            consumed.read += units;
        } else {
            consumed.written += units;
            consumed.refused += usize::from(status >= 400);
        }
    }
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
}

fn is_billed(operation: &str) -> bool {
    let writes = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
    is_read(operation) || writes.contains(&operation)
}
