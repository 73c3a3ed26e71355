//! Rules among the fields of one vendor (contract section 3.4; X4 of section 7).

use serde_json::{Map, Value};
use shared::defect::{DefectCode, Defects};
use shared::rules::address;
use shared::rules::fields::{Order, date_order, given, items};

use crate::tax_id;

/// Checks `record`. With `whole` an absent partner is missing; without, only an explicit null is.
pub(crate) fn check(record: &Map<String, Value>, whole: bool, defects: &mut Defects) {
    tax_id::check(record, whole, defects);
    check_w9(record, whole, defects);
    for (index, certificate) in items(record, "insurance") {
        let at = format!("insurance[{index}].");
        date_order(certificate, &at, ["effectiveOn", "expiresOn"], Order::NotBefore, defects);
    }
    address::check(record, "address", defects);
    address::check(record, "remitAddress", defects);
}

/// A W-9 that was received is on file. Null stands for the default, which is false.
fn check_w9(record: &Map<String, Value>, whole: bool, defects: &mut Defects) {
    let on_file = record.get("w9OnFile").map_or(!whole, |value| value == &Value::Bool(true));
    if given(record, "w9ReceivedOn") && !on_file {
        defects.push("w9OnFile", DefectCode::MissingDependency, "must be true when w9ReceivedOn is given");
    }
}
