//! What is wrong with a row: each defect once, and all of them at once.

use serde_json::{Value, json};
use tests::{InboundApp, TestApp};

use super::{order, request};
use crate::crew::{self, EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, with};
use crate::expect::{defects, invalid, refused};

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
    let app = InboundApp::start().await;
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
}
