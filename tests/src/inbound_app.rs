//! The part of the test application that answers requests.

use std::ops::Deref;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::audit::Author;
use domain::ids;
use jiff::Timestamp;
use local::{Clock, System};
use reqwest::Client;
use serde_json::Value;
use store::tables::Table;

use crate::builder::Builder;
use crate::tenant::Tenant;
use crate::{fixtures, stored, usage};

/// The local system for tests of requests alone: of answers, and of what is stored.
///
/// It has no way to dispatch or deliver, so events stay in the stream and the tests need not say so. A test that looks
/// at deliveries starts a [`TestApp`](crate::TestApp), which is one of these and does the work behind it too.
pub struct InboundApp {
    /// `None` only while it is being shut down.
    system: Option<System>,
    settings: Builder,
    tenant: Tenant,
}

impl InboundApp {
    /// Starts with the same settings as [`TestApp::start`](crate::TestApp::start).
    pub async fn start() -> Self {
        Builder::new().start_inbound().await
    }

    /// Starts the system with `settings`, with a first account.
    pub(crate) async fn with(settings: Builder, client: Client) -> Self {
        let system = start(&settings).await;
        let tenant = new_tenant(&system, &settings, client, "Test").await;
        Self { system: Some(system), settings, tenant }
    }

    /// The system itself.
    #[must_use]
    pub fn system(&self) -> &System {
        self.system.as_ref().unwrap()
    }

    /// Creates another account with a key of its own.
    pub async fn tenant(&self, name: &str) -> Tenant {
        new_tenant(self.system(), &self.settings, self.tenant.client.clone(), name).await
    }

    /// Reads the fixture at `path`: `workorder/valid/minimal`.
    #[must_use]
    pub fn fixture(&self, path: &str) -> Value {
        fixtures::fixture(path)
    }

    /// The application's time, which only the test changes.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.settings.options.clock.now()
    }

    /// The application's clock itself.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.settings.options.clock.clone()
    }

    /// Lets time pass. Messages that become due are visible and stay in their queues.
    pub async fn advance(&self, time: Duration) {
        self.settings.options.clock.set(self.now() + time);
        // Tasks that sleep until now run first.
        tokio::task::yield_now().await;
    }

    /// Sets the clock back, as on a machine whose time was wrong. No time passes.
    pub async fn set_back(&self, time: Duration) {
        self.settings.options.clock.set(self.now() - time);
        tokio::task::yield_now().await;
    }

    /// Lets time pass until `time`.
    pub async fn advance_to(&self, time: Timestamp) {
        self.advance(time.duration_since(self.now()).try_into().unwrap()).await;
    }

    /// Replaces an attribute of an item of the first tenant's, and returns its old value.
    pub async fn damage(&self, table: Table, id: &str, attribute: &str, value: AttributeValue) -> AttributeValue {
        stored::replace(self.system(), table, (&self.tenant.account, id), attribute, value).await
    }

    /// Every item of an account in every table, in a stable order.
    pub async fn items(&self, account: &str) -> Vec<Value> {
        stored::items(self.system(), account).await
    }

    /// The number of items in a table.
    pub async fn items_of(&self, table: Table) -> usize {
        stored::scan(self.system(), table).await.len()
    }

    /// The number of DynamoDB calls since this was last asked, without those of DynamoDB Streams.
    #[must_use]
    pub fn dynamodb_calls(&self) -> usize {
        let calls = self.system().calls().take();
        calls.iter().filter(|(target, _)| target.starts_with("DynamoDB_")).map(|(_, count)| count).sum()
    }

    /// Whether the queues and the stream can be looked into when the test ends: workers hold the stream, and another
    /// DynamoDB is reached over the test's runtime, which is blocked then.
    pub(crate) fn shows_backlog_at_end(&self) -> bool {
        let options = &self.settings.options;
        !options.workers && options.dynamodb_url.is_none()
    }

    /// The system, while it is not shut down.
    pub(crate) fn running(&self) -> Option<&System> {
        self.system.as_ref()
    }

    /// Stops in order, and starts again on the same data with the settings that `change` returns.
    pub(crate) async fn restarted(&mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.stop().await;
        let settings = change(self.settings.clone());
        let system = start(&settings).await;
        let tenant = Tenant { base_url: system.base_url(), ..self.tenant.clone() };
        Self { system: Some(system), settings, tenant }
    }

    /// Stops in order: work under way is finished.
    pub async fn shutdown(mut self) {
        self.stop().await;
    }

    pub(crate) async fn stop(&mut self) {
        let system = self.system.take().unwrap();
        usage::note(&system);
        system.shutdown().await;
    }
}

impl Deref for InboundApp {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Drop for InboundApp {
    fn drop(&mut self) {
        if let Some(system) = &self.system {
            usage::note(system);
        }
    }
}

async fn start(settings: &Builder) -> System {
    let options = settings.options.clone();
    let started = match &settings.faults {
        Some(faults) => faults.start(options).await,
        None => System::start(options).await,
    };
    started.unwrap()
}

async fn new_tenant(system: &System, settings: &Builder, client: Client, name: &str) -> Tenant {
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
    let (environment, author) = (system.environment(), Author::operator(Some("test"), now));
    let (keys, audit) = (environment.api_keys().unwrap(), environment.audit().unwrap());
    assert!(keys.create_account(&account, &stored, audit.of(&author)).await.unwrap());
    Tenant { account: account.id, key: key.expose().to_owned(), base_url: system.base_url(), client }
}
