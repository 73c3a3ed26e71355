//! `accounts erase`.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::delivery::Message;
use serde_json::json;
use store::tables;
use tests::{InboundApp, Receiver, TestApp};

use super::planted::{Items, everything, messages, split, two_accounts, words_of};
use super::{admin, run};
use crate::expect::refused;
use crate::log::Log;
use crate::losses::OVERDUE;

/// The tables that an erasure begins with: of what lets work in, and what makes it.
const SHUT_OFF: [&str; 3] = ["api-keys", "endpoints", "undispatched"];

/// Whether nothing of these items makes work.
fn is_shut_off(items: &Items) -> bool {
    !items.iter().any(|(table, _)| SHUT_OFF[1..].contains(table))
}

/// Begins a command and drops it after so many calls of DynamoDB, as if the process had been killed.
pub(super) async fn interrupted(app: &InboundApp, arguments: &[&str], calls: usize) {
    let _ = app.dynamodb_calls();
    let mut seen = 0;
    let enough = async {
        while seen < calls {
            tokio::task::yield_now().await;
            seen += app.dynamodb_calls();
        }
    };
    tokio::select! {
        biased;
        () = enough => {}
        done = admin(app, arguments) => panic!("it was done before {calls} calls: {}{}", done.out, done.err),
    }
}

/// Begins a command that is told to wait for an hour, and drops it long after it has begun to, if it does.
async fn stopped_while_it_waits(app: &InboundApp, arguments: &[&str], has_begun: impl AsyncFn() -> bool) {
    let waiting = async {
        while !has_begun().await {
            tokio::task::yield_now().await;
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
            everything(app).await;
        }
    };
    let arguments = [arguments, &["--wait", "3600"]].concat();
    tokio::select! {
        biased;
        () = waiting => {}
        done = admin(app, &arguments) => panic!("it did not wait: {}{}", done.out, done.err),
    }
}

fn erase(account: &str) -> [&str; 8] {
    ["accounts", "erase", "--account", account, "--confirm", account, "--wait", "0"]
}

