//! `people erase`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, Receiver, Tenant, TestApp};

use super::admin;
use super::erasure::interrupted;
use super::planted::{Items, everything, send, split};
use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, id, ok};
use crate::expect::accepted;
use crate::log::Log;
use crate::records::record;

/// What tells the person and those who belong to it.
pub(super) const TELLING: [&str; 7] = ["Quilla", "Quokka", "quilla", "555 0147", "5550147", "Quagga", "Quinsy"];
/// Of the colleague too.
const CREW_PHONE: &str = "+1 512 555 0100";
pub(super) const ERASE: [&str; 8] = ["people", "erase", "--employee", "E-1", "--confirm", "E-1", "--wait", "0"];

fn contact() -> Value {
    json!({"name": "Quilla Quokka", "email": "quilla@example.com", "phone": "+1 512 555 0147"})
}

pub(super) fn employee() -> Value {
    json!({"employeeNumber": "E-1", "firstName": "Quilla", "lastName": "Quokka", "role": "foreman", "email": "quilla@example.com",
        "phone": CREW_PHONE, "mobilePhone": "+1 512 555 0147", "emergencyContact": {"name": "Quagga", "phone": "+1 512 555 0199"}})
}

pub(super) fn leave(number: &str, employee: &str, extra: &str) -> Value {
    json!({"requestNumber": number, "employeeNumber": employee, "type": "medical", "startDate": "2025-12-24",
        "endDate": "2025-12-24", "notes": extra})
}

/// An employee, E-1, on orders, projects and among contacts, with a colleague, E-2.
async fn plant(app: &TestApp, tenant: &Tenant, receivers: &[Receiver; 2]) {
    for receiver in receivers {
        tenant.endpoint(&receiver.url(), ["*"]).await;
    }
    send(tenant, EMPLOYEE, employee()).await;
    let colleague = json!({"employeeNumber": "E-2", "firstName": "Bo", "lastName": "Li", "role": "carpenter",
        "supervisorNumber": "E-1", "phone": CREW_PHONE, "customFields": {"mentor": "Quokka, Quilla"}});
    send(tenant, EMPLOYEE, colleague).await;
    let vendor =
        json!({"vendorNumber": "V-1", "name": "Rebar", "vendorType": "other", "contacts": [contact(), {"name": "Cy"}]});
    send(tenant, VENDOR, vendor).await;
    let project = json!({"projectNumber": "P-1", "name": "Riverside", "projectManagerNumber": "E-1",
        "description": "With Quilla Quokka in charge. ".repeat(40), "team": [{"employeeNumber": "E-1", "role": "lead"}],
        "customerContact": contact()});
    send(tenant, PROJECT, project).await;
    for (number, title) in [("WO-1", "Roof for Quilla Quokka"), ("WO-2", "Roof")] {
        let order = json!({"workOrderNumber": number, "title": title, "siteContact": contact(),
            "assignments": [{"employeeNumber": "E-1", "lead": true}, {"employeeNumber": "E-2", "notes": "ask quilla quokka"}]});
        send(tenant, WORK_ORDER, order).await;
    }
    send(tenant, TIME_OFF, leave("TO-1", "E-1", "Quinsy")).await;
    send(tenant, TIME_OFF, leave("TO-2", "E-2", "asked Quilla Quokka")).await;
    send(tenant, EMPLOYEE, json!({"employeeNumber": "E-1", "firstName": "Quilla", "trade": "roofing"})).await;
    let mut assigned = app.fixture("events/employee.assigned")["data"].clone();
    assigned["lastName"] = json!("Li");
    assigned["assignment"]["title"] = json!("Where Quilla Quokka was");
    let event = json!({"event": "employee.assigned", "data": assigned, "idempotencyKey": "1"});
    tenant.post("/api/events", event).await.expect(200);
}

pub(super) async fn planted() -> (TestApp, Tenant, [Receiver; 2]) {
    let app = TestApp::builder().retry_schedule("1").start().await;
    let (other, receivers) = (app.tenant("Other").await, [Receiver::start().await, Receiver::start().await]);
    receivers[1].answer(|_| Answer::status(500).body("who is Quilla Quokka?"));
    for tenant in [&**app, &other] {
        plant(&app, tenant, &receivers).await;
    }
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    // One event of hers has not gone out yet.
    send(&app, EMPLOYEE, json!({"employeeNumber": "E-1", "lastName": "Quokka", "trade": "carpentry"})).await;
    (app, other, receivers)
}

