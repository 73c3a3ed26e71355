//! Who has a number: two that decided on the same reads, and ids that are never given twice.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use store::records::{Committed, NewNumber, RecordWrite, Slot, Stored};
use tests::{InboundApp, Reply};

use crate::crew::{WORK_ORDER, id, work_order};
use crate::expect::accepted;
use crate::old_records::make_old;
use crate::outdated_reads::{commit, look, records};
use crate::records::{delete_item, scan};

/// What a request does.
#[derive(Debug, Clone, Copy)]
enum Intent {
    Create(&'static str),
    /// Changes the record with this number.
    Update(&'static str),
    Rename(&'static str, &'static str),
    Delete(&'static str),
    /// Deletes what is deleted, at a later time.
    DeleteAgain(&'static str),
}
use Intent::{Create, Delete, DeleteAgain, Rename, Update};

/// An intent, decided on what was read.
struct Decided {
    intent: Intent,
    slot: Slot,
    /// What has the number that the record gets.
    taken: Option<Stored>,
    stored: Option<Stored>,
    body: Map<String, Value>,
}

async fn decide(app: &InboundApp, intent: Intent) -> Decided {
    let (from, to) = match intent {
        Create(number) => (None, number),
        Rename(from, to) => (Some(from), to),
        Update(number) | Delete(number) | DeleteAgain(number) => (Some(number), number),
    };
    let (slot, taken) = look(app, to).await;
    let stored = match from {
        Some(number) => Some(look(app, number).await.1.unwrap()),
        None => None,
    };
    let new = || json!({"id": slot.id_of_new(app.now()), "title": "New", "version": 1}).as_object().unwrap().clone();
    let mut body = stored.as_ref().map_or_else(new, |stored| stored.body.clone());
    body.insert("workOrderNumber".to_owned(), json!(to));
    body.insert("title".to_owned(), json!(format!("{intent:?}")));
    Decided { intent, slot, taken, stored, body }
}

async fn carry_out(app: &InboundApp, decided: &Decided) -> Committed {
    let Decided { intent, slot, taken, stored, body } = decided;
    let number = || NewNumber { slot, tombstone: taken.as_ref() };
    let write = match (intent, stored) {
        (Create(_), _) => RecordWrite::Create(number()),
        (Update(_), Some(stored)) => RecordWrite::Update(stored, None),
        (Rename(..), Some(stored)) => RecordWrite::Update(stored, Some(number())),
        (Delete(_), Some(stored)) => RecordWrite::Delete(stored),
        (_, Some(stored)) => {
            let written = records(app).update_tombstone(&app.account, stored, body).await.unwrap();
            return if written { Committed::Done } else { Committed::Again };
        }
        _ => panic!("{intent:?}"),
    };
    commit(app, write, body, None).await
}

async fn delete(app: &InboundApp, number: &str) {
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": number, "operation": "delete"})).await, "deleted");
}

async fn rename(app: &InboundApp, from: &str, to: &str) {
    let known = look(app, from).await.1.unwrap().id;
    accepted(&app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": to})).await, "updated");
}

/// What happened to A before. B and C have orders of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Past {
    Unused,
    Present,
    /// Its order is C now, which has no order of its own then.
    GivenUp,
    Deleted,
    /// Its tombstone is gone, too.
    Expired,
    /// Created, deleted, created again.
    UsedAgain,
    /// The order with its id came back to it after another had it.
    CameBack,
    Old,
    OldDeleted,
}

async fn start(past: Past) -> InboundApp {
    let app = InboundApp::start().await;
    if past != Past::Unused {
        work_order(&app, "A", json!({})).await;
    }
    match past {
        Past::Unused | Past::Present => {}
        Past::GivenUp => rename(&app, "A", "C").await,
        Past::Deleted => delete(&app, "A").await,
        Past::Expired => {
            delete(&app, "A").await;
            expire(&app).await;
        }
        Past::UsedAgain => {
            delete(&app, "A").await;
            work_order(&app, "A", json!({})).await;
        }
        Past::CameBack => {
            rename(&app, "A", "D").await;
            work_order(&app, "A", json!({})).await;
            delete(&app, "A").await;
            rename(&app, "D", "A").await;
        }
        Past::Old => make_old(&app, "A", false).await,
        Past::OldDeleted => make_old(&app, "A", true).await,
    }
    for number in ["B", "C"] {
        if past != Past::GivenUp || number == "B" {
            work_order(&app, number, json!({})).await;
        }
    }
    app
}

#[tokio::test]
async fn of_two_that_write_one_number_one_decides_again() {
    let free: &[[Intent; 2]] =
        &[[Create("A"), Create("A")], [Create("A"), Rename("B", "A")], [Rename("B", "A"), Rename("C", "A")]];
    let taken: &[[Intent; 2]] = &[
        [Delete("A"), Update("A")],
        [Delete("A"), Delete("A")],
        [Delete("A"), Rename("A", "X")],
        [Update("A"), Rename("A", "X")],
        [Rename("A", "X"), Rename("A", "Y")],
        [Rename("A", "X"), Create("X")],
        [Rename("A", "X"), Rename("B", "X")],
    ];
    let deleted: &[[Intent; 2]] = &[[Create("A"), DeleteAgain("A")], [Rename("B", "A"), DeleteAgain("A")]];
    for (past, pairs) in [
        (Past::Unused, vec![free]),
        (Past::Present, vec![taken]),
        // C to A is the way back.
        (Past::GivenUp, vec![free]),
        (Past::Deleted, vec![free, deleted]),
        (Past::Expired, vec![free]),
        (Past::UsedAgain, vec![taken]),
        (Past::CameBack, vec![taken]),
        (Past::Old, vec![taken]),
        (Past::OldDeleted, vec![free, deleted]),
    ] {
        for [one, other] in pairs.into_iter().flatten() {
            for [first, second] in [[one, other], [other, one]] {
                let app = start(past).await;
                let (winner, loser) = (decide(&app, *first).await, decide(&app, *second).await);
                assert_eq!(carry_out(&app, &winner).await, Committed::Done, "{past:?}: {first:?} before {second:?}");
                // A tombstone's clock may go on before others replace it, and they have to look again.
                assert_eq!(carry_out(&app, &loser).await, Committed::Again, "{past:?}: {second:?} after {first:?}");
                is_consistent(&app).await;
            }
        }
    }
}

/// Its order goes while another takes the number that it gave up: what lies under its id belongs to both.
#[tokio::test]
async fn a_number_that_was_given_up_survives_the_order_that_had_it() {
    for [first, second, outcome] in [[0, 1, 0], [1, 0, 1]] {
        let app = start(Past::GivenUp).await;
        let both = [decide(&app, Create("A")).await, decide(&app, Delete("C")).await];
        assert_eq!(carry_out(&app, &both[first]).await, Committed::Done);
        let expected = if outcome == 0 { Committed::Done } else { Committed::Again };
        assert_eq!(carry_out(&app, &both[second]).await, expected);
        is_consistent(&app).await;
        assert_eq!(look(&app, "A").await.1.is_some(), outcome == 0);
        assert!(look(&app, "C").await.1.unwrap().deleted);
    }
}

/// Every living record is found by its number, and each number has one.
async fn is_consistent(app: &InboundApp) {
    let mut numbers = HashSet::new();
    for item in scan(app, store::tables::RECORDS.name).await {
        if !item.contains_key("body") || item.contains_key("deletedAt") {
            continue;
        }
        let [id, number] = ["id", "number"].map(|name| item[name].as_s().unwrap());
        assert!(numbers.insert(number.to_lowercase()), "two orders have {number}");
        assert_eq!(look(app, number).await.1.map(|stored| stored.id).as_ref(), Some(id), "{number}");
    }
}

const NUMBERS: [&str; 4] = ["A", "B", "C", "D"];

/// What there should be, by number.
#[derive(Default)]
struct Model {
    living: HashMap<&'static str, String>,
    /// Ids that were ever given.
    given: HashSet<String>,
}

impl Model {
    async fn create(&mut self, app: &InboundApp, number: &'static str) {
        let reply = work_order(app, number, json!({})).await;
        if let Some(known) = self.living.get(number) {
            assert_eq!(accepted(&reply, "unchanged")["id"], json!(known));
        } else {
            accepted(&reply, "created");
            assert!(self.given.insert(id(&reply)), "{} was given before", id(&reply));
            self.living.insert(number, id(&reply));
        }
    }

    async fn rename(&mut self, app: &InboundApp, from: &'static str, to: &'static str) {
        let Some(known) = self.living.get(from).cloned() else { return };
        let reply = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": to})).await;
        match self.living.get(to) {
            Some(_) if from == to => {
                accepted(&reply, "unchanged");
            }
            Some(_) => assert_eq!((reply.status, reply.code()), (409, "already_exists")),
            None => {
                accepted(&reply, "updated");
                self.living.remove(from);
                self.living.insert(to, known);
            }
        }
    }

    async fn delete(&mut self, app: &InboundApp, number: &'static str) {
        let reply = app.post(WORK_ORDER, json!({"workOrderNumber": number, "operation": "delete"})).await;
        if self.living.remove(number).is_some() {
            accepted(&reply, "deleted");
        } else {
            assert!(reply.status == 404 || reply.body["action"] == "unchanged", "{}", reply.text);
        }
    }

    async fn check(&self, app: &InboundApp) {
        for number in NUMBERS {
            let by_number = look(app, number).await.1.filter(|stored| !stored.deleted);
            assert_eq!(by_number.as_ref().map(|stored| &stored.id), self.living.get(number), "{number}");
        }
        for known in &self.given {
            let status = app.post(WORK_ORDER, json!({"id": known, "operation": "update"})).await.status;
            assert_eq!(status == 200, self.living.values().any(|living| living == known), "{known}: {status}");
        }
    }
}

/// Deletes the tombstones, as DynamoDB does after 30 days.
async fn expire(app: &InboundApp) {
    for item in scan(app, store::tables::RECORDS.name).await {
        if item.contains_key("expiresAt") {
            delete_item(app, item["pk"].as_s().unwrap()).await;
        }
    }
}

#[tokio::test]
async fn whatever_happens_to_numbers_each_has_its_order_and_no_id_is_given_twice() {
    for seed in 0..6 {
        let (app, mut random, mut model) =
            (InboundApp::start().await, fastrand::Rng::with_seed(seed), Model::default());
        if seed % 2 == 1 {
            for number in ["A", "B"] {
                model.create(&app, number).await;
                make_old(&app, number, false).await;
                let old = look(&app, number).await.1.unwrap().id;
                // The id in the new form was an order's for a moment.
                model.given.insert(old.clone());
                model.given.remove(&model.living[number]);
                model.living.insert(number, old);
            }
        }
        for _ in 0..40 {
            let [number, other] = [0; 2].map(|_| NUMBERS[random.usize(..NUMBERS.len())]);
            match random.u8(..10) {
                0..4 => model.create(&app, number).await,
                4..7 => model.rename(&app, number, other).await,
                7..9 => model.delete(&app, number).await,
                _ => expire(&app).await,
            }
        }
        model.check(&app).await;
        is_consistent(&app).await;
    }
}

/// A child takes the number that its parent gave up: the parent's item is the slot, and has the list, too.
#[tokio::test]
async fn a_child_can_have_the_number_that_its_parent_had() {
    let app = InboundApp::start().await;
    work_order(&app, "A", json!({})).await;
    rename(&app, "A", "P").await;
    let child: Reply = work_order(&app, "A", json!({"parentWorkOrderNumber": "P"})).await;
    accepted(&child, "created");
    accepted(&app.post(WORK_ORDER, json!({"id": id(&child), "workOrderNumber": "B"})).await, "updated");
    assert_eq!(look(&app, "P").await.1.unwrap().bookings[0].number, "B");
    assert!(look(&app, "A").await.1.is_none());
    is_consistent(&app).await;
}
