//! Requests that share a transaction of the embedded database.

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use local::embedded::dynamodb::DynamoDb;

use crate::dynamodb::{client, put, text};

/// As many as a group holds, so that those who come while the first is carried out are one.
const CALLERS: usize = 64;

/// Runs the calls at once, and returns which of them succeeded.
async fn at_once<A>(call: impl Fn(usize) -> A) -> Vec<bool>
where
    A: Future<Output = bool> + Send + 'static,
{
    let tasks: Vec<_> = (0..CALLERS).map(|number| tokio::spawn(call(number))).collect();
    let mut succeeded = Vec::with_capacity(CALLERS);
    for task in tasks {
        succeeded.push(task.await.unwrap());
    }
    succeeded
}

async fn count(client: &Client) -> usize {
    let found = client.query().table_name("test").key_condition_expression("pk = :p");
    let found = found.expression_attribute_values(":p", text("p")).send().await.unwrap();
    found.items().len()
}

fn insert(sort: &str) -> TransactWriteItem {
    let put = Put::builder().table_name("test").item("pk", text("p")).item("sk", text(sort));
    TransactWriteItem::builder().put(put.condition_expression("attribute_not_exists(pk)").build().unwrap()).build()
}

#[tokio::test]
async fn a_refused_transaction_leaves_the_others_of_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let client = client(&DynamoDb::open(&directory.path().join("db")).unwrap()).await;
    put(&client, "taken").await;
    let succeeded = at_once(|number| {
        let second = if number % 2 == 0 { "taken".to_owned() } else { format!("{number}-b") };
        let both = client.transact_write_items().transact_items(insert(&format!("{number}-a")));
        let both = both.transact_items(insert(&second));
        async move { both.send().await.is_ok() }
    })
    .await;
    assert!(succeeded.iter().enumerate().all(|(number, done)| *done == (number % 2 == 1)), "{succeeded:?}");
    assert_eq!(count(&client).await, 1 + CALLERS, "two of each that succeeded, none of those that were refused");
}

/// Makes `SQLite` roll back the whole transaction in which such an item is put.
fn add_poison(file: &Path) {
    let trigger = "CREATE TRIGGER poison BEFORE INSERT ON test WHEN NEW.sk LIKE '%poison%' \
                   BEGIN SELECT RAISE(ROLLBACK, 'poison'); END";
    rusqlite::Connection::open(file).unwrap().execute_batch(trigger).unwrap();
}

/// Some of each group, so that there are others before them.
fn is_poison(number: usize) -> bool {
    number % 8 == 7
}

#[tokio::test]
async fn what_was_rolled_back_with_another_request_is_carried_out_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("db");
    let client = client(&DynamoDb::open(&file).unwrap()).await;
    add_poison(&file);
    let succeeded = at_once(|number| {
        let sort = if is_poison(number) { "poison" } else { "counter" };
        let add = client.update_item().table_name("test").key("pk", text("p")).key("sk", text(sort));
        let add = add.update_expression("ADD n :one");
        let add = add.expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        async move { add.send().await.is_ok() }
    })
    .await;
    assert!(succeeded.iter().enumerate().all(|(number, done)| *done != is_poison(number)), "{succeeded:?}");
    let counter = client.get_item().table_name("test").key("pk", text("p")).key("sk", text("counter"));
    let counter = counter.send().await.unwrap().item.unwrap();
    assert_eq!(counter["n"], AttributeValue::N((CALLERS * 7 / 8).to_string()), "each once");
}

#[tokio::test]
async fn what_was_answered_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("db");
    let client = client(&DynamoDb::open(&file).unwrap()).await;
    let other = rusqlite::Connection::open(&file).unwrap();
    for round in 1..=20 {
        let sort = format!("answered-{round}");
        let others = at_once(|number| {
            let put = client.put_item().table_name("test").item("pk", text("other"));
            let put = put.item("sk", text(&format!("{round}-{number}")));
            async move { put.send().await.is_ok() }
        });
        let answered = async {
            put(&client, &sort).await;
            let stored: usize = other
                .query_row("SELECT count(*) FROM test WHERE sk = ?1", [format!("S:{sort}")], |row| row.get(0))
                .unwrap();
            assert_eq!(stored, 1, "round {round}");
        };
        tokio::join!(answered, others);
    }
}

#[tokio::test]
async fn items_are_deleted_after_their_time_to_live() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("db");
    let dynamodb = DynamoDb::open(&file).unwrap();
    let client = client(&dynamodb).await;
    let other = rusqlite::Connection::open(&file).unwrap();
    let now: i64 = other.query_row("SELECT unixepoch()", [], |row| row.get(0)).unwrap();
    // Beyond one page. What expired six years ago is kept, as AWS keeps it.
    for (count, expires) in [(40, now - 60), (2, now + 3600), (1, now - 6 * 366 * 86_400)] {
        for number in 0..count {
            let put = client.put_item().table_name("test").item("pk", text("p"));
            let put = put.item("sk", text(&format!("{expires}-{number}")));
            put.item("expiresAt", AttributeValue::N(expires.to_string())).send().await.unwrap();
        }
    }
    put(&client, "without").await;
    assert_eq!(dynamodb.sweep_ttl().await.unwrap(), 40);
    assert_eq!(count(&client).await, 4);
}
