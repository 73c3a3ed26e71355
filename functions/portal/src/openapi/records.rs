//! What the five kinds of records are called in the document, and a body of each.

use domain::models::Kind;
use serde_json::Value;

/// The schema of a body that creates or changes a record of this kind.
pub(super) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::WorkOrder => "WorkOrder",
        Kind::Project => "Project",
        Kind::Employee => "Employee",
        Kind::Vendor => "Vendor",
        Kind::TimeOff => "TimeOff",
    }
}

/// The schema of the answer to it.
pub(super) const fn receipt_name(kind: Kind) -> &'static str {
    match kind {
        Kind::WorkOrder => "WorkOrderReceipt",
        Kind::Project => "ProjectReceipt",
        Kind::Employee => "EmployeeReceipt",
        Kind::Vendor => "VendorReceipt",
        Kind::TimeOff => "TimeOffReceipt",
    }
}

/// The schema of a body with many of them.
pub(super) fn batch_name(kind: Kind) -> String {
    format!("{}Batch", name(kind))
}

/// The schema of the answer to that.
pub(super) const fn results_name(kind: Kind) -> &'static str {
    match kind {
        Kind::WorkOrder => "WorkOrderResults",
        Kind::Project => "ProjectResults",
        Kind::Employee => "EmployeeResults",
        Kind::Vendor => "VendorResults",
        Kind::TimeOff => "TimeOffResults",
    }
}

/// The schema of the result of one of them that was accepted.
pub(super) const fn result_name(kind: Kind) -> &'static str {
    match kind {
        Kind::WorkOrder => "WorkOrderResult",
        Kind::Project => "ProjectResult",
        Kind::Employee => "EmployeeResult",
        Kind::Vendor => "VendorResult",
        Kind::TimeOff => "TimeOffResult",
    }
}

/// A body that creates a record of this kind.
pub(crate) fn example(kind: Kind) -> Value {
    let text = match kind {
        Kind::WorkOrder => include_str!("../../examples/workorder.json"),
        Kind::Project => include_str!("../../examples/project.json"),
        Kind::Employee => include_str!("../../examples/employee.json"),
        Kind::Vendor => include_str!("../../examples/vendor.json"),
        Kind::TimeOff => include_str!("../../examples/timeoff.json"),
    };
    serde_json::from_str(text).unwrap_or_default()
}
