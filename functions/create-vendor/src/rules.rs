//! Rules among the fields of one vendor.

use domain::defect::{DefectCode, Defects};
use domain::rules::address;
use domain::rules::fields::{Extent, Order, Sent, date_order, given, items};
use serde_json::{Map, Value};

use crate::tax_id;

/// Checks the rules among the fields of `record`.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    tax_id::check(record, extent, defects);
    check_w9(record, extent, defects);
    for (index, certificate) in items(record, "insurance") {
        let at = format!("insurance[{index}].");
        date_order(certificate, &at, ["effectiveOn", "expiresOn"], Order::NotBefore, defects);
    }
    address::check(record, "address", defects);
    address::check(record, "remitAddress", defects);
}

/// A W-9 that was received is on file. Null stands for the default, which is false.
fn check_w9(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let is_not_on_file = match Sent::of(record, "w9OnFile") {
        Sent::Absent => extent == Extent::Whole,
        Sent::Cleared => true,
        Sent::Value(on_file) => on_file == &Value::Bool(false),
    };
    if given(record, "w9ReceivedOn") && is_not_on_file {
        defects.push("w9OnFile", DefectCode::MissingDependency, "must be true when w9ReceivedOn is given");
    }
}

#[cfg(test)]
mod tests;
