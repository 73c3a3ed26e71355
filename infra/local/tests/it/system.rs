//! The system as a whole: start, stop, and what is left of a data directory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_lambda_events::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Response};
use local::functions::Functions;
use local::gateway::{Route, Routes, http_handler};
use local::stream::stream_handler;
use local::{Clock, Options, StartError, Storage, System};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::gateway::echo;

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
    let stopped = Instant::now();
    first.shutdown().await;
    assert!(stopped.elapsed() < Duration::from_secs(1));
    System::start(options()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn an_answered_request_wakes_the_dispatcher() {
    let dispatched = Arc::new(AtomicUsize::new(0));
    let client = Arc::new(OnceLock::<aws_sdk_dynamodb::Client>::new());
    let lent = Arc::clone(&client);
    let options = Options { workers: true, ..Options::for_test(Clock::system()) };
    let system = System::start_with(options, |_, _| {
        let publish = http_handler(move |_| {
            let client = Arc::clone(&lent);
            async move {
                let put = client.get().unwrap().put_item().table_name(shared::store::tables::EVENTS.name);
                let put = put.item("pk", AttributeValue::S("a".into())).item("sk", AttributeValue::S("b".into()));
                put.send().await.unwrap();
                Response::new(Body::Empty)
            }
        });
        let counter = Arc::clone(&dispatched);
        Ok(Functions {
            routes: Routes::new(vec![Route::new("POST", "/publish", "publish-event", publish)]),
            dispatcher: stream_handler(move |event| {
                counter.fetch_add(event.records.len(), Ordering::SeqCst);
                async { DynamoDbEventResponse::default() }
            }),
            ..echo()
        })
    })
    .await
    .unwrap();
    client.set(aws_sdk_dynamodb::Client::new(system.sdk_config())).unwrap();
    // Let the stream's first read find nothing.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(system.base_url().replace("http://", "")).await.unwrap();
    let started = Instant::now();
    stream.write_all(b"POST /publish HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    while dispatched.load(Ordering::SeqCst) == 0 && started.elapsed() < Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    system.shutdown().await;
}
