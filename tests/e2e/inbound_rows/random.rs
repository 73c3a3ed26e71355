//! Pairs of bodies, at random and to every status: the whole row comes to what its change comes to.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use super::HOUR;
use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, project, vendor, with, work_order};
use crate::expect::{defects, events};
use crate::records::record;

/// Pairs of bodies for each resource.
const CASES: usize = 16;

/// Fields of a resource with values that they take; null clears.
struct Table {
    path: &'static str,
    segment: &'static str,
    key: &'static str,
    needed: Value,
    fields: Vec<(&'static str, Vec<Value>)>,
}

#[expect(clippy::too_many_lines, reason = "a table for each resource")]
fn tables() -> [Table; 5] {
    let (early, late) = ("2025-10-27T12:00:00Z", "2025-10-29T20:00:00Z");
    let address = || {
        vec![json!(null), json!({"line1": "1 Main St"}), json!({"latitude": 30.2, "longitude": -97.7, "country": "MX"})]
    };
    let rate = || vec![json!(null), json!("50.00"), json!("60.5")];
    let days = || vec![json!(null), json!(["mon", "tue"]), json!(["sat"])];
    let zone = || vec![json!(null), json!("America/Toronto"), json!("America/Chicago")];
    let words = |words: &[&str]| words.iter().map(|word| json!(word)).chain([json!(null)]).collect::<Vec<_>>();
    let flag = || vec![json!(null), json!(true), json!(false)];
    [
        Table {
            path: WORK_ORDER,
            segment: "workorder",
            key: "workOrderNumber",
            needed: json!({"title": "Pour slab"}),
            fields: vec![
                ("title", vec![json!("Pour wall")]),
                ("status", words(&["unscheduled", "scheduled", "in_progress", "on_hold", "completed", "cancelled"])),
                ("priority", words(&["urgent", "normal"])),
                ("projectNumber", words(&["P-1", "P-2"])),
                ("parentWorkOrderNumber", words(&["WO-parent"])),
                ("scheduledStart", words(&[early])),
                ("scheduledEnd", words(&[late])),
                ("actualStart", words(&["2025-10-18T12:00:00Z"])),
                ("actualEnd", words(&["2025-10-19T12:00:00Z"])),
                ("timeZone", zone()),
                ("workDays", days()),
                ("siteAddress", address()),
                ("cancellationReason", words(&["Rain"])),
                (
                    "assignments",
                    vec![
                        json!(null),
                        json!([]),
                        json!([{"employeeNumber": "E-1"}]),
                        json!([{"employeeNumber": "E-2", "lead": true}, {"vendorNumber": "V-1"}]),
                    ],
                ),
                ("materials", vec![json!(null), json!([{"name": "rebar", "quantity": 1, "unit": "ea"}])]),
                ("customFields", vec![json!(null), json!({"a": 1}), json!({"a": 2})]),
            ],
        },
        Table {
            path: PROJECT,
            segment: "project",
            key: "projectNumber",
            needed: json!({"name": "Riverside"}),
            fields: vec![
                ("status", words(&["planning", "active", "on_hold", "completed", "cancelled"])),
                ("timeZone", zone()),
                ("workDays", days()),
                ("siteAddress", address()),
                ("actualStartDate", words(&["2025-10-01"])),
                ("actualEndDate", words(&["2025-10-15"])),
                ("projectManagerNumber", words(&["E-1", "E-2"])),
                ("team", vec![json!(null), json!([{"employeeNumber": "E-1", "role": "foreman"}])]),
                ("phases", vec![json!(null), json!([{"name": "Rough-in"}])]),
                ("unionJob", flag()),
            ],
        },
        Table {
            path: EMPLOYEE,
            segment: "employee",
            key: "employeeNumber",
            needed: json!({"firstName": "Ana", "lastName": "Ruiz", "role": "carpenter"}),
            fields: vec![
                ("status", words(&["active", "inactive", "terminated"])),
                ("hireDate", words(&["2025-01-15", "2025-09-01"])),
                ("terminationDate", words(&["2025-06-30", "2025-10-01"])),
                ("employmentType", words(&["full_time", "seasonal"])),
                ("supervisorNumber", words(&["E-1", "E-2"])),
                ("timeZone", zone()),
                ("hourlyCostRate", rate()),
                ("address", address()),
                ("hoursPerDay", vec![json!(null), json!(8), json!(10)]),
                ("timeOffApprovalRequired", flag()),
            ],
        },
        Table {
            path: VENDOR,
            segment: "vendor",
            key: "vendorNumber",
            needed: json!({"name": "Lone Star", "vendorType": "supplier"}),
            fields: vec![
                ("status", words(&["pending", "active", "inactive", "blocked"])),
                ("taxId", words(&["12-3456789", "98-7654321"])),
                ("taxIdType", words(&["ein", "other"])),
                ("w9OnFile", flag()),
                ("w9ReceivedOn", words(&["2025-02-03"])),
                ("hourlyBillRate", rate()),
                ("address", address()),
                ("insurance", vec![json!(null), json!([{"type": "auto", "carrier": "c", "expiresOn": "2025-12-31"}])]),
            ],
        },
        Table {
            path: TIME_OFF,
            segment: "timeoff",
            key: "requestNumber",
            needed: json!({"type": "vacation", "startDate": "2025-11-10", "endDate": "2025-11-10"}),
            fields: vec![
                ("type", vec![json!("unpaid"), json!("sick")]),
                ("status", words(&["requested", "approved", "denied", "cancelled"])),
                ("endDate", vec![json!("2025-11-10"), json!("2025-11-11")]),
                ("hours", vec![json!(null), json!(4)]),
                ("paid", flag()),
                ("includeWeekends", flag()),
                ("timeZone", zone()),
                ("decision", vec![json!(null), json!({"note": "Enjoy"}), json!({"byEmployeeNumber": "E-2"})]),
                ("cancellationReason", words(&["Trip moved"])),
                ("notes", words(&["x"])),
            ],
        },
    ]
}

impl Table {
    /// Some fields with values.
    fn body(&self, most: usize) -> impl Strategy<Value = Value> + use<> {
        let fields = subsequence(self.fields.clone(), 0..=most);
        fields.prop_flat_map(|fields| {
            let values: Vec<_> = fields.into_iter().map(|(name, values)| (Just(name), select(values))).collect();
            values.prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        })
    }