/// The types of the events in the feed, in the order of their names.
async fn event_names(app: &TestApp) -> Vec<String> {
    let feed = app.get("/api/events").await.expect(200).body;
    let names = feed["data"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

pub(super) fn telling() -> Vec<String> {
    TELLING.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_person_is_erased_wherever_it_was_and_others_stay() {
    let (log, _guard) = Log::start();
    let (app, other, [taking, _failing]) = planted().await;
    let person = record(&app, "employee", "E-1").await["id"].as_str().unwrap().to_owned();
    let mine = [app.account.clone()];
    let answers =
        |all: Items| all.iter().filter(|(table, text)| *table == "idempotency" && text.contains(&person)).count();
    assert!(answers(everything(&app).await) > 0);
    let (sent, late) = (taking.count(), Receiver::start().await);
    app.endpoint(&late.url(), ["workorder.*", "employee.assigned"]).await;
    let (own, elsewhere) = split(everything(&app).await, &mine);
    let (named, _) = split(own.clone(), &telling());
    let tables: BTreeSet<_> = named.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables, BTreeSet::from(["deliveries", "events", "records"]), "that is where it was");

    let all_items = everything(&app).await;
    let dry = ["people", "erase", "--employee", "E-1", "--dry-run", "--account", &app.account, "--json"];
    let dry = admin(&app, &dry).await.json();
    assert_eq!(everything(&app).await, all_items);
    let done = admin(&app, &[&ERASE[..], &["--account", &app.account, "--json"]].concat()).await;
    assert!(done.err.contains(&format!("--employee {person} --confirm {person}")), "{}", done.err);
    assert!(!TELLING.iter().any(|word| done.out.contains(word) || done.err.contains(word)), "{}{}", done.out, done.err);
    let report = done.json();
    assert_eq!((&dry["removed"], &dry["changed"]), (&report["removed"], &report["changed"]));
    assert_eq!(report["employee"], json!(person));
    let (left, rest) = split(everything(&app).await, &mine);
    assert_eq!(split(left, &telling()).0, BTreeSet::new());
    assert_eq!(rest, elsewhere, "another account's employee of the same number and name stays");
    assert_eq!(answers(everything(&app).await), 0);
    let counts = &report["removed"];
    assert_eq!((&counts["records"], report["changed"]["records"].as_u64() > Some(4)), (&json!(2), true), "{report}");

    let order = record(&app, "workorder", "WO-1").await;
    assert_eq!(order["title"], "Roof for [erased]");
    assert_eq!(order["assignments"][0]["employeeId"], json!(person), "who was on an order is known by id");
    assert_eq!(order["assignments"][1]["notes"], "ask [erased]");
    assert!(order.get("siteContact").is_none(), "{order}");
    assert_eq!(record(&app, "vendor", "V-1").await["contacts"], json!([{"name": "Cy"}]));
    assert_eq!(record(&app, "employee", "E-2").await["customFields"]["mentor"], "[erased]");
    assert_eq!(record(&app, "employee", "E-2").await["phone"], CREW_PHONE, "what both had is not hers");
    assert_eq!(record(&app, "timeoff", "TO-2").await["notes"], "asked [erased]");

    // What waits for her goes nowhere, and what stays is not sent again.
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    assert_eq!((taking.count(), late.count()), (sent, 0));
    let expected = [
        "employee.assigned",
        "employee.created",
        "project.created",
        "timeoff.requested",
        "vendor.created",
        "workorder.created",
    ];
    assert_eq!(event_names(&app).await, expected, "those of the colleague, of WO-2 and of whatever does not name her");
    assert!(!log.text().contains("Quokka") && !log.text().contains("Quilla"), "{}", log.text());
    other.get("/api/events").await.expect(200);

    // The orders can be changed, and the number is free.
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "priority": "high"})).await, "updated");
    app.post(WORK_ORDER, json!({"workOrderNumber": "WO-3", "title": "x", "assignments": [{"employeeNumber": "E-1"}]}))
        .await
        .expect(400);
    let new = ok(app.post(EMPLOYEE, employee()).await);
    accepted(&new, "created");
    assert_ne!(id(&new), person);
    accepted(&app.post(TIME_OFF, leave("TO-1", "E-1", "x")).await, "created");
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn an_erasure_of_a_person_that_was_interrupted_is_finished_by_the_same_command() {
    let (app, _other, _receivers) = planted().await;
    let mine = [app.account.clone()];
    let (_, others) = split(everything(&app).await, &mine);
    let command = [&ERASE[..], &["--account", &app.account]].concat();
    for calls in [2, 4, 6, 8, 11, 14] {
        interrupted(&app, &command, calls).await;
        let (left, _) = split(everything(&app).await, &mine);
        assert!(!split(left, &telling()).0.is_empty(), "{calls} calls");
    }
    let done = admin(&app, &command).await;
    assert_eq!(done.code, 0, "{}", done.err);
    let (left, rest) = split(everything(&app).await, &mine);
    assert_eq!((split(left, &telling()).0, rest), (BTreeSet::new(), others));
    assert_eq!(admin(&app, &command).await.code, 1, "nothing is left");
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn an_employee_is_found_by_id_also_when_it_was_deleted_and_an_unknown_one_is_not_repeated() {
    let app = TestApp::start().await;
    let person = id(&ok(app.post(EMPLOYEE, employee()).await));
    app.post(EMPLOYEE, json!({"id": person, "operation": "delete"})).await.expect(200);
    app.drain().await;
    let command =
        ["people", "erase", "--account", &app.account, "--employee", &person, "--confirm", &person, "--wait", "0"];
    let text = admin(&app, &command).await;
    assert!(text.out.contains("records       1"), "{}", text.out);
    assert_eq!(split(everything(&app).await, &telling()).0, BTreeSet::new());
    app.drain().await;

    let unknown = ["people", "erase", "--account", &app.account, "--employee", "Jane Doe", "--confirm", "Jane Doe"];
    assert!(!admin(&app, &unknown).await.complaint(1).contains("Jane"));
    let wrong = admin(&app, &[&unknown[..7], &["Jane"]].concat()).await;
    assert!(wrong.complaint(2).contains("--confirm"));
}
