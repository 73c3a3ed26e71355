//! What the tables hold of one account, whatever it is: for its export and its erasure.
//!
//! | holding | table | found by |
//! |---|---|---|
//! | account, keys, portal links | API keys | reading all: what is under a hash names its account inside |
//! | rate windows | rate windows | reading all: they begin with the id of a key or a link, those of an endpoint's pace with the account |
//! | records | records | reading all: each is a partition of its own |
//! | events | events | one query |
//! | markers | undispatched | reading all: they are spread over shards |
//! | endpoints, subscriptions | endpoints | a query each |
//! | deliveries, sums | deliveries | a query each |
//! | alerts | alerts | one query |
//! | refused calls | requests | one query |
//! | audit log | audit | one query |
//! | answers | idempotency | reading all: each is a partition of its own |
//!
//! Whatever a query or a scan returns is looked at once more (`Owner::has`) before it is shown or deleted.

mod line;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::api_keys::{FRAMES, LINKS};
use crate::erasing::Mode;
use crate::item::{Item, Reader};
use crate::paces;
use crate::tables::{self, Table};
use crate::walk::{self, Span};
use crate::{Client, StoreError};

pub use line::Line;

/// One kind of what an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Endpoints. Without them nothing of the account is sent any more.
    Endpoints,
    /// The endpoints' claims on their subscriptions.
    Subscriptions,
    /// Markers of times with events, which the sweeper looks after.
    Markers,
    /// Events.
    Events,
    /// Deliveries.
    Deliveries,
    /// Sums of deliveries.
    Sums,
    /// Alerts, and pointers to those that are open.
    Alerts,
    /// Calls that were refused.
    RefusedCalls,
    /// The audit log.
    Audit,
    /// Records, tombstones, numbers that were used, sealed tax ids.
    Records,
    /// Answers under idempotency keys.
    Answers,
    /// Rate windows of the account's keys, and the lines of its endpoints' paces.
    RateWindows,
    /// Keys, portal links and the account itself, by which it is found: the last that goes.
    Account,
}

/// An account with the ids of its keys and portal links, which its rate windows are found by.
#[derive(Debug, Clone)]
pub struct Owner {
    account: String,
    key_ids: HashSet<String>,
}

/// A part of a holding, as lines of an export.
#[derive(Debug)]
pub struct Lines {
    /// In the order of the table.
    pub lines: Vec<Line>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Place>,
}

/// A place in a holding.
#[derive(Debug, Clone)]
pub struct Place(Item);

/// All tables.
#[derive(Debug, Clone)]
pub struct Holdings {
    db: Client,
    /// The tables' names in this deployment, by their own.
    names: BTreeMap<&'static str, String>,
}

impl Holding {
    /// All, in the order in which they are erased.
    pub const ALL: [Self; 13] = [
        Self::Endpoints,
        Self::Subscriptions,
        Self::Markers,
        Self::Events,
        Self::Deliveries,
        Self::Sums,
        Self::Alerts,
        Self::RefusedCalls,
        Self::Audit,
        Self::Records,
        Self::Answers,
        Self::RateWindows,
        Self::Account,
    ];

    /// The table that it lies in.
    #[must_use]
    pub const fn table(self) -> Table {
        match self {
            Self::Endpoints | Self::Subscriptions => tables::ENDPOINTS,
            Self::Events => tables::EVENTS,
            Self::Markers => tables::UNDISPATCHED,
            Self::Deliveries | Self::Sums => tables::DELIVERIES,
            Self::Alerts => tables::ALERTS,
            Self::RefusedCalls => tables::REQUESTS,
            Self::Audit => tables::AUDIT,
            Self::Records => tables::RECORDS,
            Self::Answers => tables::IDEMPOTENCY,
            Self::RateWindows => tables::RATE_WINDOWS,
            Self::Account => tables::API_KEYS,
        }
    }

    /// Whether anything of the account is sent, or sent again, because of it. What is without these makes no more work.
    #[must_use]
    pub const fn makes_work(self) -> bool {
        matches!(self, Self::Endpoints | Self::Subscriptions | Self::Markers)
    }

    fn span(self, account: &str) -> Span {
        match self {
            Self::Endpoints | Self::Events | Self::Deliveries | Self::Alerts | Self::RefusedCalls | Self::Audit => {
                Span::Partition(account.to_owned())
            }
            Self::Subscriptions => Span::Partition(format!("{account}#subscriptions")),
            Self::Sums => Span::Partition(format!("{account}#sums")),
            Self::Records | Self::Answers => Span::Prefix(format!("{account}#")),
            Self::Markers | Self::RateWindows | Self::Account => Span::Whole,
        }
    }
}

