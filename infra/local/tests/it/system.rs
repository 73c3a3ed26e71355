//! The system as a whole: start, stop, and what is left of a data directory.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lambda_events::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Response};
use local::functions::Functions;
use local::gateway::{Route, Routes, http_handler};
use local::stream::stream_handler;
use local::{Clock, Options, StartError, Storage, System};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::gateway::{LIMIT, echo};

#[tokio::test]
async fn a_data_directory_belongs_to_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let options = || Options {
        storage: Storage::Directory(directory.path().to_owned()),
        workers: true,
        ..Options::for_test(Clock::system())
    };
    let first = System::start(options()).await.unwrap();
    let second = System::start(options()).await;
    assert!(matches!(second, Err(StartError::DataDir(_))));
    assert!(first.shutdown().await, "a worker has nothing to do and does not end");
    System::start(options()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn an_answered_request_wakes_the_dispatcher() {
    let (dispatched, mut records) = mpsc::unbounded_channel();
    let client = Arc::new(OnceLock::<aws_sdk_dynamodb::Client>::new());
    let lent = Arc::clone(&client);
    // Nothing is dispatched unless somebody says so.
    let stream_rest = Duration::from_hours(1);
    let options = Options { workers: true, stream_rest, ..Options::for_test(Clock::system()) };
    let system = System::start_with(options, |_, _| {
        let publish = http_handler(move |_| {
            let client = Arc::clone(&lent);
            async move {
                let put = client.get().unwrap().put_item().table_name(store::tables::EVENTS.name);
                let put = put.item("pk", AttributeValue::S("a".into())).item("sk", AttributeValue::S("b".into()));
                put.send().await.unwrap();
                Response::new(Body::Empty)
            }
        });
        let dispatched = dispatched.clone();
        Ok(Functions {
            routes: Routes::new(vec![Route::new("POST", "/publish", "publish-event", publish)]),
            dispatcher: stream_handler(move |event| {
                dispatched.send(event.records.len()).unwrap();
                async { DynamoDbEventResponse::default() }
            }),
            ..echo()
        })
    })
    .await
    .unwrap();
    client.set(aws_sdk_dynamodb::Client::new(system.sdk_config())).unwrap();
    let mut stream = TcpStream::connect(system.base_url().replace("http://", "")).await.unwrap();
    stream.write_all(b"POST /publish HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    let woken = tokio::time::timeout(LIMIT, records.recv()).await;
    assert_eq!(woken.expect("the dispatcher sleeps"), Some(1));
    system.shutdown().await;
}
