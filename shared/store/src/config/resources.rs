//! The tables, queues, topic and KMS keys of a function, each from the variable that names it.

use crate::Client;
use crate::alerts::Alerts;
use crate::api_keys::ApiKeys;
use crate::audit::Audit;
use crate::config::{ConfigError, Environment};
use crate::deliveries::Deliveries;
use crate::endpoints::Endpoints;
use crate::events::{EventWriter, Events};
use crate::holdings::Holdings;
use crate::idempotency::Idempotency;
use crate::paces::Paces;
use crate::queue::Queue;
use crate::rate_windows::RateWindows;
use crate::records::Records;
use crate::requests::Requests;
use crate::seal::Sealer;
use crate::sums::Sums;
use crate::tables;
use crate::tables::Table;
use crate::topic::Topic;
use crate::undispatched::Undispatched;

impl Environment {
    fn db(&self) -> Client {
        self.clients.dynamodb.clone()
    }

    fn table(&self, table: Table) -> Result<String, ConfigError> {
        self.variable(table.variable)
    }

    /// API keys and accounts: `API_KEYS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn api_keys(&self) -> Result<ApiKeys, ConfigError> {
        Ok(ApiKeys::new(self.db(), self.table(tables::API_KEYS)?))
    }

    /// The audit log: `AUDIT_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn audit(&self) -> Result<Audit, ConfigError> {
        Ok(Audit::new(self.db(), self.table(tables::AUDIT)?))
    }

    /// Rate windows: `RATE_WINDOWS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn rate_windows(&self) -> Result<RateWindows, ConfigError> {
        Ok(RateWindows::new(self.db(), self.table(tables::RATE_WINDOWS)?))
    }

    /// Paces of endpoints, which lie beside rate windows: `RATE_WINDOWS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn paces(&self) -> Result<Paces, ConfigError> {
        Ok(Paces::new(self.db(), self.table(tables::RATE_WINDOWS)?))
    }

    /// Idempotency keys: `IDEMPOTENCY_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn idempotency(&self) -> Result<Idempotency, ConfigError> {
        Ok(Idempotency::new(self.db(), self.table(tables::IDEMPOTENCY)?))
    }

    /// Events: `EVENTS_TABLE` and `EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When the first is not set, or the second can't be used.
    pub fn events(&self) -> Result<Events, ConfigError> {
        Ok(Events::new(self.db(), self.table(tables::EVENTS)?, self.event_retention()?))
    }

    /// Markers of accounts whose latest events may not be dispatched: `UNDISPATCHED_TABLE` and `EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When the first is not set, or the second can't be used.
    pub fn undispatched(&self) -> Result<Undispatched, ConfigError> {
        Ok(Undispatched::new(self.db(), self.table(tables::UNDISPATCHED)?, self.event_retention()?))
    }

    /// The writer of events and their markers: `EVENTS_TABLE`, `UNDISPATCHED_TABLE` and `EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When one of the first two is not set, or the third can't be used.
    pub fn event_writer(&self) -> Result<EventWriter, ConfigError> {
        Ok(EventWriter::new(self.events()?, self.undispatched()?))
    }

    /// Records: `RECORDS_TABLE`, and the variables of [`Environment::event_writer`] for their transactions.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn records(&self) -> Result<Records, ConfigError> {
        Ok(Records::new(self.db(), self.table(tables::RECORDS)?, self.event_writer()?))
    }

    /// Endpoints: `ENDPOINTS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn endpoints(&self) -> Result<Endpoints, ConfigError> {
        Ok(Endpoints::new(self.db(), self.table(tables::ENDPOINTS)?))
    }

    /// Deliveries: `DELIVERIES_TABLE` and `EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When the first is not set, or the second can't be used.
    pub fn deliveries(&self) -> Result<Deliveries, ConfigError> {
        Ok(Deliveries::new(self.db(), self.table(tables::DELIVERIES)?, self.event_retention()?))
    }

    /// Sums of deliveries, which lie beside these: `DELIVERIES_TABLE` and `EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When the first is not set, or the second can't be used.
    pub fn sums(&self) -> Result<Sums, ConfigError> {
        Ok(Sums::new(self.db(), self.table(tables::DELIVERIES)?, self.event_retention()?))
    }

    /// Alerts: `ALERTS_TABLE` and `ALERT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// When the first is not set, or the second can't be used.
    pub fn alerts(&self) -> Result<Alerts, ConfigError> {
        Ok(Alerts::new(self.db(), self.table(tables::ALERTS)?, self.alert_retention()?))
    }

    /// Calls that were refused: `REQUESTS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn requests(&self) -> Result<Requests, ConfigError> {
        Ok(Requests::new(self.db(), self.table(tables::REQUESTS)?))
    }

    /// What all tables hold of an account: the variables of every table.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn holdings(&self) -> Result<Holdings, ConfigError> {
        let names = tables::ALL.iter().map(|table| Ok((table.name, self.table(*table)?)));
        Ok(Holdings::new(self.db(), names.collect::<Result<_, ConfigError>>()?))
    }

    /// The queue of first attempts: `DELIVERY_QUEUE_URL`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn delivery_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.clients.sqs.clone(), self.variable("DELIVERY_QUEUE_URL")?))
    }

    /// The queue of later attempts: `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn retry_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.clients.sqs.clone(), self.variable("RETRY_QUEUE_URL")?))
    }

    /// The queue of deliveries to slow endpoints: `SLOW_QUEUE_URL`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn slow_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.clients.sqs.clone(), self.variable("SLOW_QUEUE_URL")?))
    }

    /// The topic of alerts: `ALERT_TOPIC_ARN`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn alert_topic(&self) -> Result<Topic, ConfigError> {
        Ok(Topic::new(self.clients.sns.clone(), self.variable("ALERT_TOPIC_ARN")?))
    }

    /// The sealer of secrets: `SEAL_KEY_ID` and `MAC_KEY_ID`, keys of KMS.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn sealer(&self) -> Result<Sealer, ConfigError> {
        let kms = self.clients.kms.clone();
        Ok(Sealer::new(kms, self.variable("SEAL_KEY_ID")?, self.variable("MAC_KEY_ID")?))
    }
}
