//! The catalog: name, group, meaning, schema and example of every event.

use serde_json::{Value, json};

use super::data;
use super::wire::to_wire;
use crate::schema::{DIALECT, Field, data_object, published};
use crate::subject::Subject;
use crate::words;

/// One row of the catalog.
#[derive(Debug)]
pub struct EventType {
    /// The name.
    pub name: EventName,
    /// `workorder`, `project`, `employee`, `vendor`, `timeoff` or `report`.
    pub group: &'static str,
    /// When it is raised, in the public API page's words.
    pub description: &'static str,
    /// Its data, in the order of the wire.
    pub fields: &'static [Field],
    example: &'static str,
}

/// There is no event of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an event of the catalog")]
pub struct UnknownEvent;

/// The names and the rows of the catalog; a row's example is the file of the same name.
macro_rules! catalog {
    ($($name:ident, $group:literal, $action:literal, $fields:expr, $description:literal;)+) => {
        words! {
            /// The event types, in the order of the public API page.
            #[expect(missing_docs, reason = "the catalog describes them")]
            pub enum EventName {
                $($name = concat!($group, ".", $action)),+
            }
        }

        static CATALOG: [EventType; EventName::ALL.len()] = [$(EventType {
            name: EventName::$name,
            group: $group,
            description: $description,
            fields: $fields,
            example: include_str!(concat!("examples/", $group, ".", $action, ".json")),
        }),+];
    };
}

// The descriptions are the sentences of the public API page.
#[rustfmt::skip]
catalog! {
    WorkorderCreated, "workorder", "created", data::WORKORDER_CREATED, "Triggered when a new work order is created in WorkSkedge";
    WorkorderUpdated, "workorder", "updated", data::WORKORDER_UPDATED, "Triggered when a work order is updated (status, assignments, details, etc.)";
    WorkorderDeleted, "workorder", "deleted", data::WORKORDER_DELETED, "Triggered when a work order is deleted or archived";
    WorkorderStarted, "workorder", "started", data::WORKORDER_STARTED, "Triggered when work begins on a work order";
    WorkorderCompleted, "workorder", "completed", data::WORKORDER_COMPLETED, "Triggered when a work order is marked as completed";
    WorkorderCancelled, "workorder", "cancelled", data::WORKORDER_CANCELLED, "Triggered when a work order is cancelled";
    ProjectCreated, "project", "created", data::PROJECT_CREATED, "Triggered when a new project is created";
    ProjectUpdated, "project", "updated", data::PROJECT_UPDATED, "Triggered when project details are updated";
    ProjectCompleted, "project", "completed", data::PROJECT_COMPLETED, "Triggered when a project is marked as completed";
    EmployeeCreated, "employee", "created", data::EMPLOYEE_CREATED, "Triggered when a new employee is added to the system";
    EmployeeUpdated, "employee", "updated", data::EMPLOYEE_UPDATED, "Triggered when employee information is updated";
    EmployeeDeleted, "employee", "deleted", data::EMPLOYEE_DELETED, "Triggered when an employee is removed from the system";
    EmployeeAssigned, "employee", "assigned", data::EMPLOYEE_ASSIGNED, "Triggered when an employee is assigned to a work order or project";
    VendorCreated, "vendor", "created", data::VENDOR_CREATED, "Triggered when a new vendor is registered";
    VendorUpdated, "vendor", "updated", data::VENDOR_UPDATED, "Triggered when vendor information is updated";
    VendorDeleted, "vendor", "deleted", data::VENDOR_DELETED, "Triggered when a vendor is removed";
    TimeoffRequested, "timeoff", "requested", data::TIMEOFF_REQUESTED, "Triggered when an employee submits a time off request";
    TimeoffApproved, "timeoff", "approved", data::TIMEOFF_DECIDED, "Triggered when a time off request is approved";
    TimeoffDenied, "timeoff", "denied", data::TIMEOFF_DECIDED, "Triggered when a time off request is denied";
    TimeoffCancelled, "timeoff", "cancelled", data::TIMEOFF_CANCELLED, "Triggered when a time off request is cancelled";
    ReportGenerated, "report", "generated", data::REPORT_GENERATED, "Triggered when a scheduled report is generated";
    ReportScheduled, "report", "scheduled", data::REPORT_SCHEDULED, "Triggered when a new report schedule is created";
    ReportFailed, "report", "failed", data::REPORT_FAILED, "Triggered when report generation fails";
}

