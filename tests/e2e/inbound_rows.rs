//! Whole rows, sent again and again, as an ERP sends them: they say what their changes say, and nothing when nothing has
//! changed.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tests::{Reply, TestApp};

use crate::crew::{self, EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, project, vendor, with, work_order};
use crate::expect::{accepted, defects, events, invalid, refused};
use crate::records::{put_body, record};

const HOUR: Duration = Duration::from_secs(3600);
/// Pairs of bodies for each resource.
const CASES: usize = 16;

fn order(extra: Value) -> Value {
    with(json!({"workOrderNumber": "WO-1", "title": "Pour slab"}), extra)
}

fn request(extra: Value) -> Value {
    let whole = json!({"requestNumber": "TO-1", "employeeNumber": "E-1", "type": "vacation",
        "startDate": "2025-11-10", "endDate": "2025-11-12"});
    with(whole, extra)
}

/// Sends `body`, and again an hour later: the second time changes nothing.
async fn send_twice(app: &TestApp, path: &str, body: Value, action: &str) -> Reply {
    let first = app.post(path, body.clone()).await;
    accepted(&first, action);
    app.advance(HOUR).await;
    let again = app.post(path, body).await;
    accepted(&again, "unchanged");
    assert_eq!(events(&again), [""; 0]);
    first
}

#[tokio::test]
async fn a_whole_row_is_judged_by_what_is_stored() {
    let app = TestApp::start().await;
    send_twice(&app, WORK_ORDER, order(json!({})), "created").await;
    let held = send_twice(&app, WORK_ORDER, order(json!({"status": "on_hold"})), "updated").await;
    assert_eq!(events(&held), ["workorder.updated"]);
    let cancelled = order(json!({"status": "cancelled", "cancellationReason": "Rain"}));
    let cancelled = send_twice(&app, WORK_ORDER, cancelled, "updated").await;
    assert_eq!(events(&cancelled), ["workorder.updated", "workorder.cancelled"]);
    refused(&app.post(WORK_ORDER, order(json!({"status": "on_hold"}))).await, 409, "invalid_state_transition");
    let new = json!({"workOrderNumber": "WO-2", "title": "t", "status": "cancelled", "cancellationReason": "Rain"});
    invalid(&app.post(WORK_ORDER, new).await, &["status invalid_initial_status"]);

    let job = |extra: Value| with(json!({"projectNumber": "P-1", "name": "Riverside"}), extra);
    send_twice(&app, PROJECT, job(json!({})), "created").await;
    let done = send_twice(&app, PROJECT, job(json!({"status": "completed"})), "updated").await;
    assert_eq!(events(&done), ["project.updated", "project.completed"]);
    refused(&app.post(PROJECT, job(json!({"status": "on_hold"}))).await, 409, "invalid_state_transition");
    app.leave_work();
}

#[tokio::test]
async fn what_a_step_took_away_stays_away_when_the_row_is_sent_again() {
    let app = TestApp::start().await;
    let (start, end) = ("2025-10-18T12:00:00Z", "2025-10-19T12:00:00Z");
    let times = |status: &str| order(json!({"status": status, "actualStart": start, "actualEnd": end}));
    send_twice(&app, WORK_ORDER, times("completed"), "created").await;
    send_twice(&app, WORK_ORDER, times("in_progress"), "updated").await;
    assert!(record(&app, "workorder", "WO-1").await.get("actualEnd").is_none());
    send_twice(&app, WORK_ORDER, times("completed"), "updated").await;
    assert_eq!(record(&app, "workorder", "WO-1").await["actualEnd"], end);

    employee(&app, "E-1", json!({"status": "terminated", "terminationDate": "2025-06-30"})).await;
    let rehired = json!({"employeeNumber": "E-1", "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter",
        "status": "active", "hireDate": "2025-09-01", "terminationDate": "2025-06-30"});
    send_twice(&app, EMPLOYEE, rehired, "updated").await;
    assert!(record(&app, "employee", "E-1").await.get("terminationDate").is_none());
    let gone =
        json!({"employeeNumber": "E-1", "status": "terminated", "hireDate": null, "terminationDate": "2025-06-30"});
    send_twice(&app, EMPLOYEE, gone, "updated").await;
    app.leave_work();
}