#[tokio::test]
async fn nothing_of_an_account_is_left_and_the_other_is_as_it_was() {
    let (log, _guard) = Log::start();
    let (app, other, [taking, failing]) = two_accounts().await;
    let words = words_of(&app, "Quokka").await;
    let foreign = words_of(&other, "Numbat").await;
    let (own, rest) = split(everything(&app).await, &words);
    let (theirs, _) = split(rest.clone(), &foreign);
    let tables_of = |items: &Items| -> BTreeSet<_> { items.iter().map(|(table, _)| *table).collect() };
    let all: BTreeSet<_> = tables::ALL.iter().map(|table| table.name).collect();
    assert_eq!((tables_of(&own), tables_of(&theirs)), (all.clone(), all), "something of both is in every table");
    let (sent, before) = ([taking.count(), failing.count()], own.len());
    let delivery = app.deliveries().await.into_iter().find(|delivery| delivery.account == app.account).unwrap();
    app.enqueue("delivery-dead", &serde_json::to_string(&Message::V1(delivery.task())).unwrap()).await;
    let queued = messages(&app).await.concat();
    assert!(queued.contains(&app.account) && !queued.contains("Quokka"), "ids only: {queued}");

    let all_items = everything(&app).await;
    let dry = admin(&app, &["accounts", "erase", "--account", &app.account, "--dry-run", "--json"]).await;
    assert!(dry.err.contains("Nothing was erased"), "{}", dry.err);
    assert_eq!(everything(&app).await, all_items);

    let done = admin(&app, &[&erase(&app.account)[..], &["--json"]].concat()).await;
    assert!(done.err.contains("Backups"), "{}", done.err);
    let report = done.json();
    let (left, kept) = split(everything(&app).await, &words);
    assert_eq!(left, BTreeSet::new());
    assert_eq!(kept, rest);
    assert_eq!((&report["account"], &report["total"]), (&json!(app.account), &json!(before)));
    let dry = dry.json();
    assert_eq!((&dry["removed"], &dry["total"], &dry["dryRun"]), (&report["removed"], &report["total"], &json!(true)));
    assert!(
        tables::ALL.iter().all(|table| report["removed"][table.name].as_u64().is_some_and(|count| count > 0)),
        "{report}"
    );

    // What is still in the stream and the queues finds nothing, and makes nothing.
    assert_eq!(admin(&app, &["queues", "redrive", "delivery", "--json"]).await.json()["moved"], 1);
    app.drain().await;
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    let (left, _) = split(everything(&app).await, &words);
    assert_eq!(left, BTreeSet::new());
    let after = [&taking, &failing].map(Receiver::requests);
    assert!(after.iter().zip(sent).all(|(all, sent)| all[sent..].iter().all(|one| one.path.contains("Numbat"))));
    assert!(after[0].len() > sent[0], "the other account goes on");
    refused(&app.get("/api/keys").await, 401, "unauthorized");
    other.get("/api/keys").await.expect(200);
    assert!(log.text().contains(&app.account) && !log.text().contains("Quokka"), "{}", log.text());
    let again = admin(&app, &erase(&app.account)).await;
    assert!(again.complaint(1).contains("nothing is stored"), "{}", again.err);
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn an_erasure_that_was_interrupted_is_finished_by_the_same_command() {
    let (app, other, _receivers) = two_accounts().await;
    let words = words_of(&app, "Quokka").await;
    words_of(&other, "Numbat").await;
    let (whole, rest) = split(everything(&app).await, &words);
    for calls in [1, 2, 4, 7, 11, 16] {
        interrupted(&app, &erase(&app.account), calls).await;
        let (left, kept) = split(everything(&app).await, &words);
        assert!(left.iter().any(|(_, text)| text.contains("pk: KEY#")), "{calls} calls");
        let is_valid = left.iter().any(|(_, text)| text.contains("pk: HASH#"));
        assert!(calls < 4 || !is_valid, "keys are refused before anything is deleted: {calls} calls");
        let missing: BTreeSet<_> = whole.difference(&left).map(|(table, _)| *table).collect();
        let is_untouched = missing.iter().all(|table| SHUT_OFF.contains(table));
        assert!(is_untouched || is_shut_off(&left), "what makes work goes before what it works on: {calls} calls");
        assert_eq!(kept, rest);
        assert!(super::account_names(&app).await.iter().any(|name| name == "Test"), "it is still listed");
    }
    let mut variables: HashMap<String, String> =
        tables::ALL.iter().map(|table| (table.variable.to_owned(), table.name.to_owned())).collect();
    variables.insert("ALERTS_TABLE".to_owned(), "nowhere".to_owned());
    let failed = run(&app, variables, &erase(&app.account)).await;
    assert!(failed.complaint(3).contains("the table nowhere"), "{}", failed.err);

    assert_eq!(admin(&app, &erase(&app.account)).await.code, 0);
    let (left, kept) = split(everything(&app).await, &words);
    assert_eq!((left, kept), (BTreeSet::new(), rest));
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn what_makes_work_goes_before_the_wait_and_the_rest_behind_it() {
    let (app, _other, _receivers) = two_accounts().await;
    let words = words_of(&app, "Quokka").await;
    let own = async || split(everything(&app).await, &words).0;
    let rest = |items: Items| -> Items { items.into_iter().filter(|(table, _)| !SHUT_OFF.contains(table)).collect() };
    let before = own().await;
    assert!(!is_shut_off(&before));
    stopped_while_it_waits(&app, &erase(&app.account)[..6], async || is_shut_off(&own().await)).await;
    assert_eq!(rest(own().await), rest(before));
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}

#[tokio::test]
async fn what_is_not_confirmed_or_not_there_is_not_erased() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    let before = everything(&app).await;
    let command = ["accounts", "erase", "--account", &app.account, "--confirm", &other.account];
    assert!(admin(&app, &command).await.complaint(2).contains("--confirm must repeat"));
    assert_eq!(admin(&app, &command[..4]).await.code, 2, "and it must be confirmed");
    let unknown = "acc_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    assert!(admin(&app, &erase(unknown)).await.complaint(1).contains(unknown));
    assert_eq!(everything(&app).await, before);
}
