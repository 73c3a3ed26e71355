//! `people erase`: whom it finds, and what it does with what it did not expect.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::models::Kind;
use domain::person::Person;
use serde_json::{Value, json};
use store::tables;
use tests::TestApp;

use super::erasure::interrupted;
use super::people::{ERASE, employee, leave, planted, telling};
use super::planted::{everything, split};
use super::{Done, admin};
use crate::crew::{EMPLOYEE, TIME_OFF, WORK_ORDER, id, ok, with};
use crate::old_records::{make_old_of, old_key};
use crate::records::{at, put_body, record};

async fn erase(app: &TestApp, employee: &str) -> Done {
    let employee = ["people", "erase", "--employee", employee, "--confirm", employee];
    admin(app, &[&employee[..], &["--wait", "0", "--account", &app.account]].concat()).await
}

async fn finish(app: &TestApp) {
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn an_employee_sent_again_meanwhile_is_not_missed() {
    let (app, _other, _receivers) = planted().await;
    let mine = [app.account.clone()];
    let first = record(&app, "employee", "E-1").await["id"].as_str().unwrap().to_owned();
    interrupted(&app, &[&ERASE[..], &["--account", &app.account]].concat(), 6).await;
    let again = id(&ok(app.post(EMPLOYEE, employee()).await));
    assert_ne!(again, first);

    let failed = erase(&app, &first).await;
    assert_eq!((failed.code, &*failed.out), (1, ""), "{}", failed.err);
    assert!(failed.err.contains("sent again") && failed.err.contains(&again), "{}", failed.err);
    assert_eq!(record(&app, "employee", "E-1").await["id"], json!(again), "what was sent again is not erased unasked");
    assert_eq!(record(&app, "workorder", "WO-1").await["title"], "Roof for Quilla Quokka", "nor anything else");

    let done = erase(&app, "E-1").await;
    assert_eq!(done.code, 0, "{}", done.err);
    let (left, _) = split(everything(&app).await, &mine);
    assert_eq!(split(left, &telling()).0, BTreeSet::new(), "what the first one named is gone too");
    assert_eq!(erase(&app, &first).await.code, 1, "nothing is left");
    finish(&app).await;
}

#[tokio::test]
async fn an_erasure_is_repeated_by_its_id_when_the_number_is_somebody_elses() {
    let app = TestApp::start().await;
    let first = id(&ok(app.post(EMPLOYEE, employee()).await));
    app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "For Quilla Quokka"})).await.expect(200);
    app.drain().await;
    interrupted(&app, &[&ERASE[..], &["--account", &app.account]].concat(), 6).await;
    let next = json!({"employeeNumber": "E-1", "firstName": "Bo", "lastName": "Li", "role": "carpenter"});
    let next = id(&ok(app.post(EMPLOYEE, next).await));

    let done = erase(&app, &first).await;
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(split(everything(&app).await, &telling()).0, BTreeSet::new());
    let kept = record(&app, "employee", "E-1").await;
    assert_eq!((&kept["id"], &kept["lastName"]), (&json!(next), &json!("Li")));
    finish(&app).await;
}

#[tokio::test]
async fn a_number_that_was_given_up_leads_to_nobody() {
    let app = TestApp::start().await;
    let living = id(&ok(app.post(EMPLOYEE, employee()).await));
    app.post(TIME_OFF, leave("TO-1", "E-1", "x")).await.expect(200);
    app.post(EMPLOYEE, json!({"id": living, "employeeNumber": "E-9"})).await.expect(200);
    app.drain().await;
    let before = everything(&app).await;
    assert!(erase(&app, "E-1").await.complaint(1).contains("no employee with this number"));
    assert_eq!(everything(&app).await, before, "it was somebody's who lives under another number");
    finish(&app).await;
}

#[tokio::test]
async fn a_name_that_a_colleague_has_too_stays() {
    let app = TestApp::start().await;
    for number in ["E-1", "E-2"] {
        let namesake = json!({"employeeNumber": number, "firstName": "Quilla", "lastName": "Quokka", "role": "roofer",
            "email": format!("{number}@example.com")});
        app.post(EMPLOYEE, namesake).await.expect(200);
    }
    let title = "Roof for Quilla Quokka, E-1@example.com, E-2@example.com";
    app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": title})).await.expect(200);
    app.drain().await;
    assert_eq!(erase(&app, "E-1").await.code, 0);
    let left = record(&app, "workorder", "WO-1").await;
    assert_eq!(left["title"], "Roof for Quilla Quokka, [erased], E-2@example.com");
    assert_eq!(record(&app, "employee", "E-2").await["lastName"], "Quokka");
    finish(&app).await;
}