#[tokio::test]
async fn a_decision_in_a_row_does_not_keep_time_off_from_being_cancelled() {
    let app = TestApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let decision = json!({"byEmployeeNumber": "E-1", "note": "Enjoy"});
    let row = |status: &str| request(json!({"status": status, "decision": decision}));
    send_twice(&app, TIME_OFF, row("approved"), "created").await;
    let cancelled = send_twice(&app, TIME_OFF, row("cancelled"), "updated").await;
    assert_eq!(events(&cancelled), ["timeoff.cancelled"]);
    let other = request(json!({"status": "cancelled", "decision": {"note": "Sorry"}}));
    invalid(&app.post(TIME_OFF, other).await, &["decision conflicting_fields"]);
    let open = with(request(json!({"decision": decision})), json!({"requestNumber": "TO-2", "type": "x"}));
    invalid(&app.post(TIME_OFF, open).await, &["decision conflicting_fields", "type invalid_value"]);
    app.leave_work();
}

#[tokio::test]
async fn what_is_approved_on_receipt_stays_so_whatever_becomes_of_the_rule() {
    let app = TestApp::start().await;
    employee(&app, "E-1", json!({"timeOffApprovalRequired": false})).await;
    let asked = send_twice(&app, TIME_OFF, request(json!({"status": "requested"})), "created").await;
    assert_eq!(events(&asked), ["timeoff.requested", "timeoff.approved"]);
    employee(&app, "E-1", json!({"timeOffApprovalRequired": true})).await;
    accepted(&app.post(TIME_OFF, request(json!({"status": "requested"}))).await, "unchanged");
    app.leave_work();
}

#[tokio::test]
async fn null_and_nothing_leave_alone_what_the_system_filled_in() {
    let app = TestApp::start().await;
    for (i, nothing) in [json!(null), json!("")].into_iter().enumerate() {
        let [job, person, number] = [format!("P-{i}"), format!("E-{i}"), format!("N-{i}")];
        let address = json!({"line1": "1 Main St", "country": nothing});
        let row = json!({"projectNumber": job, "name": "Riverside", "status": nothing, "timeZone": "America/Toronto",
            "currency": nothing, "actualEndDate": nothing, "siteAddress": address, "projectManagerId": nothing,
            "dailyStartTime": nothing});
        send_twice(&app, PROJECT, row, "created").await;
        let row = json!({"employeeNumber": person, "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter",
            "status": nothing, "employmentType": nothing, "timeZone": nothing, "currency": nothing,
            "hourlyCostRate": "50.00", "address": address});
        send_twice(&app, EMPLOYEE, row, "created").await;
        let row = json!({"workOrderNumber": number, "title": "t", "status": "in_progress", "actualStart": nothing,
            "actualEnd": nothing, "priority": nothing, "timeZone": nothing, "currency": nothing, "projectId": nothing,
            "projectNumber": job, "siteAddress": null, "workDays": null,
            "assignments": [{"employeeId": nothing, "employeeNumber": person, "lead": null}],
            "materials": [{"name": "rebar", "quantity": 1, "unit": "ea", "status": nothing}]});
        send_twice(&app, WORK_ORDER, row.clone(), "created").await;

        // What the defaults came from has moved.
        let moved = json!({"timeZone": "America/Chicago", "currency": "CAD", "siteAddress": {"line1": "2 Main St"}});
        project(&app, &job, moved).await;
        accepted(&app.post(WORK_ORDER, row.clone()).await, "unchanged");
        let stored = record(&app, "workorder", &number).await;
        assert_eq!(stored["timeZone"], "America/Toronto");
        assert_eq!(stored["siteAddress"]["line1"], "1 Main St");

        let done = send_twice(&app, WORK_ORDER, with(row, json!({"status": "completed"})), "updated").await;
        assert_eq!(events(&done), ["workorder.updated", "workorder.completed"]);
        let ended = record(&app, "workorder", &number).await;
        assert_eq!(ended["actualStart"], stored["actualStart"], "a change of something else erases nothing either");
        assert!(ended["actualEnd"].is_string());
    }
    app.leave_work();
}

