//! The five resources as data: fields, key, id prefix (`docs/contract.md#resources`), and how a body changes a record.

mod body;
pub(crate) mod employee;
mod merge;
mod names;
pub(crate) mod parts;
pub(crate) mod project;
pub(crate) mod time_off;
pub(crate) mod vendor;
pub(crate) mod work_order;

use serde_json::{Map, Value};

pub use self::body::{check_merged, json_schema, missing_on_create, parse_record};
pub use self::employee::{EMPLOYEE, Status as EmployeeStatus};
pub use self::merge::{keep_spelling, merge};
pub use self::names::is_field;
pub use self::parts::{CONTROL, Operation};
pub use self::project::{PROJECT, Status as ProjectStatus};
pub use self::time_off::{Status as TimeOffStatus, TIME_OFF};
pub use self::vendor::{Status as VendorStatus, VENDOR};
pub use self::work_order::{Status as WorkOrderStatus, WORK_ORDER};
use crate::rules::fields::text;
use crate::schema::{Class, Field};
use crate::words;

words! {
    /// Which of the five resources.
    pub enum Kind {
        /// A job at a place and a time.
        WorkOrder = "work_order",
        /// What work orders belong to.
        Project = "project",
        /// A person who works.
        Employee = "employee",
        /// A supplier or subcontractor.
        Vendor = "vendor",
        /// A request for time off.
        TimeOff = "time_off",
    }
}

impl Kind {
    /// The name in messages: `work order`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorkOrder => "work order",
            Self::Project => "project",
            Self::Employee => "employee",
            Self::Vendor => "vendor",
            Self::TimeOff => "time-off request",
        }
    }

    /// Its part of a path and of a storage key: `workorder`.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::WorkOrder => "workorder",
            Self::Project => "project",
            Self::Employee => "employee",
            Self::Vendor => "vendor",
            Self::TimeOff => "timeoff",
        }
    }

    /// The resource with this part of a path.
    #[must_use]
    pub fn of_segment(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.segment() == segment)
    }

    /// The resource whose ids begin like this one.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| id.starts_with(kind.model().prefix))
    }

    /// Its fields and rules.
    #[must_use]
    pub fn model(self) -> &'static Model {
        match self {
            Self::WorkOrder => &WORK_ORDER,
            Self::Project => &PROJECT,
            Self::Employee => &EMPLOYEE,
            Self::Vendor => &VENDOR,
            Self::TimeOff => &TIME_OFF,
        }
    }
}

macro_rules! status_of_record {
    ($($status:ident),+) => {
        $(impl $status {
            /// The status of a record; `None` when it has none that is known.
            #[must_use]
            pub fn of(record: &Map<String, Value>) -> Option<Self> {
                text(record, "status").and_then(Self::parse)
            }
        })+
    };
}

status_of_record!(WorkOrderStatus, ProjectStatus, EmployeeStatus, VendorStatus, TimeOffStatus);

/// One resource as data.
#[derive(Debug)]
pub struct Model {
    /// The resource.
    pub kind: Kind,
    /// What its ids begin with: `wo_`.
    pub prefix: &'static str,
    /// Name of the natural key: `workOrderNumber`.
    pub key: &'static str,
    /// Whether `operation: delete` is offered.
    pub deletable: bool,
    /// Control, own and tail fields, in the contract's order.
    pub fields: &'static [Field],
}

impl Model {
    /// Whether a field is sealed, and stored apart from the record.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.fields.iter().any(|field| field.class == Class::Secret)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::schema::{Presence, Type};

    fn field(model: &Model, name: &str) -> &'static Field {
        model.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn tables_are_consistent() {
        for kind in Kind::ALL {
            let model = kind.model();
            assert_eq!(model.kind, kind);
            assert_eq!(field(model, model.key).presence, Presence::Key);
            assert!(matches!(field(model, "id").kind, Type::Id(prefix) if prefix == model.prefix));
            let Type::Enum(operations) = field(model, "operation").kind else { panic!("{}", kind.name()) };
            assert_eq!(operations.contains(&"delete"), model.deletable);
            let names: HashSet<_> = model.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), model.fields.len(), "{} has a field twice", kind.name());
        }
    }
}
