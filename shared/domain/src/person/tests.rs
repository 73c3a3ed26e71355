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
        "call 512-555-0147!",
        "Ána\n  Ruiz",
    ] {
        assert!(ana().is_named_in(named), "{named}");
    }
    for other in [
        "Ána",
        "Ruiz",
        "Jo\u{e1}na Ruiz",
        "Ána Ruizo",
        "joana.ana@acme.test",
        "ana@acme.testing",
        "ana@acme.test.au",
        "E-7",
        "",
    ] {
        assert!(!ana().is_named_in(other), "{other}");
    }
    assert!(ana().is_mentioned_in("by emp_01JAMB3X9T7Q2V5K8N4C6D0EFG") && !ana().is_mentioned_in("by E-7"));
    let single = Person::of(&map(json!({"firstName": "Suharto", "lastName": "Suharto"})));
    assert!(!single.is_named_in("for Suharto"), "a single word is no full name");
    let double = Person::of(&map(json!({"firstName": "Ana Sol", "lastName": "Ana Sol"})));
    assert!(double.is_named_in("for Ana Sol"));
    assert!(!Person::of(&map(json!({"firstName": "Ana", "email": " "}))).is_named_in("Ana"), "no full name");
    assert_eq!(format!("{:?}", ana()), "Person(..)");
}

