//! Data classes, `docs/contract.md#data-classes`: what is private is stored, and is told to nobody but who reads a record back.

use serde_json::{Value, json};
use store::tables;
use tests::{InboundApp, Receiver, Reply, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, with};
use crate::expect::{accepted, events, invalid};
use crate::log::Log;
use crate::records::{record, scan, text};

const TAX_ID: &str = "12-3456789";

/// Fields of the bodies that events, answers and logs leave out.
const PRIVATE: [&str; 11] = [
    "description",
    "accessNotes",
    "notToExceed",
    "hourlyCostRate",
    "address",
    "emergencyContact",
    "remitAddress",
    "paymentTerms",
    "notes",
    "contractValue",
    "customFields",
];

/// A value that is private, recognisable wherever it turns up.
fn private(name: &str) -> String {
    format!("Private-{name}")
}

/// Bodies of all five calls with every field of the classes P2 and P3 filled, parents first. Amounts and numbers begin
/// with 4477, phones and postal codes hold 4477, words begin with `Private`.
fn bodies() -> Vec<(&'static str, Value)> {
    let address =
        json!({"line1": private("street"), "city": private("city"), "state": private("state"), "postalCode": "44770"});
    let employee = json!({
        "employeeNumber": "E-1", "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter",
        "unionLocal": private("union"), "mobilePhone": "+1 512 555 4477", "address": address,
        "emergencyContact": {"name": private("kin"), "phone": "+1 512 555 4478", "relationship": private("relation")},
        "certifications": [{"name": "OSHA 30", "number": private("certificate")}],
        "hourlyCostRate": "4477.1875", "hourlyBillRate": "4478.5000", "currency": "USD",
        "customFields": {"badge": private("badge")}, "externalRef": {"system": "erp", "id": private("external")},
    });
    let vendor = json!({
        "vendorNumber": "V-1", "name": "Lone Star Rebar", "vendorType": "supplier", "remitAddress": address,
        "taxId": TAX_ID, "taxIdType": "ein", "is1099": true, "paymentTerms": private("terms"), "hourlyBillRate": "4479.7500",
        "notes": private("notes"), "insurance": [{"type": "auto", "carrier": "Travelers", "expiresOn": "2027-04-01",
            "policyNumber": private("policy"), "limit": "4477000.00", "aggregateLimit": "4478000.00"}],
    });
    let project = json!({
        "projectNumber": "P-1", "name": "Riverside", "description": private("description"),
        "contractValue": "4477000.00", "retainagePercent": 44.77, "budget": {"total": "44770.00", "labor": "4477.00"},
        "phases": [{"name": "Rough-in", "budget": "44771.00"}],
    });
    let order = json!({
        "workOrderNumber": "WO-1", "title": "Pour slab", "projectNumber": "P-1", "description": private("scope"),
        "instructions": private("instructions"), "accessNotes": private("gate"), "notToExceed": "44772.00",
        "siteContact": {"name": private("contact"), "phone": "+1 512 555 4479"}, "completionNotes": private("completion"),
        "assignments": [{"employeeNumber": "E-1", "notes": private("line")}],
        "materials": [{"name": "rebar", "quantity": 1, "unit": "ea", "unitCost": "4477.0525", "notes": private("material")}],
    });
    let time_off = json!({
        "requestNumber": "TO-1", "employeeNumber": "E-1", "type": "bereavement", "startDate": "2025-12-24",
        "endDate": "2025-12-24", "notes": private("funeral"), "status": "approved",
        "decision": {"byEmployeeNumber": "E-1", "note": private("reason")},
    });
    vec![(EMPLOYEE, employee), (VENDOR, vendor), (PROJECT, project), (WORK_ORDER, order), (TIME_OFF, time_off)]
}

/// What must not be found in `text`.
#[track_caller]
fn keeps_quiet(what: &str, text: &str) {
    for secret in ["Private", "4477", "4478", "4479", TAX_ID, "123456789", "bereavement"] {
        // Digits within a longer word are an id's or a time's, which may hold any.
        let found = text.match_indices(secret).find(|(at, _)| {
            let before = text[..*at].chars().next_back();
            !before.is_some_and(|c| c.is_ascii_alphanumeric()) || !secret.starts_with(|c: char| c.is_ascii_digit())
        });
        assert_eq!(found, None, "{secret} in {what}: {text}");
    }
}

