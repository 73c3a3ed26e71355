//! The embedded queues, asked through the AWS SDK.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, SendMessageBatchRequestEntry};
use jiff::{SignedDuration, Timestamp};
use local::Clock;
use local::embedded::Embedded;
use local::embedded::dynamodb::DynamoDb;
use local::embedded::kms::Kms;
use local::embedded::sns::Sns;
use local::embedded::sqs::Sqs;
use local::queues::{QueuePoller, queue_handler};
use local::resources::{QueueSpec, create_queues};

const QUEUE: QueueSpec =
    QueueSpec { name: "q", dead_letter: "dead", variable: "", visibility_timeout: 180, max_receive_count: 2 };

async fn queue(clock: &Clock) -> (Client, String) {
    let embedded =
        Embedded::new(DynamoDb::memory().unwrap(), Sqs::new(clock.clone()), Sns::default(), Kms::new([0; 32]));
    let client = Client::new(&embedded.sdk_config());
    let urls = create_queues(&client, &[QUEUE]).await.unwrap();
    (client, urls["q"].clone())
}

async fn receive(client: &Client, url: &str, wait: i32) -> Vec<aws_sdk_sqs::types::Message> {
    let request = client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(wait);
    let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
    request.send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn a_long_poll_wakes_at_once() {
    let (client, url) = queue(&Clock::system()).await;
    let polls: Vec<_> = (0..3)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move { receive(&client, &url, 20).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    for body in ["a", "b", "c"] {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut bodies = HashSet::new();
    for poll in polls {
        bodies.extend(poll.await.unwrap().into_iter().filter_map(|message| message.body));
    }
    assert!(started.elapsed() < Duration::from_millis(500));
    assert_eq!(bodies.len(), 3);
}

#[tokio::test]
async fn a_delayed_message_wakes_a_long_poll_when_it_is_due() {
    let start = Timestamp::UNIX_EPOCH;
    let clock = Clock::settable(start);
    let (client, url) = queue(&clock).await;
    let poll = tokio::spawn({
        let (client, url) = (client.clone(), url.clone());
        async move { receive(&client, &url, 20).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let send = client.send_message().queue_url(&url).message_body("late").delay_seconds(3).message_group_id("ep_1");
    send.send().await.unwrap();
    clock.set(start + SignedDuration::from_secs(2));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!poll.is_finished());
    clock.set(start + SignedDuration::from_secs(3));
    let messages = poll.await.unwrap();
    let attributes = messages[0].attributes.as_ref().unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(attributes[&MessageSystemAttributeName::MessageGroupId], "ep_1");
    assert_eq!(attributes[&MessageSystemAttributeName::SentTimestamp], "0");
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let (client, url) = queue(&Clock::system()).await;
    let too_late = client.send_message().queue_url(&url).message_body("x").delay_seconds(901).send().await;
    assert!(too_late.is_err());
    let entry = |id: &str, delay| {
        SendMessageBatchRequestEntry::builder().id(id).message_body("x").delay_seconds(delay).build().unwrap()
    };
    let batch = client.send_message_batch().queue_url(&url).entries(entry("good", 0)).entries(entry("bad", 901));
    let answer = batch.send().await.unwrap();
    assert_eq!(answer.successful()[0].id(), "good");
    assert_eq!(answer.failed()[0].id(), "bad");
    let missing = client.get_queue_url().queue_name("missing").send().await.unwrap_err().into_service_error();
    assert!(missing.is_queue_does_not_exist());
}

#[tokio::test]
async fn successes_are_deleted_and_failures_end_in_the_dead_letter_queue() {
    let clock = Clock::settable(Timestamp::UNIX_EPOCH);
    let (client, url) = queue(&clock).await;
    let handler = queue_handler(|event: SqsEvent| async move {
        let mut response = SqsBatchResponse::default();
        for record in event.records.iter().filter(|record| record.body.as_deref() == Some("bad")) {
            response.add_failure(record.message_id.clone().unwrap());
        }
        response
    });
    let poller = QueuePoller::new(client.clone(), url.clone(), handler, 10);
    for body in ["good", "bad", "good"] {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }
    assert_eq!(poller.drain().await.unwrap(), 3);
    assert_eq!(poller.drain().await.unwrap(), 0);
    for (minutes, handled) in [(3, 1), (6, 0)] {
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes));
        assert_eq!(poller.drain().await.unwrap(), handled);
    }
    let dead = client.get_queue_url().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    let dead = receive(&client, &dead, 0).await;
    assert_eq!(dead.iter().filter_map(|message| message.body()).collect::<Vec<_>>(), ["bad"]);
}

#[tokio::test]
async fn a_handler_that_hangs_holds_no_other_batch_up() {
    let (client, url) = queue(&Clock::system()).await;
    let (done, mut finished) = tokio::sync::mpsc::unbounded_channel();
    let handler = queue_handler(move |event: SqsEvent| {
        let done = done.clone();
        async move {
            if event.records[0].body.as_deref() == Some("hang") {
                std::future::pending::<()>().await;
            }
            done.send(()).unwrap();
            SqsBatchResponse::default()
        }
    });
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(QueuePoller::new(client.clone(), url.clone(), handler, 10).run(stop.clone()));
    for body in ["hang", "fine"] {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::timeout(Duration::from_secs(1), finished.recv()).await.unwrap().unwrap();
}
