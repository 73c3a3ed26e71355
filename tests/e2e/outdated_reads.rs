//! Who decided on what others have changed since does not write it: requests and workers, one step at a time.

use std::collections::HashMap;
use std::time::Duration;

use domain::delivery::{Delivery, DeliveryStatus};
use domain::endpoint::Lane;
use domain::models::Kind;
use domain::resource::{CalendarEdit, Holder};
use jiff::{SignedDuration, Timestamp};
use outbound::deliverer::Deliverer;
use serde_json::{Map, Value, json};
use store::deliveries::{Deliveries, Outcome};
use store::records::{Commit, Committed, NewNumber, RecordKey, RecordWrite, Records, Seen, Slot, Stored};
use tests::{Endpoint, InboundApp, Receiver, TestApp};

use crate::crew::{WORK_ORDER, work_order};
use crate::deliveries::{batch_of, create_work_order};
use crate::expect::accepted;

type Body = Map<String, Value>;

pub(crate) fn records(app: &InboundApp) -> Records {
    app.system().environment().records().unwrap()
}

async fn read(app: &InboundApp, number: &str) -> Stored {
    look(app, number).await.1.unwrap()
}

/// The slot of a number, and what has the number.
pub(crate) async fn look(app: &InboundApp, number: &str) -> (Slot, Option<Stored>) {
    let key = RecordKey::number(Kind::WorkOrder, number);
    let mut found = records(app).fetch(&app.account, std::slice::from_ref(&key)).await.unwrap();
    (found.slots.remove(&key).unwrap(), found.records.remove(&key))
}

/// The body of a record with this time of its sender.
fn at(of: &Stored, time: &str) -> Body {
    let mut body = of.body.clone();
    body.insert("sourceUpdatedAt".to_owned(), json!(time));
    body
}

pub(crate) async fn commit(
    app: &InboundApp,
    write: RecordWrite<'_>,
    body: &Body,
    on: Option<(&CalendarEdit, Seen)>,
) -> Committed {
    let key = |edit: &CalendarEdit| RecordKey::number(Kind::WorkOrder, &edit.holder().number);
    let calendar: Vec<_> = on.iter().map(|(edit, _)| (*edit).clone()).collect();
    let seen: HashMap<_, _> = on.into_iter().map(|(edit, seen)| (key(edit), seen)).collect();
    let commit = Commit {
        account: &app.account,
        kind: Kind::WorkOrder,
        now: app.now(),
        write,
        body,
        tax_id: None,
        calendar: &calendar,
        holds_calendar: false,
        seen: &seen,
        outboxes: &[],
    };
    records(app).commit(&commit).await.unwrap()
}

const EARLY: &str = "2025-10-20T10:05:00Z";
const LATE: &str = "2025-10-20T10:10:00Z";

/// The tombstone of WO-1, deleted at ten by its sender's clock.
async fn tombstone(app: &InboundApp) -> Stored {
    work_order(app, "WO-1", json!({})).await;
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete", "sourceUpdatedAt": "2025-10-20T10:00:00Z"});
    accepted(&app.post(WORK_ORDER, delete).await, "deleted");
    read(app, "WO-1").await
}

#[tokio::test]
async fn a_record_does_not_come_back_over_a_later_deletion_than_it_read() {
    let app = InboundApp::start().await;
    let known = tombstone(&app).await;
    assert!(records(&app).update_tombstone(&app.account, &known, &at(&known, LATE)).await.unwrap());
    let (slot, present) = look(&app, "WO-1").await;
    let present = present.unwrap();
    assert_eq!((present.deleted, &present.body["sourceUpdatedAt"]), (true, &json!(LATE)));
    let mut body = at(&known, EARLY);
    body.insert("id".to_owned(), json!(slot.id_of_new(app.now())));
    for (tombstone, outcome) in [(&known, Committed::Again), (&present, Committed::Done)] {
        let write = RecordWrite::Create(NewNumber { slot: &slot, tombstone: Some(tombstone) });
        assert_eq!(commit(&app, write, &body, None).await, outcome);
    }
}

#[tokio::test]
async fn the_latest_of_two_deletions_stays() {
    let app = InboundApp::start().await;
    let (known, records) = (tombstone(&app).await, records(&app));
    for (time, written) in [(LATE, true), (EARLY, false)] {
        let body = at(&known, time);
        let outcome = records.update_tombstone(&app.account, &known, &body).await.unwrap();
        assert_eq!(outcome, written, "{time}");
    }
    assert_eq!(read(&app, "WO-1").await.body["sourceUpdatedAt"], LATE);
}

#[tokio::test]
async fn the_clock_of_what_changes_nothing_else_does_not_go_back() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let known = read(&app, "WO-1").await;
    let update = || RecordWrite::Update(&known, None);
    assert_eq!(commit(&app, update(), &at(&known, LATE), None).await, Committed::Done);
    for write in [update(), RecordWrite::Delete(&known)] {
        assert_eq!(commit(&app, write, &at(&known, EARLY), None).await, Committed::Again);
    }
    let stored = read(&app, "WO-1").await;
    assert_eq!((stored.version, &stored.body["sourceUpdatedAt"]), (1, &json!(LATE)));
}

