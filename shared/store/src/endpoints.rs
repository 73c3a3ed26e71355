//! Endpoints with their health.
//!
//! One item per endpoint, under its account and its own id. What people set is one JSON attribute under a version;
//! status and health, which deliveries change, are attributes of their own, so that the two never overwrite each other.
//! Sealed own headers are an attribute of their own too: an older version of the program, from before they were sealed,
//! writes the JSON without them and does not lose them.

mod create;
mod health;
mod own_headers;

use std::collections::{BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, Select, TransactWriteItem, Update};
use domain::audit::{Action, Change, Snapshot};
use domain::delivery::Delivery;
use domain::endpoint::{Endpoint, EndpointStatus, Health, HealthState, StoredHeaders};
use domain::format::Format;
use telemetry::causes::causes;

use crate::audit::Log;
use crate::batch::batch_get;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, json, key, n, s};
use crate::range::Order;
use crate::transaction::transact;
use crate::{Client, StoreError};

pub use create::Creation;
pub use health::{Cause, Failure, Success};
pub use own_headers::seal_headers;

const TABLE: &str = "endpoints";

/// The table of endpoints.
#[derive(Debug, Clone)]
pub struct Endpoints {
    db: Client,
    table: String,
}

/// One page of an account's endpoints.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order of their ids, oldest first unless asked otherwise.
    pub endpoints: Vec<Endpoint>,
    /// How many of the page could not be read.
    pub unreadable: usize,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// A change of an endpoint's status that people ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch {
    /// Enable it: it gets deliveries again, and its health is reset.
    On,
    /// Disable it: it gets no more deliveries.
    Off {
        /// The `disabledReason` that the API shows.
        reason: String,
    },
}

impl Endpoints {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The table's name, for batches that read from several tables.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// One endpoint, read consistently; `None` when there is none. One read unit for each 4 KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<Endpoint>, StoreError> {
        let item = self.item(account, id).await?;
        item.as_ref().map(|item| read(item).map(|(_, endpoint)| endpoint)).transpose()
    }

    async fn item(&self, account: &str, id: &str) -> Result<Option<Item>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(account, id))).consistent_read(true);
        Ok(call.send().await.map_err(StoreError::call("GetItem endpoint"))?.item)
    }

    /// A page of an account's endpoints, after the id `after` if given: one query, consistent. An endpoint that can't
    /// be read, such as one that a newer version has written, is left out, counted and logged: it must not keep the
    /// others from their events.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn page(&self, account: &str, after: Option<&str>, order: Order, limit: i32) -> Result<Page, StoreError> {
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(account))
            .scan_index_forward(order == Order::OldestFirst)
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(after.map(|id| key(account, id)))
            .send()
            .await
            .map_err(StoreError::call("Query endpoints"))?;
        let readable = |item: &Item| match read(item) {
            Ok((_, endpoint)) => Some(endpoint),
            Err(error) => {
                let endpoint_id = Reader { table: TABLE, item }.opt_text("sk");
                let error = causes(&error);
                tracing::error!(error, account, endpoint_id, "an endpoint can't be read and is left out");
                None
            }
        };
        let endpoints: Vec<_> = output.items().iter().filter_map(readable).collect();
        let unreadable = output.items().len() - endpoints.len();
        let next = output.last_evaluated_key().map(|key| Reader { table: TABLE, item: key }.string("sk"));
        Ok(Page { endpoints, unreadable, next: next.transpose()? })
    }

    /// Which of these endpoints are disabled; an id without an endpoint is not among them. One call for each hundred,
    /// consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn disabled_among(&self, account: &str, ids: &BTreeSet<&str>) -> Result<HashSet<String>, StoreError> {
        let mut disabled = HashSet::new();
        let ids: Vec<&str> = ids.iter().copied().collect();
        for ids in ids.chunks(100) {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(ids.iter().map(|id| key(account, *id)).collect()))
                .projection_expression("sk, #status")
                .expression_attribute_names("#status", "status")
                .consistent_read(true)
                .build()
                .map_err(StoreError::built("BatchGetItem endpoints"))?;
            let wanted = HashMap::from([(self.table.clone(), wanted)]);
            for (_, item) in batch_get(&self.db, wanted, "BatchGetItem endpoints").await? {
                let reader = Reader { table: TABLE, item: &item };
                if reader.text("status")? != "enabled" {
                    disabled.insert(reader.string("sk")?);
                }
            }
        }
        Ok(disabled)
    }

    /// The format of a delivery's body: that of its latest attempt, and before the first one, for which its endpoint is read,
    /// the one that it would be sent in now.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn format_of(&self, delivery: &Delivery) -> Result<Format, StoreError> {
        if let Some(latest) = delivery.attempts.last() {
            return Ok(latest.format);
        }
        let endpoint = self.get(&delivery.account, &delivery.endpoint_id).await?;
        Ok(endpoint.map(|endpoint| endpoint.format).unwrap_or_default())
    }

    /// How many endpoints an account has, counted consistently. Reads them all: one read unit for each 4 KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn count(&self, account: &str) -> Result<usize, StoreError> {
        let pages = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(account))
            .select(Select::Count)
            .consistent_read(true)
            .into_paginator()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(StoreError::call("Query endpoints"))?;
        Ok(pages.iter().map(|page| usize::try_from(page.count()).unwrap_or_default()).sum())
    }

    /// Stores what people changed, and enables or disables the endpoint if they asked for that; without `switch`,
    /// status and health stay as deliveries left them. With the entry of the audit log one transaction, two write units for
    /// each KB of both.
    ///
    /// Returns the endpoint as it is then, or `None` when it has another version than `seen`, because somebody changed
    /// it meanwhile, or was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or other writes meet the transaction over and over.
    pub async fn update(
        &self,
        account: &str,
        endpoint: &Endpoint,
        seen: &Endpoint,
        switch: Option<&Switch>,
        (action, log): (Action, Log<'_>),
    ) -> Result<Option<Endpoint>, StoreError> {
        let update = self.changed_by_people(account, endpoint, seen.version, switch);
        let update = update.build().map_err(StoreError::built("Update endpoint"))?;
        let now = log.author.now;
        let change = Change::Updated(Snapshot::of_endpoint(seen, now), Snapshot::of_endpoint(endpoint, now));
        let entry = log.put(account, action, &endpoint.id, &change)?;
        let items = vec![TransactWriteItem::builder().update(update).build(), entry];
        if !transact(&self.db, items, "TransactWriteItems endpoint", TABLE).await? {
            return Ok(None);
        }
        self.get(account, &endpoint.id).await
    }

    fn changed_by_people(
        &self,
        account: &str,
        endpoint: &Endpoint,
        seen: u64,
        switch: Option<&Switch>,
    ) -> UpdateBuilder {
        let set = "SET endpoint = :endpoint, sealedHeaders = :headers, version = :version";
        let mut call = Update::builder()
            .table_name(&self.table)
            .key("pk", s(account))
            .key("sk", s(&endpoint.id))
            .condition_expression("version = :seen")
            .expression_attribute_values(":endpoint", json(endpoint))
            .expression_attribute_values(":headers", sealed_headers(endpoint))
            .expression_attribute_values(":version", n(endpoint.version))
            .expression_attribute_values(":seen", n(seen));
        if switch.is_some() {
            call = call.expression_attribute_names("#status", "status");
        }
        match switch {
            None => call.update_expression(set),
            // Its health starts anew: how it answered before it was disabled says nothing about it now.
            Some(Switch::On) => call
                .update_expression(format!(
                    "{set}, #status = :status, consecutiveFailures = :zero \
                     REMOVE disabledReason, disabledAt, failingSince, firstFailureAt, failedDays, lastSlowAt"
                ))
                .expression_attribute_values(":status", status(EndpointStatus::Enabled))
                .expression_attribute_values(":zero", n(0)),
            Some(Switch::Off { reason }) => call
                .update_expression(format!("{set}, #status = :status, disabledReason = :reason, disabledAt = :at"))
                .expression_attribute_values(":at", s(endpoint.updated_at.to_string()))
                .expression_attribute_values(":status", status(EndpointStatus::Disabled))
                .expression_attribute_values(":reason", s(reason)),
        }
    }

    fn update_item(&self, account: &str, id: &str) -> UpdateItemFluentBuilder {
        self.db.update_item().table_name(&self.table).key("pk", s(account)).key("sk", s(id))
    }
}

