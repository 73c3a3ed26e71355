//! What the stores rely on, asked through the AWS SDK.

use std::path::Path;

use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use local::embedded::Embedded;
use local::embedded::dynamodb::DynamoDb;
use local::embedded::kms::Kms;
use local::embedded::sns::Sns;
use local::embedded::sqs::Sqs;
use local::resources::{create_tables, stream_arn};
use local::stream::{Checkpoint, Progress, Stream, stream_handler};
use local::{Clock, stream};
use store::tables::{Index, Table};
use tokio::sync::mpsc;

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn config(dynamodb: &DynamoDb) -> aws_config::SdkConfig {
    Embedded::new(dynamodb.clone(), Sqs::new(Clock::system()), Sns::default(), Kms::new([0; 32])).sdk_config()
}

const TABLE: Table = Table {
    name: "test",
    variable: "",
    partition: "pk",
    sort: Some("sk"),
    indexes: &[Index { name: "by-kind", partition: "kind", sort: "sk", sort_is_number: false }],
    ttl: Some("expiresAt"),
    stream: true,
};

pub(crate) async fn client(dynamodb: &DynamoDb) -> Client {
    let client = Client::new(&config(dynamodb));
    create_tables(&client, &[TABLE]).await.unwrap();
    client
}

pub(crate) async fn put(client: &Client, sort: &str) {
    client
        .put_item()
        .table_name("test")
        .item("pk", text("p"))
        .item("sk", text(sort))
        .item("kind", text("k"))
        .item("list", AttributeValue::L(vec![AttributeValue::N("1.5".to_owned()), AttributeValue::Null(true)]))
        .send()
        .await
        .unwrap();
}

fn insert(sort: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name("test")
        .item("pk", text("p"))
        .item("sk", text(sort))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

#[tokio::test]
async fn a_cancelled_transaction_tells_why_and_changes_nothing() {
    let client = client(&DynamoDb::memory().unwrap()).await;
    put(&client, "taken").await;
    let error =
        client.transact_write_items().transact_items(insert("new")).transact_items(insert("taken")).send().await;
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.unwrap_err().into_service_error()
    else {
        panic!("not cancelled")
    };
    let reasons = cancelled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[1].item().unwrap()["kind"], text("k"));
    let read = client.get_item().table_name("test").key("pk", text("p")).key("sk", text("new")).send().await.unwrap();
    assert_eq!(read.item, None);
}

