//! The test application.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::alert::Alert;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::delivery::Delivery;
use domain::ids;
use jiff::Timestamp;
use local::System;
use local::functions::{DELIVERY, RETRY};
use reqwest::Client;
use serde_json::Value;
use store::tables;
use store::tables::Table;

use crate::backlog::{Backlog, Depth};
use crate::builder::Builder;
use crate::tenant::Tenant;
use crate::{fixtures, many, stored, usage};

/// The local system under test, with a first tenant, whose calls are the application's own.
///
/// Dropping it fails the test when work is left that could have been done, unless the test said so
/// ([`TestApp::leave_work`]) or the workers are on.
pub struct TestApp {
    /// `None` only while it is being shut down.
    system: Option<System>,
    settings: Builder,
    tenant: Tenant,
    work_may_be_left: AtomicBool,
}

/// What a drain did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Records of the stream that were dispatched.
    pub records: usize,
    /// Messages of the delivery queue that were handled.
    pub deliveries: usize,
    /// Messages of the retry queue that were handled, hops among them.
    pub retries: usize,
}

impl TestApp {
    /// In memory, on any port, at half past two on 20 October 2025 (UTC), with nothing running by itself.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The same with settings.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(system: System, settings: Builder, tenant: Tenant) -> Self {
        Self { system: Some(system), settings, tenant, work_may_be_left: AtomicBool::new(false) }
    }

    pub(crate) async fn new_tenant(system: &System, settings: &Builder, client: &Client, name: &str) -> Tenant {
        let (now, key) = (settings.options.clock.now(), NewKey::generate("test"));
        let account = Account {
            id: ids::new_id("acc_", now),
            name: name.to_owned(),
            time_zone: "America/Chicago".to_owned(),
            currency: "USD".to_owned(),
            country: "US".to_owned(),
        };
        let mut stored = ApiKey::new(&key, "test", Scope::ALL.to_vec(), now);
        stored.limits = settings.limits;
        assert!(system.environment().api_keys().unwrap().create_account(&account, &stored).await.unwrap());
        let (base_url, client) = (system.base_url(), client.clone());
        Tenant { account: account.id, key: key.expose().to_owned(), base_url, client }
    }

    /// The system itself.
    #[must_use]
    pub fn system(&self) -> &System {
        self.system.as_ref().unwrap()
    }

    /// Another account with a key of its own.
    pub async fn tenant(&self, name: &str) -> Tenant {
        Self::new_tenant(self.system(), &self.settings, &self.tenant.client, name).await
    }

    /// The fixture at `path`: `workorder/valid/minimal`.
    #[must_use]
    pub fn fixture(&self, path: &str) -> Value {
        fixtures::fixture(path)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.settings.options.clock.now()
    }

    /// Lets time pass. What becomes due is visible, and waits for [`TestApp::drain`].
    pub async fn advance(&self, time: Duration) {
        self.settings.options.clock.set(self.now() + time);
        // Whoever sleeps until now is woken.
        tokio::task::yield_now().await;
    }

    /// Sets the clock back, as a machine's whose time was wrong. No time passes.
    pub async fn set_back(&self, time: Duration) {
        self.settings.options.clock.set(self.now() - time);
        tokio::task::yield_now().await;
    }

    /// Lets time pass until `time`.
    pub async fn advance_to(&self, time: Timestamp) {
        self.advance(time.duration_since(self.now()).try_into().unwrap()).await;
    }

    /// Does everything that can be done now: stream, delivery queue and retry queue, until all are empty.
    pub async fn drain(&self) -> Drained {
        let mut drained = Drained::default();
        loop {
            let records = self.drain_stream().await;
            let deliveries = self.drain_delivery_queue().await;
            let retries = self.drain_retry_queue().await;
            if records + deliveries + retries == 0 {
                return drained;
            }
            drained.records += records;
            drained.deliveries += deliveries;
            drained.retries += retries;
        }
    }

    /// Dispatches what is in the stream, and says how many records.
    pub async fn drain_stream(&self) -> usize {
        self.system().drain_stream().await.unwrap()
    }

    /// Handles what is visible on the delivery queue, and says how many messages.
    pub async fn drain_delivery_queue(&self) -> usize {
        self.system().drain_delivery_queue().await.unwrap()
    }

    /// Handles what is visible on the retry queue, and says how many messages.
    pub async fn drain_retry_queue(&self) -> usize {
        self.system().drain_retry_queue().await.unwrap()
    }

    /// Runs the sweeper once.
    pub async fn sweep(&self) {
        self.system().sweep(self.now()).await;
    }

    /// Every delivery of every tenant, oldest event first.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        stored::deliveries(self.system()).await
    }

    /// The one delivery that there is.
    pub async fn only_delivery(&self) -> Delivery {
        let mut deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1, "deliveries");
        deliveries.remove(0)
    }

    /// Every alert of the first tenant, oldest first.
    pub async fn alerts(&self) -> Vec<Alert> {
        stored::alerts(self.system(), &self.tenant.account).await
    }

    /// The messages of one queue (`delivery`, `delivery-dead`, `retry`, `retry-dead`).
    pub async fn depth(&self, queue: &str) -> Depth {
        Depth::of(self.system(), queue).await
    }

    /// What waits where. The workers must be off: one of them holds the stream.
    pub async fn backlog(&self) -> Backlog {
        Backlog::of(self.system()).await
    }

    /// Empties both queues, as if SQS had lost them.
    pub async fn purge_queues(&self) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        for queue in [DELIVERY.name, RETRY.name] {
            sqs.purge_queue().queue_url(self.system().queue_url(queue).unwrap()).send().await.unwrap();
        }
    }

    /// Puts a message on a queue (`delivery`, `retry`).
    pub async fn enqueue(&self, queue: &str, body: &str) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        let url = self.system().queue_url(queue).unwrap();
        sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    /// Receives one message of a queue and does nothing with it.
    pub async fn receive_and_forget(&self, queue: &str) {
        let sqs = aws_sdk_sqs::Client::new(self.system().sdk_config());
        sqs.receive_message().queue_url(self.system().queue_url(queue).unwrap()).send().await.unwrap();
    }

    /// Puts `value` in the place of an attribute of an item of the first tenant's, and returns what was there.
    pub async fn damage(&self, table: Table, id: &str, attribute: &str, value: AttributeValue) -> AttributeValue {
        stored::replace(self.system(), table, (&self.tenant.account, id), attribute, value).await
    }

    /// Endpoints of the first tenant for every event, all at `url`. Returns their ids.
    pub async fn endpoints(&self, url: &str, count: usize) -> Vec<String> {
        many::endpoints(self.system(), &self.tenant.account, url, count, self.now()).await
    }

    /// Deliveries of the first tenant that have arrived, one a second until now, in turn at each of `endpoints`.
    pub async fn make_deliveries(&self, endpoints: &[String], count: usize) {
        many::deliveries(self.system(), &self.tenant.account, endpoints, count, self.now()).await;
    }

    /// Every item of an account in every table, in a lasting order.
    pub async fn items(&self, account: &str) -> Vec<Value> {
        stored::items(self.system(), account).await
    }

    /// Deletes all events, as their time to live does.
    pub async fn forget_events(&self) {
        stored::empty(self.system(), tables::EVENTS).await;
    }

    /// How many items there are in a table.
    pub async fn items_of(&self, table: Table) -> usize {
        stored::scan(self.system(), table).await.len()
    }

    /// How many calls of DynamoDB itself there were since the last time this was asked.
    #[must_use]
    pub fn dynamodb_calls(&self) -> usize {
        let calls = self.system().calls().take();
        calls.iter().filter(|(target, _)| target.starts_with("DynamoDB_")).map(|(_, count)| count).sum()
    }

    /// Says that work is left when the test ends, on purpose.
    pub fn leave_work(&self) {
        self.work_may_be_left.store(true, Ordering::Relaxed);
    }

    /// Stops in order, and starts again with the same data, keys and settings but for what `change` changes. The
    /// queues are empty then.
    pub async fn restart(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.take_system().shutdown().await;
        let settings = change(self.settings.clone());
        let system = System::start(settings.options.clone()).await.unwrap();
        let tenant = Tenant { base_url: system.base_url(), ..self.tenant.clone() };
        Self::new(system, settings, tenant)
    }

    /// Stops in order: work under way is finished, and nothing is checked.
    pub async fn shutdown(mut self) {
        self.take_system().shutdown().await;
    }

    fn take_system(&mut self) -> System {
        let system = self.system.take().unwrap();
        usage::note(&system);
        system
    }
}

impl Deref for TestApp {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(system) = self.system.take() else { return };
        usage::note(&system);
        let options = &self.settings.options;
        // A connection to another DynamoDB is served by the test's runtime, which is busy dropping this.
        let can_look = !options.workers && options.dynamodb_url.is_none();
        let claimed = self.work_may_be_left.load(Ordering::Relaxed) || !can_look;
        if claimed || std::thread::panicking() {
            return;
        }
        // The test's own runtime is busy dropping this.
        let look = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(Backlog::of(&system))
        };
        let backlog = std::thread::scope(|scope| scope.spawn(look).join().unwrap());
        assert!(!backlog.is_work(), "work is left that the test did not claim: {backlog:?}");
    }
}