/// Reads the item of an endpoint: the account that it belongs to, and the endpoint.
pub(crate) fn read(item: &Item) -> Result<(String, Endpoint), StoreError> {
    let reader = Reader { table: TABLE, item };
    let endpoint: Endpoint = reader.json("endpoint")?;
    let failing_since = reader.opt_time("failingSince");
    let health = Health {
        state: if failing_since.is_some() { HealthState::Failing } else { HealthState::Healthy },
        consecutive_failures: reader.opt_number("consecutiveFailures").unwrap_or_default(),
        failing_since,
        last_success_at: reader.opt_time("lastSuccessAt"),
        last_failure_at: reader.opt_time("lastFailureAt"),
        last_error: reader.opt_text("lastError").and_then(|stored| stored.parse().ok()),
        last_slow_at: reader.opt_time("lastSlowAt"),
        first_failure_at: reader.opt_time("firstFailureAt"),
        failed_days: reader.count_of_set("failedDays"),
    };
    let status = match reader.text("status")? {
        "enabled" => EndpointStatus::Enabled,
        _ => EndpointStatus::Disabled,
    };
    let disabled_reason = reader.opt_text("disabledReason").map(str::to_owned);
    let headers = match endpoint.headers {
        // Headers in the JSON were written by an older version of the program, after the sealed ones.
        StoredHeaders::None if reader.opt_text("sealedHeaders").is_some() => {
            StoredHeaders::Sealed(reader.json("sealedHeaders")?)
        }
        headers => headers,
    };
    let disabled_at = reader.opt_time("disabledAt").filter(|_| status == EndpointStatus::Disabled);
    Ok((reader.string("pk")?, Endpoint { headers, status, disabled_reason, disabled_at, health, ..endpoint }))
}

fn sealed_headers(endpoint: &Endpoint) -> AttributeValue {
    match &endpoint.headers {
        StoredHeaders::Sealed(sealed) => json(sealed),
        StoredHeaders::None | StoredHeaders::Plain(_) => AttributeValue::Null(true),
    }
}

fn status(status: EndpointStatus) -> AttributeValue {
    s(match status {
        EndpointStatus::Enabled => "enabled",
        EndpointStatus::Disabled => "disabled",
    })
}

/// Makes an update. Returns the endpoint as it is then, or `None` when the condition does not hold.
async fn changed(call: UpdateItemFluentBuilder) -> Result<Option<Endpoint>, StoreError> {
    let output = unless_refused(call.return_values(ReturnValue::AllNew).send().await, "UpdateItem endpoint")?;
    output.and_then(|output| output.attributes).map(|item| read(&item).map(|(_, endpoint)| endpoint)).transpose()
}