impl EventName {
    /// Its row in the catalog.
    #[must_use]
    pub const fn event_type(self) -> &'static EventType {
        &CATALOG[self as usize]
    }

    /// The part of the name before the dot.
    #[must_use]
    pub const fn group(self) -> &'static str {
        self.event_type().group
    }

    /// Its example as an event of this name is sent: what a test send carries.
    #[must_use]
    pub fn example_body(self) -> String {
        to_wire(&self.example())
    }

    /// The record that its example is about.
    #[must_use]
    pub fn example_subject(self) -> Option<Subject> {
        self.example().get("data").and_then(Value::as_object).and_then(Subject::of)
    }

    /// The examples are part of the program, and a test reads each: null would be a broken build.
    fn example(self) -> Value {
        serde_json::from_str(self.event_type().example).unwrap_or_default()
    }

    /// Whether it says which fields changed.
    #[must_use]
    pub fn is_update(self) -> bool {
        self.event_type().fields.iter().any(|field| field.name == "changedFields")
    }

    /// When it is raised.
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.event_type().description
    }
}

impl std::str::FromStr for EventName {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        Self::parse(name).ok_or(UnknownEvent)
    }
}

/// JSON Schema of an event's body: envelope and data.
#[must_use]
pub fn json_schema(name: EventName) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["event", "timestamp", "data"],
        "properties": {
            "event": { "const": name.as_str() },
            "timestamp": { "type": "string", "format": "date-time" },
            "data": data_object(name.event_type().fields),
        }
    })
}

/// The entry of an event in `GET /api/event-types`.
#[must_use]
pub fn catalog_entry(name: EventName) -> Value {
    let event = name.event_type();
    let mut schema = json!({ "$schema": DIALECT, "title": event.name.as_str() });
    if let (Value::Object(schema), Value::Object(mut body)) = (&mut schema, json_schema(name)) {
        schema.append(&mut body);
    }
    let schema = published(schema);
    json!({
        "name": event.name.as_str(),
        "group": event.group,
        "description": event.description,
        "schema": schema,
        "example": name.example(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Type, without_texts};

    #[test]
    fn every_field_says_what_it_means() {
        for name in EventName::ALL {
            for field in name.event_type().fields {
                assert!(!field.doc.is_empty(), "{name} {}", field.name);
                let Type::Object(inner) = field.kind else { continue };
                assert!(inner.iter().all(|inner| !inner.doc.is_empty()), "{name} {}", field.name);
            }
        }
    }

    #[test]
    fn the_catalog_is_in_the_order_of_the_names() {
        for (i, row) in CATALOG.iter().enumerate() {
            assert_eq!(row.name as usize, i);
            assert_eq!(row.name.as_str().parse(), Ok(row.name));
            assert_eq!(serde_json::to_value(row.name).unwrap(), row.name.as_str());
            assert_eq!(serde_json::from_value::<EventName>(json!(row.name.as_str())).unwrap(), row.name);
        }
        assert_eq!("workorder.exploded".parse::<EventName>(), Err(UnknownEvent));
    }

    #[test]
    fn names_order_and_descriptions_are_those_of_the_public_page() {
        let page = include_str!("../../../../tests/fixtures/events.tsv");
        let ours = EventName::ALL.map(|name| format!("{name}\t{}", name.description()));
        assert_eq!(ours.join("\n"), page.trim_end());
    }

    #[test]
    fn schemas_are_those_of_the_contract() {
        let contract = include_str!("../../../../tests/fixtures/schemas/event.schema.json");
        let contract: Value = serde_json::from_str(contract).unwrap();
        let theirs = contract["oneOf"].as_array().unwrap();
        assert_eq!(theirs.len(), EventName::ALL.len());
        for name in EventName::ALL {
            let theirs = theirs.iter().find(|theirs| theirs["properties"]["event"]["const"] == name.as_str()).unwrap();
            assert_eq!(without_texts(json_schema(name)), without_texts(theirs.clone()), "{name}");
        }
    }

    #[test]
    fn every_entry_has_the_example_of_the_contract() {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/events");
        for name in EventName::ALL {
            let entry = catalog_entry(name);
            let fixture = std::fs::read(fixtures.join(format!("{name}.json"))).unwrap();
            assert_eq!(entry["example"], serde_json::from_slice::<Value>(&fixture).unwrap());
            assert_eq!(entry["example"]["event"], name.as_str());
            assert_eq!(entry["schema"]["$schema"], DIALECT);
        }
    }
}