#[tokio::test]
async fn null_and_nothing_leave_alone_what_time_off_filled_in() {
    let app = TestApp::start().await;
    employee(&app, "E-1", json!({})).await;
    for (i, nothing) in [json!(null), json!("")].into_iter().enumerate() {
        let day = format!("2025-11-1{i}");
        let row = json!({"requestNumber": format!("TO-{i}"), "employeeNumber": "E-1", "employeeId": nothing,
            "type": "vacation", "startDate": day, "endDate": day, "status": "approved", "timeZone": nothing,
            "paid": null, "includeWeekends": null, "decision": null});
        send_twice(&app, TIME_OFF, row.clone(), "created").await;
        let at = record(&app, "timeoff", &format!("TO-{i}")).await["decision"]["at"].clone();
        let row = with(row, json!({"decision": {"at": nothing, "note": "Enjoy"}}));
        send_twice(&app, TIME_OFF, row.clone(), "updated").await;
        assert_eq!(record(&app, "timeoff", &format!("TO-{i}")).await["decision"]["at"], at);
        send_twice(&app, TIME_OFF, with(row, json!({"status": "cancelled"})), "updated").await;
    }
    app.leave_work();
}

#[tokio::test]
async fn null_still_clears_what_the_sender_said() {
    let app = TestApp::start().await;
    let said = json!({"priority": "urgent", "timeZone": "Europe/Berlin", "phase": "Rough-in", "status": "in_progress",
        "actualStart": "2025-10-18T12:00:00Z"});
    work_order(&app, "WO-1", said).await;
    let cleared = order(json!({"priority": null, "timeZone": null, "phase": null, "actualStart": null}));
    send_twice(&app, WORK_ORDER, cleared, "updated").await;
    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!((&stored["priority"], &stored["timeZone"]), (&json!("normal"), &json!("America/Chicago")));
    assert!(stored.get("phase").is_none() && stored.get("actualStart").is_none());
    app.leave_work();
}

#[tokio::test]
async fn a_record_that_has_no_note_keeps_its_recorded_times() {
    let app = TestApp::start().await;
    work_order(&app, "WO-1", json!({"status": "in_progress"})).await;
    let mut old = record(&app, "workorder", "WO-1").await;
    old.as_object_mut().expect("an object").remove("said");
    put_body(&app, "workorder", "WO-1", &old).await;
    accepted(&app.post(WORK_ORDER, order(json!({"status": "in_progress", "actualStart": null}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, order(json!({"priority": "high", "actualStart": null}))).await, "updated");
    assert_eq!(record(&app, "workorder", "WO-1").await["actualStart"], old["actualStart"]);
    app.leave_work();
}

#[tokio::test]
async fn one_defect_is_one_error() {
    let app = TestApp::start().await;
    let place = |latitude: Value| json!({"line1": "x", "latitude": latitude, "longitude": 5});
    let cases = [
        (
            PROJECT,
            json!({"projectNumber": "P-1", "name": "n", "siteAddress": place(json!(91))}),
            vec!["siteAddress.latitude out_of_range"],
        ),
        (
            PROJECT,
            json!({"projectNumber": "P-1", "name": "n", "siteAddress": {"line1": 5}}),
            vec!["siteAddress.line1 invalid_type"],
        ),
        (
            PROJECT,
            json!({"projectNumber": "P-1", "name": "n", "dailyStartTime": "7", "dailyEndTime": "15:00",
            "team": [5, {"role": "x", "employeeNumber": "?"}, {"role": "x"}]}),
            vec![
                "dailyStartTime invalid_format",
                "team[0] invalid_type",
                "team[1].employeeNumber invalid_format",
                "team[2].employeeNumber required",
            ],
        ),
        (
            WORK_ORDER,
            order(json!({"scheduledStart": "soon", "scheduledEnd": "2025-10-27T12:00:00Z", "status": "scheduled"})),
            vec!["scheduledStart invalid_format"],
        ),
        (
            WORK_ORDER,
            order(json!({"assignments": [{"employeeNumber": "?"}, {"vendorId": 5, "headcount": 2},
            {"employeeId": "x", "headcount": 0}, {}]})),
            vec![
                "assignments[0].employeeNumber invalid_format",
                "assignments[1].vendorId invalid_type",
                "assignments[2].employeeId invalid_format",
                "assignments[2].headcount out_of_range",
                "assignments[3].employeeNumber required",
            ],
        ),
        (
            WORK_ORDER,
            order(json!({"status": "cancelled", "cancellationReason": 5})),
            vec!["cancellationReason invalid_type"],
        ),
        (
            WORK_ORDER,
            order(json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-26T12:00:00Z",
            "assignments": [{"employeeNumber": "E-1", "start": "2025-10-27T12:00:00Z"}]})),
            vec!["scheduledEnd date_order"],
        ),
        (
            EMPLOYEE,
            json!({"employeeNumber": "E-1", "firstName": "A", "lastName": "B", "role": "c", "status": "terminated",
            "terminationDate": "never"}),
            vec!["terminationDate invalid_format"],
        ),
        (EMPLOYEE, json!({"employeeNumber": "?", "firstName": "A"}), vec!["employeeNumber invalid_format"]),
        (
            VENDOR,
            json!({"vendorNumber": "V-1", "name": "n", "vendorType": "supplier", "taxId": "12-3456789",
            "taxIdType": "vat id", "w9ReceivedOn": "2025-02-03", "w9OnFile": "yes"}),
            vec!["taxIdType invalid_value", "w9OnFile invalid_type"],
        ),
        (
            TIME_OFF,
            request(json!({"employeeNumber": "?", "startTime": "noon", "endTime": "16:30",
            "endDate": "2025-11-10"})),
            vec!["employeeNumber invalid_format", "startTime invalid_format"],
        ),
        (TIME_OFF, request(json!({"status": "?", "decision": {"note": "x"}})), vec!["status invalid_value"]),
    ];
    for (path, body, expected) in cases {
        let reply = app.post(path, body.clone()).await;
        assert_eq!((reply.status, defects(&reply)), (400, expected.iter().map(|&e| e.to_owned()).collect()), "{body}");
    }
}

