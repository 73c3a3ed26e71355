//! Which deliveries a list wants, and where it looks for them.

use domain::delivery::{Delivery, DeliveryStatus};
use domain::events::EventName;
use jiff::Timestamp;

use super::stored::account_status;
use crate::item::Item;
use crate::range::IdRange;
use crate::search::equal;
use crate::tables;

/// Where a search begins: the smallest set of deliveries that has a key.
pub(super) enum Among {
    /// All of the account: the table itself.
    Account,
    /// One partition of an index: the index, its partition key's attribute, and the key.
    Index(&'static str, &'static str, String),
}

/// Which deliveries are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// Those to this endpoint.
    pub endpoint_id: Option<&'a str>,
    /// Those of events of this type.
    pub event: Option<EventName>,
    /// Those of this one event.
    pub event_id: Option<&'a str>,
    /// Those with this status.
    pub status: Option<DeliveryStatus>,
    /// Only those that are not final.
    pub unfinished: bool,
    /// Those of events from this instant on (inclusive).
    pub since: Option<Timestamp>,
    /// Those of events before this instant (exclusive).
    pub until: Option<Timestamp>,
    /// Only test sends, or none of them.
    pub test: Option<bool>,
    /// Only those that have an item of their own, as all have that failed, are retried, or wait for their endpoint.
    pub own_items: bool,
}

impl Among {
    /// Deliveries with a status that few have are all in items of their own.
    pub(super) fn is_by_status(&self) -> bool {
        matches!(self, Self::Index(tables::BY_STATUS, ..))
    }
}

impl Filter<'_> {
    /// The range of ids in which the wanted deliveries lie, older than the delivery `after`.
    pub(super) fn range(&self, after: Option<&str>) -> IdRange {
        let mut range = IdRange::default();
        if let Some(since) = self.since {
            range = range.since(since);
        }
        if let Some(until) = self.until {
            range = range.until(until);
        }
        if let Some(event_id) = self.event_id {
            range = range.at_the_time_of(event_id);
        }
        after.map_or(range, |after| range.before(after))
    }

    pub(super) fn among(&self, account: &str) -> Among {
        match (self.status.filter(|status| status.is_rare()), self.endpoint_id) {
            (Some(status), _) => Among::Index(tables::BY_STATUS, "accountStatus", account_status(account, status)),
            (None, Some(id)) => Among::Index(tables::BY_ENDPOINT, "endpoint", format!("{account}#{id}")),
            (None, None) => Among::Account,
        }
    }

    /// Whether anything is wanted that the key of `among` does not tell.
    pub(super) fn needs_search(&self, among: &Among) -> bool {
        let status_is_key = matches!(among, Among::Index(tables::BY_STATUS, ..));
        let unkeyed = if status_is_key { self.endpoint_id.is_some() } else { self.status.is_some() };
        self.event.is_some() || self.event_id.is_some() || self.unfinished || self.test.is_some() || unkeyed
    }

    pub(super) fn matches(&self, delivery: &Delivery) -> bool {
        self.endpoint_id.is_none_or(|id| delivery.endpoint_id == id)
            && self.event.is_none_or(|event| delivery.event == event)
            && self.event_id.is_none_or(|id| delivery.event_id == id)
            && self.status.is_none_or(|status| delivery.status == status)
            && !(self.unfinished && delivery.status.is_final())
            && self.test.is_none_or(|test| delivery.test == test)
    }

    /// What DynamoDB filters by, with its values.
    pub(super) fn expression(&self) -> (Option<String>, Item) {
        let (equal, values) = equal(&[
            ("#event", ":event", self.event.map(EventName::as_str)),
            ("eventId", ":eventId", self.event_id),
            ("#status", ":status", self.status.map(DeliveryStatus::as_str)),
        ]);
        let unfinished = self.unfinished.then(|| "attribute_not_exists(completedAt)".to_owned());
        let test = self.test.map(|test| format!("attribute_{}(#test)", if test { "exists" } else { "not_exists" }));
        let terms: Vec<String> = equal.into_iter().chain(unfinished).chain(test).collect();
        ((!terms.is_empty()).then(|| terms.join(" AND ")), values)
    }
}
