//! `queues`.

use std::collections::HashMap;

use domain::delivery::{DeliveryStatus, Message};
use serde_json::json;
use tests::{Receiver, TestApp};

use super::{admin, run};
use crate::deliveries::create_work_order;

/// Two deliveries whose messages, and one that is none, lie in the dead-letter queue of first attempts.
async fn dead_letters(app: &TestApp, receiver: &Receiver) {
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in ["WO-1", "WO-2"] {
        create_work_order(app, number).await;
    }
    app.drain_stream().await;
    app.purge_queues().await;
    app.enqueue("delivery-dead", "not a task").await;
    for delivery in app.deliveries().await {
        assert_eq!(delivery.status, DeliveryStatus::Pending);
        app.enqueue("delivery-dead", &serde_json::to_string(&Message::V1(delivery.task())).unwrap()).await;
    }
}

#[tokio::test]
async fn dead_letters_are_moved_back_and_delivered() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    dead_letters(&app, &receiver).await;
    let command = ["queues", "redrive", "delivery", "--json"];
    let deliveries: Vec<String> = app.deliveries().await.into_iter().map(|delivery| delivery.id).collect();

    let looked = admin(&app, &[&command[..], &["--dry-run"]].concat()).await.json();
    let listed: Vec<&str> =
        looked["messages"].as_array().unwrap().iter().map(|task| task["deliveryId"].as_str().unwrap()).collect();
    assert_eq!(
        (listed, &looked["moved"], &looked["found"]),
        (deliveries.iter().map(String::as_str).collect(), &json!(0), &json!(3))
    );
    assert_eq!(
        (app.depth("delivery-dead").await.visible, app.depth("delivery").await.visible),
        (3, 0),
        "nothing moved"
    );

    let first = admin(&app, &[&command[..], &["--max", "2"]].concat()).await;
    assert!(first.err.contains("--max 2") && first.err.contains("no delivery task: 1 message ("), "{}", first.err);
    assert_eq!((&first.json()["moved"], first.json()["unreadable"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    let rest = admin(&app, &["queues", "redrive", "delivery"]).await;
    assert_eq!((rest.code, rest.out.as_str()), (0, "1 message went back to the delivery queue.\n"));
    assert_eq!((app.depth("delivery-dead").await.visible, app.depth("delivery").await.visible), (1, 2));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
    app.leave_work("the message that is no delivery task stays in the dead-letter queue");
}

#[tokio::test]
async fn a_task_that_was_done_meanwhile_is_moved_and_sends_nothing() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let stale = Message::V1(app.only_delivery().await.task());
    app.drain().await;
    app.enqueue("retry-dead", &serde_json::to_string(&stale).unwrap()).await;
    assert_eq!(admin(&app, &["queues", "redrive", "retry", "--json"]).await.json()["moved"], 1);
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn queues_are_found_by_the_stack_and_counted() {
    let app = TestApp::start().await;
    let sqs = aws_sdk_sqs::Client::new(app.system().sdk_config());
    for suffix in ["delivery", "delivery-dead", "retry", "retry-dead", "slow", "slow-dead", "dispatch-dead"] {
        sqs.create_queue().queue_name(format!("acme-{suffix}")).send().await.unwrap();
    }
    let url = sqs.get_queue_url().queue_name("acme-retry").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    sqs.send_message().queue_url(&url).message_body("x").delay_seconds(60).send().await.unwrap();
    let dead = sqs.get_queue_url().queue_name("acme-dispatch-dead").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(dead).message_body("x").send().await.unwrap();

    let list = ["--stack", "acme", "queues", "list"];
    let listed = run(&app, HashMap::new(), &[&list[..], &["--json"]].concat()).await.json();
    let none = json!({"visible": 0, "inFlight": 0, "delayed": 0});
    let expected = json!({"data": [
        {"queue": "delivery", "messages": none, "dead": none},
        {"queue": "retry", "messages": {"visible": 1, "inFlight": 0, "delayed": 1}, "dead": none},
        {"queue": "slow", "messages": none, "dead": none},
        {"queue": "dispatch", "messages": null, "dead": {"visible": 1, "inFlight": 0, "delayed": 0}},
    ]});
    assert_eq!(listed, expected);
    let text = run(&app, HashMap::new(), &list).await.out;
    let words: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        words,
        [
            ["delivery", "0", "0", "0", "0"],
            ["retry", "1", "0", "1", "0"],
            ["slow", "0", "0", "0", "0"],
            ["dispatch", "-", "-", "-", "1"]
        ]
    );
}

#[tokio::test]
async fn undispatched_events_are_left_to_the_sweeper() {
    let app = TestApp::start().await;
    let refusal = admin(&app, &["queues", "redrive", "dispatch"]).await;
    assert!(refusal.complaint(1).contains("the sweeper has the events dispatched again"), "{}", refusal.err);
}