#[tokio::test]
async fn all_defects_come_at_once_with_what_a_new_record_lacks() {
    let app = TestApp::start().await;
    let bad = |extra: Value| with(json!({"workOrderNumber": "WO-1", "priority": "x"}), extra);
    invalid(&app.post(WORK_ORDER, bad(json!({}))).await, &["priority invalid_value", "title required"]);
    let end = json!({"scheduledEnd": "2025-10-27T12:00:00Z"});
    let lacking = ["priority invalid_value", "scheduledStart missing_dependency", "title required"];
    invalid(&app.post(WORK_ORDER, bad(end.clone())).await, &lacking);
    invalid(
        &app.post(WORK_ORDER, bad(json!({"operation": "create"}))).await,
        &lacking[..1].iter().chain(&lacking[2..]).copied().collect::<Vec<_>>(),
    );
    invalid(&app.post(WORK_ORDER, bad(json!({"operation": "update"}))).await, &lacking[..1]);
    invalid(&app.post(WORK_ORDER, bad(json!({"id": "wo_unknown"}))).await, &lacking[..1]);
    invalid(&app.post(WORK_ORDER, bad(json!({"id": "?"}))).await, &["id invalid_format", "priority invalid_value"]);
    invalid(
        &app.post(WORK_ORDER, bad(json!({"workOrderNumber": "?"}))).await,
        &["priority invalid_value", "workOrderNumber invalid_format"],
    );
    refused(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "update"})).await, 404, "not_found");

    crew::ok(app.post(WORK_ORDER, order(json!({}))).await);
    invalid(&app.post(WORK_ORDER, bad(json!({}))).await, &lacking[..1]);
    invalid(&app.post(WORK_ORDER, bad(end)).await, &lacking[..2]);
    invalid(&app.post(WORK_ORDER, bad(json!({"operation": "create"}))).await, &lacking[..1]);
    refused(
        &app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "create"})).await,
        409,
        "already_exists",
    );
    app.leave_work();
}

/// Fields of a resource with values that they take; null clears.
struct Table {
    path: &'static str,
    segment: &'static str,
    key: &'static str,
    needed: Value,
    fields: Vec<(&'static str, Vec<Value>)>,
}

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

    /// The record as the two ways must have made it alike.
    async fn stored(&self, app: &TestApp, number: &str) -> Value {
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
async fn whole_rows_come_to_what_their_changes_come_to() {
    let app = TestApp::start().await;
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
    }
    assert!(changes > 30, "only {changes} of the pairs came to a change");
    app.leave_work();
}

/// Sends `first`, then `change` to one record and the whole row to another. Whether that changed anything.
async fn rows_and_changes(app: &TestApp, table: &Table, case: usize, first: Value, change: Value) -> bool {
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
            employee(app, number, json!({"timeOffApprovalRequired": case % 3 > 0})).await;
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