    /// A change to every status, with what it needs: chance seldom brings both, and few of them are first states.
    fn statuses(&self) -> Vec<Value> {
        let values = |name| self.fields.iter().filter(move |field| field.0 == name).flat_map(|field| field.1.clone());
        let reason = values("cancellationReason").next().map(|reason| json!({ "cancellationReason": reason }));
        let change = |status: Value| match &reason {
            Some(reason) if status == "cancelled" => with(json!({ "status": status }), reason.clone()),
            _ => json!({ "status": status }),
        };
        values("status").filter(|status| !status.is_null()).map(change).collect()
    }

    /// The record as the two ways must have made it alike.
    async fn stored(&self, app: &InboundApp, number: &str) -> Value {
        let mut stored = record(app, self.segment, number).await;
        let members = stored.as_object_mut().expect("an object");
        for own in [self.key, "id", "said", "employeeId", "employeeNumber"] {
            members.remove(own);
        }
        stored
    }
}

/// A row that asks for a `scheduled` order without a start contradicts itself, which its change alone does not.
fn contradicts_itself(row: &Value, change: &Value) -> bool {
    row["status"] == "scheduled" && row["scheduledStart"].is_null() && change.get("status").is_none()
}

#[tokio::test]
async fn a_whole_row_has_the_same_result_as_its_changes() {
    let app = InboundApp::start().await;
    for number in ["E-1", "E-2"] {
        employee(&app, number, json!({})).await;
    }
    vendor(&app, "V-1", json!({})).await;
    work_order(&app, "WO-parent", json!({})).await;
    project(&app, "P-1", json!({"siteAddress": {"line1": "275 Notre-Dame", "country": "CA"}})).await;
    project(&app, "P-2", json!({"timeZone": "America/Toronto"})).await;
    // Always the same seed: a test that fails fails again.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut random = TestRunner::new_with_rng(Config::default(), rng);
    let mut changes = 0;
    for table in tables() {
        let pairs = (table.body(5), table.body(3));
        for case in 0..CASES {
            let (first, change) = pairs.new_tree(&mut random).expect("a value").current();
            changes += usize::from(rows_and_changes(&app, &table, case, first, change).await);
        }
        for (case, change) in (CASES..).zip(table.statuses()) {
            changes += usize::from(rows_and_changes(&app, &table, case, json!({}), change).await);
        }
    }
    assert!(changes > 30, "only {changes} of the pairs came to a change");
}

/// Sends `first`, then `change` to one record and the whole row to another. Whether that changed anything.
async fn rows_and_changes(app: &InboundApp, table: &Table, case: usize, first: Value, change: Value) -> bool {
    let first = with(table.needed.clone(), first);
    let row = with(first.clone(), change.clone());
    let what = format!("{} {first} then {change}", table.segment);
    if contradicts_itself(&row, &change) {
        return false;
    }
    let numbers = [format!("{}-{case}-row", table.segment), format!("{}-{case}-change", table.segment)];
    let mut bodies = Vec::new();
    for (number, second) in numbers.iter().zip([row, change]) {
        let mut own = json!({table.key: number});
        if table.segment == "timeoff" {
            // Nobody has two requests for one day.
            employee(app, number, json!({"timeOffApprovalRequired": !case.is_multiple_of(3)})).await;
            own["employeeNumber"] = json!(number);
        }
        let reply = app.post(table.path, with(own.clone(), first.clone())).await;
        if reply.status != 200 {
            return false;
        }
        bodies.push(with(own, second));
    }
    app.advance(HOUR).await;
    let whole = app.post(table.path, bodies[0].clone()).await;
    let part = app.post(table.path, bodies[1].clone()).await;
    let outcome = |reply: &Reply| (reply.status, reply.code().to_owned(), defects(reply), reply.body["action"].clone());
    assert_eq!(outcome(&whole), outcome(&part), "{what}: {} {}", whole.text, part.text);
    assert_eq!(events(&whole), events(&part), "{what}");
    assert_eq!(table.stored(app, &numbers[0]).await, table.stored(app, &numbers[1]).await, "{what}");
    if whole.status == 200 {
        app.advance(HOUR).await;
        for body in bodies {
            let again = app.post(table.path, body).await;
            assert_eq!(
                (&again.body["action"], events(&again)),
                (&json!("unchanged"), vec![]),
                "{what}: {}",
                again.text
            );
        }
    }
    whole.body["action"] == "updated"
}
