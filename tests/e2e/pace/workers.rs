//! Workers of several processes, which take from the queues side by side.

use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use domain::endpoint::Lane;
use futures_util::future::join_all;
use outbound::deliverer::Deliverer;
use serde_json::json;
use tests::{Backlog, TestApp};

/// So many deliverers and as many retry workers, each a process of its own.
pub(super) struct Workers<'a> {
    app: &'a TestApp,
    sqs: Client,
    queues: [(&'static str, Vec<Deliverer>); 2],
}

impl<'a> Workers<'a> {
    pub(super) fn new(app: &'a TestApp, count: usize) -> Self {
        let made =
            |lane| (0..count).map(move |_| Deliverer::from_environment(app.system().environment(), lane).unwrap());
        let queues = [("delivery", made(Lane::First).collect()), ("retry", made(Lane::Later).collect())];
        Self { app, sqs: Client::new(app.system().sdk_config()), queues }
    }

    /// Handles what there is and lets a second pass, again and again until nothing is left, for so long at most.
    pub(super) async fn run_until_idle(&self, most: Duration) {
        for _ in 0..most.as_secs() {
            while self.step().await > 0 {}
            if self.app.backlog().await == Backlog::default() {
                return;
            }
            self.app.advance(Duration::from_secs(1)).await;
        }
        panic!("something is left after {most:?}");
    }

    /// The same for so long, whatever is left.
    pub(super) async fn run(&self, time: Duration) {
        for _ in 0..time.as_secs() {
            while self.step().await > 0 {}
            self.app.advance(Duration::from_secs(1)).await;
        }
    }

    /// A batch for each worker, all at once. Returns how many messages that were.
    async fn step(&self) -> usize {
        let workers =
            self.queues.iter().flat_map(|(queue, workers)| workers.iter().map(move |worker| (*queue, worker)));
        join_all(workers.map(|(queue, worker)| self.batch(queue, worker))).await.into_iter().sum()
    }

    async fn batch(&self, queue: &str, worker: &Deliverer) -> usize {
        let url = self.app.system().queue_url(queue).unwrap();
        let received = self.sqs.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return 0;
        }
        let response = worker.handle(event(&messages), self.app.now()).await;
        assert!(response.batch_item_failures.is_empty(), "{response:?}");
        for message in &messages {
            let receipt = message.receipt_handle().unwrap();
            self.sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
        }
        messages.len()
    }
}

fn event(messages: &[Message]) -> SqsEvent {
    let record = |message: &Message| json!({ "messageId": message.message_id(), "body": message.body() });
    serde_json::from_value(json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })).unwrap()
}
