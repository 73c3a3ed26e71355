//! The test application: requests, and the work behind them.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::alert::Alert;
use domain::delivery::Delivery;
use jiff::{SignedDuration, Timestamp};
use local::System;
use local::functions::QUEUES;
use store::tables;

use crate::backlog::{Backlog, Depth};
use crate::builder::Builder;
use crate::inbound_app::InboundApp;
use crate::{many, stored};

/// The local system under test, with a first tenant, whose calls are the application's own.
///
/// Dropping it fails the test when work is left that could have been done, unless the test said so
/// ([`TestApp::leave_work`]) or the workers are on. A test that only sends requests starts an [`InboundApp`].
pub struct TestApp {
    app: InboundApp,
    /// Why work is left.
    claim: OnceLock<&'static str>,
    unchecked: AtomicBool,
}

/// What a drain did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Records of the stream that were dispatched.
    pub records: usize,
    /// Messages of the delivery queue that were handled.
    pub deliveries: usize,
    /// Messages of the retry queue and the slow queue that were handled.
    pub retries: usize,
}

impl TestApp {
    /// Starts in memory, on any port, at half past two on 20 October 2025 (UTC), with the workers off.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Settings for a start.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(app: InboundApp) -> Self {
        Self { app, claim: OnceLock::new(), unchecked: AtomicBool::new(false) }
    }

    /// Does everything that can be done now: stream, delivery queue, retry queue and slow queue, until all are empty.
    pub async fn drain(&self) -> Drained {
        let mut drained = Drained::default();
        loop {
            let records = self.drain_stream().await;
            let deliveries = self.drain_delivery_queue().await;
            let retries = self.drain_retry_queue().await + self.drain_slow_queue().await;
            if records + deliveries + retries == 0 {
                return drained;
            }
            drained.records += records;
            drained.deliveries += deliveries;
            drained.retries += retries;
        }
    }

    /// Dispatches what is in the stream, and returns the number of records.
    pub async fn drain_stream(&self) -> usize {
        self.system().drain_stream().await.unwrap()
    }

    /// Handles what is visible in the delivery queue, and returns the number of messages.
    pub async fn drain_delivery_queue(&self) -> usize {
        self.system().drain_delivery_queue().await.unwrap()
    }

    /// Handles what is visible in the retry queue, and returns the number of messages.
    pub async fn drain_retry_queue(&self) -> usize {
        self.system().drain_retry_queue().await.unwrap()
    }

    /// Handles what is visible in the slow queue, and returns the number of messages.
    pub async fn drain_slow_queue(&self) -> usize {
        self.system().drain_slow_queue().await.unwrap()
    }

    /// Runs the sweeper once.
    pub async fn sweep(&self) {
        self.system().sweep(self.now()).await;
    }

    /// Every delivery of every tenant, oldest event first.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        stored::deliveries(self.system()).await
    }

    /// The only delivery of all tenants; panics when there is none or another.
    pub async fn only_delivery(&self) -> Delivery {
        let mut deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1, "deliveries");
        deliveries.remove(0)
    }

    /// Every alert of the first tenant, oldest first.
    pub async fn alerts(&self) -> Vec<Alert> {
        stored::alerts(self.system(), &self.account).await
    }

    /// The messages of one queue (`delivery`, `retry`, `slow`, each with `-dead`).
    pub async fn depth(&self, queue: &str) -> Depth {
        Depth::of(self.system(), queue).await
    }

    /// What waits in the stream and the queues. The workers must be off: one of them holds the stream.
    pub async fn backlog(&self) -> Backlog {
        Backlog::of(self.system()).await
    }

    /// Empties all queues, as if SQS had lost the messages.
    pub async fn purge_queues(&self) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        for queue in QUEUES {
            sqs.purge_queue().queue_url(self.system().queue_url(queue.name).unwrap()).send().await.unwrap();
        }
    }

    /// Sends a message to a queue.
    pub async fn enqueue(&self, queue: &str, body: &str) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        let url = self.system().queue_url(queue).unwrap();
        sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    /// Receives one message of a queue and neither handles nor deletes it.
    pub async fn receive_and_forget(&self, queue: &str) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        sqs.receive_message().queue_url(self.system().queue_url(queue).unwrap()).send().await.unwrap();
    }

    /// Creates endpoints of the first tenant for every event, all at `url`. Returns their ids.
    pub async fn endpoints(&self, url: &str, count: usize) -> Vec<String> {
        many::endpoints(self.system(), &self.account, url, count, self.now()).await
    }

    /// Creates deliveries of the first tenant that have arrived: one a second until now, to each of `endpoints` in turn.
    pub async fn make_deliveries(&self, endpoints: &[String], count: usize) {
        let every_second = (self.now(), SignedDuration::from_secs(1));
        many::deliveries(self.system(), &self.account, endpoints, count, every_second).await;
    }

    /// The same, evenly over the time until now that is `long`.
    pub async fn make_deliveries_over(&self, endpoints: &[String], count: usize, long: SignedDuration) {
        let apart = long / i32::try_from(count).unwrap();
        many::deliveries(self.system(), &self.account, endpoints, count, (self.now(), apart)).await;
    }

    /// Counts deliveries of the first tenant from `since` on, as the sweeper does, until ten minutes ago.
    pub async fn count_deliveries_since(&self, since: Timestamp) {
        many::count(self.system(), &self.account, since, self.now()).await;
    }

    /// Deletes all events, as their time to live does.
    pub async fn forget_events(&self) {
        stored::empty(self.system(), tables::EVENTS).await;
    }

    /// Deletes the markers of accounts with new events.
    pub async fn forget_markers(&self) {
        stored::empty(self.system(), tables::UNDISPATCHED).await;
    }

    /// Says that work is left when the test ends, and why. If none is left, the test fails.
    pub fn leave_work(&self, why: &'static str) {
        self.claim.set(why).unwrap();
    }

    /// Whatever work is left, nobody will ask for it when the application is dropped.
    pub fn drop_unchecked(&self) {
        self.unchecked.store(true, Ordering::Relaxed);
    }

    /// Stops in order, and starts again with the same data, keys and settings except those that `change` changes. The
    /// queues are empty then.
    pub async fn restart(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        Self::new(self.app.restarted(change).await)
    }

    /// Stops in order: work under way is finished, and what is left is not checked.
    pub async fn shutdown(mut self) {
        self.app.stop().await;
    }
}

impl Deref for TestApp {
    type Target = InboundApp;

    fn deref(&self) -> &InboundApp {
        &self.app
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(system) = self.app.running() else { return };
        if std::thread::panicking() || self.unchecked.load(Ordering::Relaxed) || !self.app.shows_backlog_at_end() {
            return;
        }
        let backlog = backlog_at_end(system);
        match self.claim.get() {
            None => assert!(!backlog.is_work(), "work is left that the test did not claim: {backlog:?}"),
            Some(why) => assert!(backlog.is_work(), "no work is left, but the test claimed: {why}"),
        }
    }
}

/// What waits when the test's own runtime is blocked by the drop.
fn backlog_at_end(system: &System) -> Backlog {
    let look = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(Backlog::of(system))
    };
    std::thread::scope(|scope| scope.spawn(look).join().unwrap())
}