#[tokio::test]
async fn a_failed_condition_returns_the_item() {
    let client = client(&DynamoDb::memory().unwrap()).await;
    put(&client, "a").await;
    let error = client
        .put_item()
        .table_name("test")
        .item("pk", text("p"))
        .item("sk", text("a"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("{error:?}")
    };
    assert_eq!(failed.item().unwrap()["kind"], text("k"));
}

#[tokio::test]
async fn counters_of_many_tasks_add_up() {
    let client = client(&DynamoDb::memory().unwrap()).await;
    let add = |client: Client| async move {
        let update = Update::builder()
            .table_name("test")
            .key("pk", text("p"))
            .key("sk", text("counter"))
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        let item = TransactWriteItem::builder().update(update.build().unwrap()).build();
        client.transact_write_items().transact_items(item).send().await.unwrap();
    };
    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(add(client.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let key = client.get_item().table_name("test").key("pk", text("p")).key("sk", text("counter"));
    assert_eq!(key.send().await.unwrap().item.unwrap()["n"], AttributeValue::N("100".to_owned()));
}

#[tokio::test]
async fn an_index_is_queried_in_pages() {
    let client = client(&DynamoDb::memory().unwrap()).await;
    for sort in ["a", "b", "c"] {
        put(&client, sort).await;
    }
    let page = client
        .query()
        .table_name("test")
        .index_name("by-kind")
        .key_condition_expression("kind = :kind")
        .expression_attribute_values(":kind", text("k"))
        .scan_index_forward(false)
        .limit(2);
    let first = page.clone().send().await.unwrap();
    let second = page.set_exclusive_start_key(first.last_evaluated_key.clone()).send().await.unwrap();
    let sorts = |items: &[std::collections::HashMap<String, AttributeValue>]| {
        items.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!((sorts(first.items()), sorts(second.items())), (vec!["c".into(), "b".into()], vec!["a".into()]));
}

async fn reader(
    dynamodb: &DynamoDb,
    checkpoint: &Path,
    fail: &'static str,
) -> (Stream, mpsc::UnboundedReceiver<String>) {
    let (seen, receiver) = mpsc::unbounded_channel();
    let handler = stream_handler(move |event: aws_lambda_events::dynamodb::Event| {
        let seen = seen.clone();
        async move {
            let mut response = DynamoDbEventResponse::default();
            for record in event.records {
                let image = serde_json::to_value(&record.change.new_image).unwrap();
                let sort = image["sk"]["S"].as_str().unwrap().to_owned();
                if sort == fail {
                    let mut failure = DynamoDbBatchItemFailure::default();
                    failure.item_identifier = record.change.sequence_number;
                    response.batch_item_failures.push(failure);
                    return response;
                }
                seen.send(format!("{} {sort}", record.event_name)).unwrap();
            }
            response
        }
    });
    let config = config(dynamodb);
    let arn = stream_arn(&Client::new(&config), "test").await.unwrap();
    let checkpoint = Checkpoint::open(Some(checkpoint.to_owned()));
    (Stream::new(aws_sdk_dynamodbstreams::Client::new(&config), arn, handler, checkpoint), receiver)
}

fn seen(receiver: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

#[tokio::test]
async fn data_and_stream_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (file, checkpoint) = (directory.path().join("db"), directory.path().join("checkpoint"));

    let dynamodb = DynamoDb::open(&file).unwrap();
    put(&client(&dynamodb).await, "a").await;
    let (mut stream, mut received) = reader(&dynamodb, &checkpoint, "").await;
    assert_eq!(stream.drain().await.unwrap(), 1);
    assert_eq!(seen(&mut received), ["INSERT a"]);
    put(&client(&dynamodb).await, "b").await;
    dynamodb.close().await;
    assert!(stream.step().await.is_err(), "a closed database answers nothing");

    let dynamodb = DynamoDb::open(&file).unwrap();
    let client = client(&dynamodb).await;
    let read = client.get_item().table_name("test").key("pk", text("p")).key("sk", text("a")).send().await.unwrap();
    assert_eq!(read.item.unwrap()["list"].as_l().unwrap().len(), 2);
    let (mut stream, mut received) = reader(&dynamodb, &checkpoint, "").await;
    put(&client, "a").await;
    assert_eq!(stream.drain().await.unwrap(), 2);
    assert_eq!(seen(&mut received), ["INSERT b", "MODIFY a"]);

    let before = stream.checkpoint().unwrap();
    dynamodb.trim_stream("test", &before).await.unwrap();
    put(&client, "c").await;
    assert_eq!(stream.drain().await.unwrap(), 1, "numbers go on after trimming");
    assert_eq!(seen(&mut received), ["INSERT c"]);
}

#[tokio::test]
async fn a_failed_record_is_handed_on_again_and_those_before_it_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let checkpoint = directory.path().join("checkpoint");
    let dynamodb = DynamoDb::memory().unwrap();
    let client = client(&dynamodb).await;
    for sort in ["a", "b", "poison", "c"] {
        put(&client, sort).await;
    }
    let (mut stream, mut received) = reader(&dynamodb, &checkpoint, "poison").await;
    assert_eq!(stream.step().await.unwrap(), Progress::Failed);
    assert_eq!(seen(&mut received), ["INSERT a", "INSERT b"]);
    assert_eq!(stream.step().await.unwrap(), Progress::Failed);
    assert_eq!(seen(&mut received), Vec::<String>::new());
    stream.save().await;

    let (mut stream, mut received) = reader(&dynamodb, &checkpoint, "").await;
    assert_eq!(stream.step().await.unwrap(), stream::Progress::Handled(2));
    assert_eq!(seen(&mut received), ["INSERT poison", "INSERT c"]);
}