#[tokio::test]
async fn private_values_are_in_no_event_no_log_and_no_answer() {
    let (log, _guard) = Log::start();
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let url = format!("{}/hooks/{}?token={}", receiver.url().trim_end_matches('/'), private("path"), private("token"));
    let own = json!({"Authorization": private("own-header")});
    let endpoint = app.endpoint_with(json!({"url": url, "events": ["*"], "headers": own})).await;
    for (path, body) in bodies() {
        let reply = app.post(path, body).await;
        accepted(&reply, "created");
        keeps_quiet(path, &reply.text);
    }
    // The same values leave by `changedFields` and `previous` no more than they came in.
    for (path, body) in bodies().into_iter().filter(|(path, _)| *path != TIME_OFF) {
        let private = body.as_object().expect("an object").keys().filter(|name| PRIVATE.contains(&name.as_str()));
        let cleared: Value = private.map(|name| (name.clone(), Value::Null)).collect();
        let key = body.as_object().and_then(|body| body.iter().next()).expect("a natural key");
        let reply = app.post(path, with(cleared, json!({key.0: key.1}))).await;
        accepted(&reply, "updated");
        keeps_quiet(path, &reply.text);
    }
    app.drain().await;

    let requests = receiver.requests();
    assert!(requests.len() >= 11, "{}", requests.len());
    for request in &requests {
        keeps_quiet("an event", &String::from_utf8_lossy(&request.body));
    }
    let changed = requests.iter().map(tests::Received::json).find(|body| body["event"] == "project.updated");
    assert_eq!(changed.expect("an update")["data"]["changedFields"], json!(["description", "contractValue"]));
    // Who reads a record back gets what was sent. Its timeline says no more than its events, and the log nothing.
    for (kind, number) in [("workorder", "WO-1"), ("employee", "E-1"), ("vendor", "V-1"), ("timeoff", "TO-1")] {
        let read = app.get(&format!("/api/records/{kind}/{number}")).await.expect(200);
        assert!(read.text.contains("Private") && !read.text.contains(TAX_ID), "{}", read.text);
        for path in [format!("/api/records/{kind}/{number}/timeline"), format!("/api/records?q={number}")] {
            keeps_quiet(&path, &app.get(&path).await.expect(200).text);
        }
    }
    let log = log.text();
    assert!(log.contains("\"action\":\"created\"") && log.contains("WO-1"), "the log is captured: {log}");
    keeps_quiet("the log", &log);
    assert!(!log.contains("Ruiz") && !log.contains(&app.key), "contact data and keys are not logged");
    assert!(!log.contains(&endpoint.secret) && !log.contains("hooks/"), "nor secrets and addresses");
    assert!(log.contains(r#""host":"127.0.0.1""#), "where a delivery went is");
    for signature in requests.iter().map(|request| request.header("x-webhook-signature")) {
        assert!(!log.contains(signature.trim_start_matches("sha256=")), "signatures are not");
    }
}

#[tokio::test]
async fn errors_do_not_repeat_what_was_sent() {
    let (log, _guard) = Log::start();
    let app = TestApp::start().await;
    // Every private value in the place of every field, so that each is refused for its type, form or length.
    for (path, body) in bodies() {
        for name in body.as_object().expect("an object").keys() {
            for wrong in
                [json!({"Private": "Private-4477"}), json!(["Private-4477"]), json!("Private\u{7}4477".repeat(400))]
            {
                let reply = app.post(path, with(body.clone(), json!({name.clone(): wrong}))).await;
                assert_eq!(reply.status, 400, "{name}: {}", reply.text);
                let messages: Vec<&Value> = errors(&reply).iter().map(|error| &error["message"]).collect();
                keeps_quiet(name, &json!(messages).to_string());
            }
        }
    }
    let forbidden =
        json!({"employeeNumber": "E-1", "ssn": "Private-4477", "customFields": {"dateOfBirth": "Private-4477"}});
    let reply = app.post(EMPLOYEE, forbidden).await;
    let lacking = ["firstName required", "lastName required", "role required"];
    invalid(&reply, &[&["customFields.dateOfBirth forbidden_field"], &lacking[..], &["ssn forbidden_field"]].concat());
    keeps_quiet("an answer", &reply.text);
    for broken in ["{\"title\": \"Private-4477", "{\"title\": Private4477}", "\"Private-4477\"", "{\"a\": 4477e4477}"] {
        let reply =
            app.request("POST", WORK_ORDER).header("content-type", "application/json").body(broken).send().await;
        assert_eq!(reply.status, 400);
        keeps_quiet("an answer", &reply.text);
    }
    keeps_quiet("the log", &log.text());
    let kept = scan(&app, tables::REQUESTS.name).await;
    assert!(kept.len() > 50, "{}", kept.len());
    for item in &kept {
        keeps_quiet("what is kept of a refused call", &format!("{item:?}"));
    }
}

fn errors(reply: &Reply) -> &[Value] {
    reply.body["errors"].as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn forbidden_fields_are_refused_at_any_depth() {
    let app = TestApp::start().await;
    let names = [
        "ssn",
        "SocialSecurityNumber",
        "sin",
        "national_id",
        "passport-number",
        "driversLicenseNumber",
        "date of birth",
        "DOB",
        "gender",
        "race",
        "ethnicity",
        "religion",
        "bankAccount",
        "routingNumber",
        "IBAN",
        "creditCard",
        "cardNumber",
        "cvv",
        "password",
        "apiKey",
        "taxId",
        "ein",
        "tin",
    ];
    for name in names {
        let body = json!({"employeeNumber": "E-1", "firstName": "a", "lastName": "b", "role": "c", name: "x"});
        invalid(&app.post(EMPLOYEE, body).await, &[&format!("{name} forbidden_field")]);
    }
    let nested = json!({"workOrderNumber": "WO-1", "title": "x", "siteContact": {"name": "a", "dob": "b"}});
    invalid(&app.post(WORK_ORDER, nested).await, &["siteContact.dob forbidden_field"]);
}

#[tokio::test]
async fn a_tax_id_is_sealed_in_an_item_of_its_own() {
    let app = InboundApp::start().await;
    let (_, body) = bodies().remove(1);
    accepted(&app.post(VENDOR, body.clone()).await, "created");
    let stored = record(&app, "vendor", "V-1").await;
    assert!(stored.get("taxId").is_none(), "{stored}");
    for table in tables::ALL {
        for item in scan(&app, table.name).await {
            let plain = format!("{item:?}");
            assert!(!plain.contains(TAX_ID) && !plain.contains("123456789"), "{}: {plain}", table.name);
        }
    }
    let items = scan(&app, tables::RECORDS.name).await;
    let sealed: Vec<_> = items.iter().filter(|item| text(item, "pk").contains("#T#")).collect();
    assert_eq!(sealed.len(), 1);
    assert_eq!(text(sealed[0], "last4"), "6789");
    assert!(items.iter().filter(|item| !text(item, "sealed").is_empty()).count() == 1, "nowhere else");

    accepted(&app.post(VENDOR, body.clone()).await, "unchanged");
    let changed = app.post(VENDOR, with(body, json!({"taxId": "98-7654321"}))).await;
    accepted(&changed, "updated");
    assert_eq!(events(&changed), [""; 0], "no receiver learns of it");
}

#[tokio::test]
async fn a_tax_id_is_deleted_with_its_vendor() {
    let app = InboundApp::start().await;
    let (_, body) = bodies().remove(1);
    accepted(&app.post(VENDOR, body).await, "created");
    accepted(&app.post(VENDOR, json!({"vendorNumber": "V-1", "operation": "delete"})).await, "deleted");
    let items = scan(&app, tables::RECORDS.name).await;
    assert!(items.iter().all(|item| text(item, "sealed").is_empty()));
}

#[tokio::test]
async fn a_tax_id_has_a_type_and_a_valid_form() {
    let app = TestApp::start().await;
    let vendor = |extra: Value| with(json!({"vendorNumber": "V-1", "name": "a", "vendorType": "other"}), extra);
    invalid(&app.post(VENDOR, vendor(json!({"taxId": TAX_ID}))).await, &["taxIdType missing_dependency"]);
    let reply = app.post(VENDOR, vendor(json!({"taxId": "123-456-789", "taxIdType": "ein"}))).await;
    invalid(&reply, &["taxId invalid_format"]);
    assert!(!reply.text.contains("123-456-789"), "{}", reply.text);
    let misplaced = vendor(json!({"contacts": [{"name": "a", "taxId": TAX_ID}]}));
    invalid(&app.post(VENDOR, misplaced).await, &["contacts[0].taxId forbidden_field"]);
}
