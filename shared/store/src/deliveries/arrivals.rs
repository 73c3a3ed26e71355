//! Changes of the item that deliveries share: first attempts that arrive, those of one event together, and claims on
//! first attempts.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::delivery::Delivery;
use domain::format::Format;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::record::Outcome;
use super::shared::{ENTRIES, Entry, said_formats};
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::backoff::pause_before;
use crate::item::Item;

/// How often an update is tried that meets a transaction, or an entry that has been claimed since it was read.
const MAX_TRIES: u32 = 10;

/// What is to become of an entry.
pub(super) struct Change<'a> {
    pub(super) endpoint_id: &'a str,
    pub(super) seen: Entry,
    pub(super) becomes: Entry,
    /// In which format the attempt was made that it becomes delivered with.
    pub(super) format: Format,
}

impl<'a> Change<'a> {
    /// The change that an outcome makes; `None` when a shared item can't say it.
    fn of(delivery: &'a Delivery, outcome: &Outcome) -> Option<Self> {
        let format = outcome.attempt.as_ref().map(|attempt| attempt.format).unwrap_or_default();
        let (seen, becomes) = (outcome.seen(delivery)?, outcome.entry()?);
        Some(Self { endpoint_id: &delivery.endpoint_id, seen, becomes, format })
    }
}

/// What came of changing entries.
enum Changed {
    /// They are changed, or were so already.
    All,
    /// Nothing is changed, and this is the item.
    None(Option<Item>),
}

impl Deliveries {
    /// Records outcomes of deliveries which share one item. Those that [fit there](Outcome::fits_shared_item) are one
    /// update, of one write unit for each KB of the item, as long as none of them has changed since it was read; the
    /// others, and all when one has, are recorded one by one.
    ///
    /// Returns for each, in their order, what [`Deliveries::record`] would.
    pub async fn record_together(&self, outcomes: &[(&Delivery, &Outcome)]) -> Vec<Result<bool, StoreError>> {
        let changes: Option<Vec<_>> =
            outcomes.iter().map(|(delivery, outcome)| Change::of(delivery, outcome)).collect();
        let place = outcomes.first().and_then(|(first, _)| Some((&first.account, first.shared.as_ref()?)));
        if let (Some((account, shared)), Some(changes)) = (place, changes) {
            match self.change(account, shared, &changes).await {
                Ok(Changed::All) => return vec![Ok(true); outcomes.len()],
                Ok(Changed::None(_)) => {}
                Err(error) => return vec![Err(error); outcomes.len()],
            }
        }
        join_all(outcomes.iter().map(|(delivery, outcome)| self.record(delivery, outcome))).await
    }

    /// Records that a delivery arrived at the first attempt, whoever has claimed that meanwhile; false when it has moved
    /// out of the shared item, or has been recorded already.
    pub(super) async fn arrive(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        let (Some(shared), Some(mut change)) = (&delivery.shared, Change::of(delivery, outcome)) else {
            return Ok(false);
        };
        for _ in 0..MAX_TRIES {
            match self.change(&delivery.account, shared, std::slice::from_ref(&change)).await? {
                Changed::All => return Ok(true),
                Changed::None(item) => match item.and_then(|item| entry(&item, change.endpoint_id)) {
                    Some(open) if open.is_open() => change.seen = open,
                    _ => return Ok(false),
                },
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Claims the first attempt of a delivery that shares an item.
    pub(super) async fn claim_shared(
        &self,
        delivery: &Delivery,
        shared: &str,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(seen) = Entry::of(delivery).filter(|entry| entry.is_open()) else { return Ok(false) };
        let becomes = Entry::claimed(until);
        let change = Change { endpoint_id: &delivery.endpoint_id, seen, becomes, format: Format::Full };
        Ok(matches!(self.change(&delivery.account, shared, &[change]).await?, Changed::All))
    }

    /// Says of an open entry that its delivery has an item of its own.
    pub(super) async fn end_entry(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.replace_open(delivery, Entry::Own).await
    }

    /// Ends the claim on the first attempt of a delivery that shares an item. Nothing happens when it has changed since
    /// it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn end_claim(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.replace_open(delivery, Entry::Pending).await
    }

    async fn replace_open(&self, delivery: &Delivery, becomes: Entry) -> Result<(), StoreError> {
        let (Some(shared), Some(seen)) = (&delivery.shared, Entry::of(delivery)) else { return Ok(()) };
        if seen.is_open() {
            let change = Change { endpoint_id: &delivery.endpoint_id, seen, becomes, format: Format::Full };
            self.change(&delivery.account, shared, &[change]).await?;
        }
        Ok(())
    }

    /// Changes entries of a shared item, if all of them are as they were seen.
    async fn change(&self, account: &str, shared: &str, changes: &[Change<'_>]) -> Result<Changed, StoreError> {
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            match self.change_once(account, shared, changes).await {
                Err(StoreError::Contention(_)) => {}
                done => return done,
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    async fn change_once(&self, account: &str, shared: &str, changes: &[Change<'_>]) -> Result<Changed, StoreError> {
        let (mut set, mut condition) = (Vec::new(), Vec::new());
        let mut call = self.update_item(account, shared);
        for (i, change) in changes.iter().enumerate() {
            set.push(format!("#entries.#e{i} = :b{i}"));
            condition.push(format!("#entries.#e{i} = :s{i}"));
            call = call
                .expression_attribute_names(format!("#e{i}"), change.endpoint_id)
                .expression_attribute_values(format!(":b{i}"), change.becomes.value())
                .expression_attribute_values(format!(":s{i}"), change.seen.value());
        }
        let mut add = Vec::new();
        for (format, endpoints) in sent_in(changes) {
            let word = format.as_str();
            add.push(format!("#{word} :{word}"));
            call = call
                .expression_attribute_names(format!("#{word}"), word)
                .expression_attribute_values(format!(":{word}"), AttributeValue::Ss(endpoints));
        }
        let add = if add.is_empty() { String::new() } else { format!(" ADD {}", add.join(", ")) };
        let outcome = call
            .update_expression(format!("SET {}{add}", set.join(", ")))
            .condition_expression(condition.join(" AND "))
            .expression_attribute_names("#entries", ENTRIES)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(Changed::All),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has changed.
            Err(UpdateItemError::ConditionalCheckFailedException(found)) => {
                let is_changed =
                    |item: &Item| changes.iter().all(|change| entry(item, change.endpoint_id) == Some(change.becomes));
                Ok(if found.item().is_some_and(is_changed) { Changed::All } else { Changed::None(found.item) })
            }
            Err(other) => Err(StoreError::operation("UpdateItem shared deliveries", other)),
        }
    }
}

/// The endpoints of changes by the format of what was sent to them, if it is not the full one.
fn sent_in(changes: &[Change<'_>]) -> impl Iterator<Item = (Format, Vec<String>)> {
    said_formats().filter_map(|format| {
        let sent = changes.iter().filter(|change| change.format == format);
        let endpoints: Vec<String> = sent.map(|change| change.endpoint_id.to_owned()).collect();
        (!endpoints.is_empty()).then_some((format, endpoints))
    })
}

/// How the delivery to this endpoint stands; `None` when the item has none, or it can't be read.
fn entry(item: &Item, endpoint_id: &str) -> Option<Entry> {
    Entry::parse(item.get(ENTRIES)?.as_m().ok()?.get(endpoint_id)?.as_s().ok()?)
}
