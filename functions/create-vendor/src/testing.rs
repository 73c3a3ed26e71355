//! What is special to the tests of vendors: a stored vendor and its papers.

use domain::references::References;
use domain::rejection::Rejection;
use domain::resource::testing::{Harness, Outcome, object};
use serde_json::{Map, Value, json};

use crate::Vendor;

/// When the requests of these tests are handled.
pub(crate) const NOW: &str = "2025-11-02T16:20:45Z";
pub(crate) const HARNESS: Harness<Vendor> = Harness::new(NOW, "ven_new1");

/// A stored vendor with every default, and `fields` over them.
pub(crate) fn stored(fields: Value) -> Map<String, Value> {
    let mut record = object(json!({
        "id": "ven_Mu3ller9", "vendorNumber": "V-2207", "name": "Müller Stahlbau GmbH & Co. KG",
        "vendorType": "subcontractor", "status": "active", "is1099": false, "w9OnFile": false, "prequalified": false,
        "preferred": false, "version": 1, "createdAt": "2025-09-30T12:00:02Z", "updatedAt": "2025-09-30T12:00:02Z",
    }));
    record.extend(object(fields));
    record
}

pub(crate) fn change(before: Option<&Map<String, Value>>, sent: Value) -> Result<Outcome, Rejection> {
    HARNESS.send(before, sent, &References::default())
}

pub(crate) fn update(before: &Map<String, Value>, sent: Value) -> Outcome {
    change(Some(before), sent).unwrap()
}

pub(crate) fn certificate(expires_on: &str) -> Value {
    json!({"type": "auto", "carrier": "Travelers", "expiresOn": expires_on})
}