#[tokio::test]
async fn what_lies_under_its_number_still_is_erased_with_its_card() {
    for deleted in [false, true] {
        let app = TestApp::start().await;
        app.post(EMPLOYEE, employee()).await.expect(200);
        app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "For Quilla Quokka"})).await.expect(200);
        app.drain().await;
        app.post(TIME_OFF, leave("TO-1", "E-1", "Quinsy")).await.expect(200);
        let person = make_old_of(&app, Kind::Employee, "E-1", deleted).await;
        make_old_of(&app, Kind::WorkOrder, "WO-1", deleted).await;
        let request = make_old_of(&app, Kind::TimeOff, "TO-1", deleted).await;
        let mut leave = record(&app, "timeoff", "TO-1").await;
        leave["employeeId"] = json!(person);
        put_body(&app, "timeoff", "TO-1", &leave).await;
        let done = erase(&app, "E-1").await;
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(split(everything(&app).await, &telling()).0, BTreeSet::new(), "deleted: {deleted}");
        let order = at(&app, &old_key(&app, Kind::WorkOrder, "WO-1")).await.unwrap();
        let order: Value = serde_json::from_str(order["body"].as_s().unwrap()).unwrap();
        assert_eq!(order["title"], "For [erased]", "and it is still there");
        assert!(done.out.contains("records") && !request.is_empty());
        finish(&app).await;
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_reported_and_the_rest_is_erased() {
    let (app, _other, _receivers) = planted().await;
    let mine = [app.account.clone()];
    let person = record(&app, "employee", "E-1").await["id"].as_str().unwrap().to_owned();
    let event = app.get("/api/events?limit=1").await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
    let event = event.trim_start_matches("evt_");
    let events = app.damage(tables::EVENTS, event, "events", AttributeValue::S("no list".to_owned())).await;
    let vendor = record(&app, "vendor", "V-1").await;
    put_body(&app, "vendor", "V-1", &json!("no object")).await;

    let done = admin(&app, &[&ERASE[..], &["--account", &app.account, "--json"]].concat()).await;
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, report["unreadable"].as_array().map(Vec::len)), (1, Some(2)), "{}", done.err);
    assert!(done.err.contains(event) && done.err.contains("repair or delete it"), "{}", done.err);
    let named = async || split(split(everything(&app).await, &mine).0, &telling()).0;
    let left = named().await;
    assert!(left.iter().all(|(table, text)| *table == "records" && text.contains("deletedAt")), "{left:?}");

    app.damage(tables::EVENTS, event, "events", events).await;
    put_body(&app, "vendor", "V-1", &vendor).await;
    assert!(!split(named().await, &["V-1".to_owned()]).0.is_empty());
    let done = erase(&app, &person).await;
    assert_eq!((done.code, named().await), (0, BTreeSet::new()), "{}", done.err);
    app.leave_work("the stream has the event as it could not be read");
}

#[tokio::test]
async fn a_record_that_moves_after_it_was_read_is_erased_where_it_is() {
    for change in [json!({"priority": "high"}), json!({"operation": "delete"})] {
        let app = TestApp::start().await;
        app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "For Quilla Quokka"})).await.expect(200);
        let order = make_old_of(&app, Kind::WorkOrder, "WO-1", false).await;
        let records = app.system().environment().records().unwrap();
        let page = records.all(&app.account, None).await.unwrap();
        let kept = page.records.iter().find(|kept| kept.id == order).unwrap();
        app.post(WORK_ORDER, with(change, json!({"id": order}))).await.expect(200);
        let person = Person::of(employee().as_object().unwrap());
        assert!(records.rewrite(kept, |body| person.erase_from(Kind::WorkOrder, body)).await.unwrap());
        let page = records.all(&app.account, None).await.unwrap();
        let kept = page.records.iter().find(|kept| kept.id == order).unwrap();
        assert_eq!(kept.body["title"], "For [erased]");
        finish(&app).await;
    }
}
