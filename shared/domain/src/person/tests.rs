use serde_json::json;

use super::*;

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value}") };
    map
}

fn ana() -> Person {
    Person::of(&map(json!({
        "id": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7", "firstName": "Ána", "middleName": "Sol",
        "lastName": "Ruiz", "preferredName": "Annie", "email": "ana@acme.test", "mobilePhone": "+1 512 555 0147",
    })))
}

#[test]
fn a_text_names_the_person_in_any_order_and_case_and_as_whole_words() {
    for named in [
        "Ána Ruiz",
        "call ANNIE RUIZ!",
        "Ruiz, ána",
        "Ruiz Ána",
        "(Ána Sol Ruiz)",
        "mail ANA@acme.test.",
        "+1 512 555 0147",
        r#"{"notes": "ask\nÁna Ruiz"}"#,
        r#"{"body": "{\"title\": \"for\\nÁna Ruiz\"}"}"#,
        r#"["15125550147"]"#,
    ] {
        assert!(ana().is_named_in(named), "{named}");
    }
    for other in ["Ána", "Ruiz", "Jo\u{e1}na Ruiz", "Ána Ruizo", "joana.ana@acme.test", "ana@acme.testing", "E-7", ""]
    {
        assert!(!ana().is_named_in(other), "{other}");
    }
    assert!(ana().is_mentioned_in("by emp_01JAMB3X9T7Q2V5K8N4C6D0EFG") && !ana().is_mentioned_in("by E-7"));
    let single = Person::of(&map(json!({"firstName": "Suharto", "lastName": "Suharto"})));
    assert!(single.is_named_in("for Suharto") && !single.is_named_in("Suhartono"));
    assert!(!Person::of(&map(json!({"firstName": "Ana", "email": " "}))).is_named_in("Ana"), "no full name");
    assert_eq!(format!("{:?}", ana()), "Person(..)");
}

#[test]
fn a_contact_goes_as_a_whole_and_a_text_keeps_the_rest() {
    let mut order = map(json!({
        "id": "wo_1", "workOrderNumber": "Ána Ruiz", "title": "Truck of Ána Ruiz and Ána Ruiz, Annie Ruiz",
        "siteContact": {"name": "Somebody", "phone": "+15125550147"},
        "assignments": [{"employeeId": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7", "notes": "ana@acme.test"}],
        "materials": [{"name": "rebar", "quantity": 1}], "tags": ["ANA@acme.test", "roof"], "estimatedHours": 8,
        "customFields": {"foreman": "ruiz, ána", "size": 4},
    }));
    assert!(ana().erase_from(Kind::WorkOrder, &mut order));
    let left = json!({
        "id": "wo_1", "workOrderNumber": "Ána Ruiz", "title": "Truck of [erased] and [erased], [erased]",
        "assignments": [{"employeeId": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7"}],
        "materials": [{"name": "rebar", "quantity": 1}], "tags": ["roof"], "estimatedHours": 8,
        "customFields": {"foreman": "[erased]", "size": 4},
    });
    assert_eq!(Value::Object(order.clone()), left);
    assert!(!ana().erase_from(Kind::WorkOrder, &mut order), "nothing is left to erase");
    let unlucky = Person::of(&map(json!({"firstName": "Erased", "lastName": "Erased"})));
    assert!(unlucky.erase_from(Kind::WorkOrder, &mut map(json!({"title": "Erased"}))), "and it comes to an end");

    let mut vendor = map(json!({
        "vendorNumber": "V-1", "email": "ana@acme.test",
        "contacts": [{"name": "ánA ruiz", "title": "owner"}, {"name": "Bo Li", "phone": "555"}],
    }));
    assert!(ana().erase_from(Kind::Vendor, &mut vendor));
    let left = json!({"vendorNumber": "V-1", "contacts": [{"name": "Bo Li", "phone": "555"}]});
    assert_eq!(Value::Object(vendor), left);
}

#[test]
fn what_a_crew_shares_is_nobodys_own() {
    let mut person = ana();
    person.leave_out_shared(&map(json!({"email": "Ana@acme.test", "phone": "512 555 0199", "mobilePhone": null})));
    assert!(!person.is_named_in("ana@acme.test") && person.is_named_in("+1 512 555 0147"));
    person.leave_out_shared(&map(json!({"phone": "+15125550147"})));
    assert!(!person.is_named_in("+1 512 555 0147") && person.is_named_in("Ána Ruiz"));
}

#[test]
fn an_employee_owns_its_record_and_its_time_off_by_id_or_else_by_number() {
    let own = json!({"id": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-8"});
    let namesake = json!({"id": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFH", "employeeNumber": "E-7"});
    assert!(ana().owns(Kind::Employee, &map(own)) && !ana().owns(Kind::Employee, &map(namesake)));
    let leave = map(json!({"id": "to_1", "employeeId": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7"}));
    for known in ["emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "e-7"] {
        assert!(Person::without_record(known).owns(Kind::TimeOff, &leave), "{known}");
    }
    assert!(!Person::without_record("E-8").owns(Kind::TimeOff, &leave) && !ana().owns(Kind::Project, &leave));
}

#[test]
fn an_event_is_the_persons_when_it_is_about_it_or_names_it() {
    let event = |data: Value| json!({"id": "evt_1", "event": "x", "data": data}).to_string();
    let id = "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    assert!(ana().is_in_event("employee", &event(json!({"id": id}))));
    assert!(ana().is_in_event("timeoff", &event(json!({"id": "to_1", "employeeId": id}))));
    assert!(ana().is_in_event("workorder", &event(json!({"id": "wo_1", "title": "for Ána Ruiz"}))));
    assert!(!ana().is_in_event("workorder", &event(json!({"id": "wo_1", "assignedEmployeeIds": [id]}))));
    assert!(!ana().is_in_event("timeoff", &event(json!({"id": "to_1", "employeeId": "emp_2", "decidedById": id}))));
}
