//! Calendars: where employees, vendors and parent work orders are booked, and how a change edits them.

use jiff::Timestamp;

use crate::models::Kind;

/// A work order in the calendar of a person or a company that is assigned to it, or of the work order that it is a part
/// of (then without times).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Booking {
    /// The work order's id.
    pub id: String,
    /// Its number, for messages.
    pub number: String,
    /// Start of the work; `None` while the order is unscheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
}

/// Time off, requested or approved, in the calendar of a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    /// The request's id.
    pub id: String,
    /// Its number, for messages.
    pub number: String,
    /// First day, `YYYY-MM-DD` in `time_zone`.
    pub start_date: String,
    /// Last day, inclusive.
    pub end_date: String,
    /// `HH:MM` on a partial day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// `HH:MM` on a partial day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// Whether it is approved already; otherwise it is requested.
    pub approved: bool,
}

/// One change of a calendar, written in the same transaction as the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarEdit {
    /// Adds `booking` to the calendar of an employee, vendor or parent order, or replaces it. For a parent order only if
    /// it is still as it was read: it must not be given a parent itself at the same moment.
    Book {
        /// Whose calendar.
        of: Holder,
        /// The entry to add or replace.
        booking: Booking,
    },
    /// Requires that the parent order is still as it was read; writes nothing, since its list is full.
    Hold {
        /// Whose list.
        of: Holder,
    },
    /// Removes the work order `order_id` from the calendar.
    Unbook {
        /// Whose calendar.
        of: Holder,
        /// The work order's id.
        order_id: String,
    },
    /// Adds `leave` to the calendar of the employee, or replaces it.
    Leave {
        /// Whose calendar.
        of: Holder,
        /// The entry to add or replace.
        leave: Leave,
    },
    /// Removes the request `leave_id` from the calendar.
    Unleave {
        /// Whose calendar.
        of: Holder,
        /// The request's id.
        leave_id: String,
    },
}

/// Whose calendar it is: an employee, a vendor or a parent order, by its natural key as stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder {
    /// Employee, vendor or work order.
    pub kind: Kind,
    /// `employeeNumber`, `vendorNumber` or `workOrderNumber`, as stored.
    pub number: String,
}

impl CalendarEdit {
    /// Whose calendar it changes.
    #[must_use]
    pub const fn holder(&self) -> &Holder {
        match self {
            Self::Book { of, .. }
            | Self::Hold { of }
            | Self::Unbook { of, .. }
            | Self::Leave { of, .. }
            | Self::Unleave { of, .. } => of,
        }
    }

    /// Like [`holder`](Self::holder), mutable.
    pub const fn holder_mut(&mut self) -> &mut Holder {
        match self {
            Self::Book { of, .. }
            | Self::Hold { of }
            | Self::Unbook { of, .. }
            | Self::Leave { of, .. }
            | Self::Unleave { of, .. } => of,
        }
    }
}