#[test]
fn a_contact_goes_as_a_whole_and_a_text_keeps_the_rest() {
    let mut order = map(json!({
        "id": "wo_1", "workOrderNumber": "Ána Ruiz", "title": "Truck of Ána Ruiz and Ána Ruiz, Annie Ruiz",
        "siteContact": {"name": "Somebody", "phone": "(512) 555-0147"}, "customerReference": "Ána Ruiz 5125550147",
        "assignments": [{"employeeId": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7", "notes": "ana@acme.test, 5125550147"}],
        "materials": [{"name": "rebar", "quantity": 1}], "tags": ["ANA@acme.test", "roof"], "estimatedHours": 8,
        "customFields": {"foreman": "ruiz, ána", "crew": ["Annie Ruiz", "Bo"], "size": 4}, "gone": ["of Ána Ruiz"],
        "said": {"version": 3, "fields": {"siteContact": {"name": "Bo", "phone": "(512) 555-0147"}, "title": "Ána Ruiz"}},
    }));
    assert!(ana().erase_from(Kind::WorkOrder, &mut order));
    let left = json!({
        "id": "wo_1", "workOrderNumber": "Ána Ruiz", "title": "Truck of [erased] and [erased], [erased]",
        "customerReference": "[erased] 5125550147",
        "assignments": [{"employeeId": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG", "employeeNumber": "E-7", "notes": "[erased], [erased]"}],
        "materials": [{"name": "rebar", "quantity": 1}], "tags": ["roof"], "estimatedHours": 8,
        "customFields": {"foreman": "[erased]", "crew": ["Bo"], "size": 4}, "gone": ["of [erased]"],
        "said": {"version": 3, "fields": {"title": "[erased]"}},
    });
    assert_eq!(Value::Object(order.clone()), left);
    assert!(!ana().erase_from(Kind::WorkOrder, &mut order), "nothing is left to erase");
    let unlucky = Person::of(&map(json!({"firstName": "Erased", "lastName": "Erased Erased"})));
    assert!(
        unlucky.erase_from(Kind::WorkOrder, &mut map(json!({"title": "Erased Erased Erased"}))),
        "it comes to an end"
    );

    let mut vendor = map(json!({
        "vendorNumber": "V-1", "email": "ana@acme.test",
        "contacts": [{"name": "ánA ruiz", "title": "owner"}, {"name": "Bo Li", "phone": "555"}],
    }));
    assert!(ana().erase_from(Kind::Vendor, &mut vendor));
    let left = json!({"vendorNumber": "V-1", "contacts": [{"name": "Bo Li", "phone": "555"}]});
    assert_eq!(Value::Object(vendor), left);
}

#[test]
fn keys_ids_words_and_dates_are_never_changed_whatever_the_person_is_called() {
    let odd = Person::of(&map(json!({
        "firstName": "on", "lastName": "hold", "preferredName": "on hold", "phone": "2025-11-03", "mobilePhone": "5550147",
    })));
    let mut order = map(json!({
        "id": "wo_1", "workOrderNumber": "on hold", "projectNumber": "On Hold", "parentWorkOrderNumber": "5550147",
        "costCode": "on hold", "status": "on_hold", "scheduledStart": "2025-11-03", "createdAt": "2025-11-03",
        "siteAddress": {"line1": "20251103 Main Street", "postalCode": "5550147"}, "actualStart": "555-0147",
        "externalRef": {"system": "on hold", "id": "on hold"}, "assignments": [{"employeeNumber": "on hold"}],
    }));
    let before = order.clone();
    assert!(!odd.erase_from(Kind::WorkOrder, &mut order));
    assert_eq!(order, before);
    assert!(odd.erase_from(Kind::WorkOrder, &mut map(json!({"title": "on hold"}))), "free text is looked at");
}

#[test]
fn what_a_colleague_has_too_is_not_the_persons_own() {
    let mut person = ana();
    person.leave_out_shared(&map(json!({"email": "Ana@acme.test", "phone": "512 555 0199", "mobilePhone": null})));
    assert!(!person.is_named_in("ana@acme.test") && person.is_named_in("+1 512 555 0147"));
    person.leave_out_shared(&map(json!({"phone": "512-555-0147", "firstName": "ána", "lastName": "RUIZ"})));
    assert!(
        !person.is_named_in("+1 512 555 0147") && !person.is_named_in("Ána Ruiz") && person.is_named_in("Annie Ruiz")
    );
}

#[test]
fn another_record_with_the_number_is_the_person_again_when_it_has_the_name_or_a_contact() {
    let again = |record: Value| ana().is_again_in(&map(record));
    assert!(again(json!({"employeeNumber": "e-7", "firstName": "ÁNA", "lastName": "Ruiz"})));
    assert!(again(json!({"employeeNumber": "E-7", "firstName": "A", "lastName": "R", "email": "ANA@acme.test"})));
    assert!(again(json!({"employeeNumber": "E-7", "firstName": "A", "lastName": "R", "phone": "512 555 0147"})));
    assert!(!again(json!({"employeeNumber": "E-7", "firstName": "Bo", "lastName": "Li"})), "the number was given on");
    assert!(!again(json!({"employeeNumber": "E-8", "firstName": "Ána", "lastName": "Ruiz"})), "a namesake");
    let mut both = ana();
    both.add(&map(json!({"id": "emp_2", "firstName": "Anna", "lastName": "Maria Ruiz"})));
    assert!(both.is_mentioned_in("emp_2") && both.is_named_in("Anna Maria Ruiz") && both.is_named_in("Ána Ruiz"));
}

#[test]
fn an_employee_owns_its_record_and_its_time_off_by_id() {
    let id = "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    let own = json!({"id": id, "employeeNumber": "E-8"});
    let namesake = json!({"id": "emp_01JAMB3X9T7Q2V5K8N4C6D0EFH", "employeeNumber": "E-7"});
    assert!(ana().owns(Kind::Employee, &map(own)) && !ana().owns(Kind::Employee, &map(namesake)));
    let leave = map(json!({"id": "to_1", "employeeId": id, "employeeNumber": "E-7"}));
    assert!(Person::with_id(id).owns(Kind::TimeOff, &leave) && !Person::with_id("E-7").owns(Kind::TimeOff, &leave));
    assert!(!ana().owns(Kind::Project, &leave));
    assert!(!ana().owns(Kind::TimeOff, &map(json!({"employeeId": "emp_2", "employeeNumber": "E-7"}))));
}

#[test]
fn an_event_is_the_persons_when_it_is_about_it_or_names_it() {
    let is_in = |name: &str, data: Value| {
        let name: EventName = serde_json::from_value(json!(name)).expect("an event");
        ana().is_in_event(name, &json!({"id": "evt_1", "event": name, "data": data}).to_string())
    };
    let id = "emp_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    assert!(is_in("employee.updated", json!({"id": id})));
    assert!(is_in("timeoff.requested", json!({"id": "to_1", "employeeId": id})));
    assert!(is_in("workorder.updated", json!({"id": "wo_1", "title": "for Ána Ruiz"})));
    assert!(is_in("workorder.updated", json!({"id": "wo_1", "previous": {"title": "for Ána Ruiz"}})));
    assert!(!is_in("workorder.updated", json!({"id": "wo_1", "previous": {"workOrderNumber": "Ána Ruiz"}})));
    assert!(!is_in("workorder.created", json!({"id": "wo_1", "assignedEmployeeIds": [id]})));
    assert!(!is_in("timeoff.requested", json!({"id": "to_1", "employeeId": "emp_2", "decidedById": id})));
    assert!(ana().is_in_event(EventName::VendorCreated, "no JSON, but ana@acme.test"));
}
