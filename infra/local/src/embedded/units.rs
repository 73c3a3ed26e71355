//! The capacity units that DynamoDB would bill, as the embedded database reports them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

/// Write and read units. Refused writes are billed too, but the database does not report their units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumed {
    /// Write units (WRU): one for each KB, twice that in a transaction, and those of index entries.
    pub written: f64,
    /// Read units (RRU): one for each 4 KB, half that for eventually consistent reads.
    pub read: f64,
    /// How many writes were refused because of their condition.
    pub refused: usize,
}

/// The units that were consumed since counting began. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Units(Arc<Mutex<Option<Consumed>>>);

impl Units {
    /// The units since the last call of this method. The first call returns nothing and begins the counting.
    #[must_use]
    pub fn take(&self) -> Consumed {
        let mut consumed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.replace(Consumed::default()).unwrap_or_default()
    }

    /// The request with `ReturnConsumedCapacity`, if units are counted and the operation has any.
    pub(super) fn asked(&self, operation: &str, body: &Bytes) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?;
        let mut request: Value = serde_json::from_slice(body).ok()?;
        is_billed(operation).then(|| request["ReturnConsumedCapacity"] = Value::from("TOTAL"))?;
        serde_json::to_vec(&request).ok().map(Bytes::from)
    }

    /// Adds the units that an answer reports.
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
