use serde_json::{Map, Value, json};

use crate::testing::{NOW, create, stored, update};

#[test]
fn events_have_the_public_form_of_the_type_and_no_notes() {
    let cancelled = update(
        &create(json!({
            "type": "medical", "startDate": "2025-12-15", "endDate": "2025-12-15", "startTime": "12:30",
            "endTime": "16:30", "hours": 4, "notes": "Rendez-vous médical",
        })),
        json!({"status": "cancelled", "cancellationReason": "Moved"}),
    );
    let expected = json!({
        "id": "to_new1", "requestNumber": "TO-5531", "employeeId": "emp_Mj1131", "employeeNumber": "E-1131",
        "type": "protected_leave", "status": "cancelled", "startDate": "2025-12-15", "endDate": "2025-12-15",
        "startTime": "12:30", "endTime": "16:30", "hours": 4, "paid": true, "timeZone": "America/Toronto",
        "revision": 1, "version": 2, "updatedAt": NOW, "cancelledAt": NOW,
    });
    assert_eq!(Value::Object(cancelled.unwrap().events[0].data.clone()), expected);
}

#[test]
fn what_nobody_stated_is_null_in_events() {
    let approved = stored("approved");
    let data: &Map<String, Value> = &approved.events[0].data;
    assert_eq!((&data["startTime"], &data["decidedById"]), (&Value::Null, &Value::Null));
}
