//! What is special to the tests of employees: a stored employee, and whom it may point at.

use domain::models::Kind;
use domain::references::References;
use domain::resource::testing::{Harness, Outcome, object, references, referent};
use serde_json::{Map, Value, json};

use crate::Employee;

/// When the requests of these tests are handled.
pub(crate) const NOW: &str = "2025-11-02T16:20:45Z";
pub(crate) const HARNESS: Harness<Employee> = Harness::new(NOW, "emp_new1");

/// A stored employee with every default, and `fields` over them.
pub(crate) fn stored(fields: Value) -> Map<String, Value> {
    let mut record = object(json!({
        "id": "emp_Mj1131", "employeeNumber": "E-1131", "firstName": "María José", "lastName": "Núñez Ávila",
        "role": "finisher", "status": "active", "employmentType": "full_time", "timeZone": "America/Chicago",
        "workDays": ["mon", "tue", "wed", "thu", "fri"], "hoursPerDay": 8, "timeOffApprovalRequired": true,
        "version": 1, "createdAt": "2025-10-19T22:04:11Z", "updatedAt": "2025-10-19T22:04:11Z",
    }));
    record.extend(object(fields));
    record
}

pub(crate) fn people(of: &[(&str, &str, &str)]) -> References {
    let people = of.iter().map(|(id, number, status)| referent(Kind::Employee, id, number, json!({"status": status})));
    references(&people.collect::<Vec<_>>())
}

pub(crate) fn update(stored: &Map<String, Value>, sent: Value) -> Outcome {
    HARNESS.send(Some(stored), sent, &References::default()).unwrap()
}