#[tokio::test]
async fn a_parent_order_with_a_full_list_is_held_as_it_was_read() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-A", json!({})).await;
    let parent = read(&app, "WO-A").await;
    work_order(&app, "WO-A", json!({"priority": "low"})).await;
    let hold = CalendarEdit::Hold { of: Holder { kind: Kind::WorkOrder, number: "wo-a".to_owned() } };
    let (slot, _) = look(&app, "WO-B").await;
    let id = slot.id_of_new(app.now());
    let Value::Object(child) = json!({"id": id, "workOrderNumber": "WO-B", "version": 1}) else { panic!() };
    let mut outcomes = Vec::new();
    for version in [parent.version, parent.version + 1] {
        let mut seen = parent.seen();
        seen.version = version;
        let write = RecordWrite::Create(NewNumber { slot: &slot, tombstone: None });
        outcomes.push(commit(&app, write, &child, Some((&hold, seen))).await);
    }
    assert!(matches!(outcomes[..], [Committed::Again, Committed::Done]), "{outcomes:?}");
    assert_eq!((read(&app, "WO-A").await.version, read(&app, "WO-B").await.version), (parent.version + 1, 1));
}

/// Why messages are left here.
const BY_HAND: &str = "the test does by hand what a worker would do with the message";

/// A delivery that waits for its disabled endpoint, as a worker has read it that looks again now.
async fn waiting() -> (TestApp, Receiver, Endpoint, Delivery) {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    switch(&app, &endpoint, "disabled").await;
    app.drain().await;
    app.advance(Duration::from_mins(15)).await;
    let read = app.only_delivery().await;
    (app, receiver, endpoint, read)
}

async fn switch(app: &InboundApp, endpoint: &Endpoint, status: &str) {
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({ "status": status })).await.expect(200);
}

fn store(app: &TestApp) -> Deliveries {
    app.system().environment().deliveries().unwrap()
}

fn without_attempt(status: DeliveryStatus, next_attempt_at: Option<Timestamp>, now: Timestamp) -> Outcome {
    Outcome { status, attempt: None, next_attempt_at, paced: false, claim: None, now }
}

/// What a worker makes of a delivery without an attempt: it looks again, or ends it.
fn outcomes(read: &Delivery, now: Timestamp) -> [Outcome; 3] {
    let ends = |status| without_attempt(status, None, now);
    let looks_again = without_attempt(read.status, Some(now + SignedDuration::from_mins(15)), now);
    [looks_again, ends(DeliveryStatus::Cancelled), ends(DeliveryStatus::Failed)]
}

#[tokio::test]
async fn a_released_delivery_is_not_changed_by_a_worker_that_read_it_before() {
    let (app, receiver, endpoint, read) = waiting().await;
    switch(&app, &endpoint, "enabled").await;
    let released = app.only_delivery().await;
    for outcome in outcomes(&read, app.now()) {
        assert!(!store(&app).record(&read, &outcome).await.unwrap(), "{outcome:?}");
    }
    assert_eq!(app.only_delivery().await, released);
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (1, DeliveryStatus::Delivered));
}

#[tokio::test]
async fn an_outcome_without_an_attempt_does_not_take_away_another_workers_claim() {
    let (app, _receiver, endpoint, _) = waiting().await;
    switch(&app, &endpoint, "enabled").await;
    let (read, now) = (app.only_delivery().await, app.now());
    let until = now + SignedDuration::from_secs(45);
    assert!(store(&app).claim(&read, now, until).await.unwrap());
    let claimed = app.only_delivery().await;
    for outcome in outcomes(&read, now) {
        assert!(!store(&app).record(&read, &outcome).await.unwrap(), "{outcome:?}");
    }
    assert_eq!(app.only_delivery().await, claimed);
    // The claim of whoever ends it is no obstacle.
    let failed = without_attempt(DeliveryStatus::Failed, None, now);
    let other = Outcome { claim: Some(until - SignedDuration::from_secs(1)), ..failed.clone() };
    assert!(!store(&app).record(&read, &other).await.unwrap());
    assert!(store(&app).record(&read, &Outcome { claim: Some(until), ..failed }).await.unwrap());
    app.leave_work(BY_HAND);
}

#[tokio::test]
async fn an_expired_claim_is_no_obstacle() {
    let (app, _receiver, _, read) = waiting().await;
    let (now, until) = (app.now(), app.now() + SignedDuration::from_secs(45));
    assert!(store(&app).claim(&read, now, until).await.unwrap());
    let [looks_again, ..] = outcomes(&read, until);
    assert!(store(&app).record(&read, &looks_again).await.unwrap());
    app.leave_work(BY_HAND);
}

#[tokio::test]
async fn a_waiting_delivery_can_be_recorded_again_when_the_answer_was_lost() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let read = app.only_delivery().await;
    let [looks_again, ..] = outcomes(&read, app.now());
    for _ in 0..2 {
        assert!(store(&app).record(&read, &looks_again).await.unwrap(), "it is what this call has recorded");
    }
    app.leave_work(BY_HAND);
}

#[tokio::test]
async fn an_attempt_under_way_keeps_its_claim_whatever_happens_to_its_endpoint() {
    for gone in [false, true] {
        let (app, receiver, endpoint, planned) = waiting().await;
        switch(&app, &endpoint, "enabled").await;
        receiver.hang();
        let [one, other] =
            [0; 2].map(|_| Deliverer::from_environment(app.system().environment(), Lane::Later).unwrap());
        let attempt = one.handle(batch_of(&planned), app.now());
        let meanwhile = async {
            receiver.wait_for(1).await;
            let claimed = app.only_delivery().await;
            if gone {
                app.delete(&format!("/api/endpoints/{}", endpoint.id)).await.expect(204);
            } else {
                switch(&app, &endpoint, "disabled").await;
            }
            // SQS brings the same message to another function.
            assert!(other.handle(batch_of(&planned), app.now()).await.batch_item_failures.is_empty());
            assert_eq!(app.only_delivery().await, claimed);
            receiver.release();
        };
        tokio::join!(attempt, meanwhile);
        let delivery = app.only_delivery().await;
        assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Delivered, 1), "gone: {gone}");
        app.leave_work(BY_HAND);
    }
}