impl Owner {
    /// Whether an item is the account's.
    fn has(&self, holding: Holding, item: &Item) -> bool {
        let reader = Reader { table: holding.table().name, item };
        let (pk, sk) = (reader.opt_text("pk").unwrap_or_default(), reader.opt_text("sk").unwrap_or_default());
        let begin = pk.split('#').next().unwrap_or_default();
        match holding {
            Holding::Account => is_of_account(&self.account, item),
            Holding::RateWindows => self.key_ids.contains(begin) || paces::account_of(pk) == Some(&*self.account),
            Holding::Markers => sk.split('#').nth(1) == Some(&*self.account),
            _ => begin == self.account,
        }
    }
}

impl Holdings {
    pub(crate) fn new(db: Client, names: BTreeMap<&'static str, String>) -> Self {
        Self { db, names }
    }

    /// The account with this id, whether or not there is anything of it. Reads the table of keys.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn owner(&self, account: &str) -> Result<Owner, StoreError> {
        let mut owner = Owner { account: account.to_owned(), key_ids: HashSet::new() };
        let mut next = None;
        loop {
            let part = self.part(&owner, Holding::Account, next).await?;
            owner.key_ids.extend(part.items.iter().filter_map(key_id));
            next = part.next;
            if next.is_none() {
                return Ok(owner);
            }
        }
    }

    /// A part of a holding for an export, behind the previous one's `next`: without secrets, and without hashes of keys and
    /// bodies. At most 1 MB is read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn lines(&self, owner: &Owner, holding: Holding, next: Option<Place>) -> Result<Lines, StoreError> {
        let part = self.part(owner, holding, next.map(|Place(key)| key)).await?;
        let lines = part.items.iter().filter_map(|item| Line::of(holding, item)).collect();
        Ok(Lines { lines, next: part.next.map(Place) })
    }

    /// Deletes what authenticates the account's keys, and returns how many there were: they are refused everywhere within
    /// 60 seconds. What their ids are known by stays until the account goes.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn revoke(&self, owner: &Owner) -> Result<usize, StoreError> {
        self.delete_where(owner, Holding::Account, Mode::Erase, is_by_hash).await
    }

    /// Deletes a whole holding, or only counts it, and returns how many items it had; the account's own item is the last.
    /// What is written meanwhile may stay: call it again.
    ///
    /// # Errors
    /// When DynamoDB can't be reached. A part is deleted then.
    pub async fn delete(&self, owner: &Owner, holding: Holding, mode: Mode) -> Result<usize, StoreError> {
        if holding == Holding::Account {
            let keys = self.delete_where(owner, holding, mode, |item| !is_account(item)).await?;
            return Ok(keys + self.delete_where(owner, holding, mode, is_account).await?);
        }
        self.delete_where(owner, holding, mode, |_| true).await
    }

    async fn delete_where(
        &self,
        owner: &Owner,
        holding: Holding,
        mode: Mode,
        goes: impl Fn(&Item) -> bool,
    ) -> Result<usize, StoreError> {
        let (table, span) = (holding.table(), holding.span(&owner.account));
        let goes = |item: &Item| owner.has(holding, item) && goes(item);
        walk::delete(&self.db, (table, self.name(table)), &span, mode, goes).await
    }

    async fn part(&self, owner: &Owner, holding: Holding, after: Option<Item>) -> Result<walk::Part, StoreError> {
        let table = self.name(holding.table());
        let mut part = walk::part(&self.db, table, &holding.span(&owner.account), after).await?;
        part.items.retain(|item| owner.has(holding, item));
        Ok(part)
    }

    fn name(&self, table: Table) -> &str {
        self.names.get(table.name).map_or(table.name, String::as_str)
    }
}

fn is_by_hash(item: &Item) -> bool {
    text(item, "pk").starts_with("HASH#")
}

fn is_account(item: &Item) -> bool {
    text(item, "pk") == crate::api_keys::ACCOUNTS
}

/// Whether an item of the table of keys is about the account. One that can't be read is by what it says anywhere.
fn is_of_account(account: &str, item: &Item) -> bool {
    if is_by_hash(item) {
        return member(item, "account", "id")
            .map_or_else(|| text(item, "account").contains(account), |id| id == account);
    }
    let (pk, sk) = (text(item, "pk"), text(item, "sk"));
    let is_listed = ["KEY#", LINKS].into_iter().any(|begin| pk.strip_prefix(begin) == Some(account));
    is_listed || (is_account(item) && sk == account) || (pk.starts_with(FRAMES) && text(item, "of") == account)
}

/// The id of the key or the portal link that an item is about.
fn key_id(item: &Item) -> Option<String> {
    let pk = text(item, "pk");
    if pk.starts_with("KEY#") || pk.starts_with(LINKS) {
        return Some(text(item, "sk").to_owned());
    }
    member(item, "key", "id").or_else(|| member(item, "link", "id"))
}

/// A member of the JSON in an attribute.
fn member(item: &Item, attribute: &str, name: &str) -> Option<String> {
    let json: Value = serde_json::from_str(text(item, attribute)).ok()?;
    json.get(name)?.as_str().map(str::to_owned)
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    Reader { table: tables::API_KEYS.name, item }.opt_text(name).unwrap_or_default()
}

#[cfg(test)]
mod tests;
