//! The audit log: one item for each entry, under its account and its own id. The table has no others.
//!
//! An entry is written in the transaction that makes the change: there is no change without its entry, and no entry of a
//! change that was not made ([ADR 27](../../../docs/adr/0027-the-audit-log.md)).

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::audit::{Action, Author, Change, Entry, KEPT, PREFIX};
use jiff::Timestamp;

use crate::item::{Item, Reader, json, n, s};
use crate::range::IdRange;
use crate::search::{Found, equal, search, stopped};
use crate::{Client, StoreError};

const TABLE: &str = "audit";

/// How many items a query examines when there is a filter.
const EXAMINED: i32 = 500;
/// How many queries are made for one page.
const MAX_QUERIES: usize = 5;

/// The table of the audit log.
#[derive(Debug, Clone)]
pub struct Audit {
    db: Client,
    table: String,
}

/// The audit log, for the changes of one caller.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Where entries are written.
    pub audit: &'a Audit,
    /// Who makes the changes.
    pub author: &'a Author,
}

/// Which entries are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryFilter<'a> {
    /// Those of this action.
    pub action: Option<&'a str>,
    /// Those about the thing with this id.
    pub target_id: Option<&'a str>,
    /// Those of the key or the portal link with this id.
    pub actor_id: Option<&'a str>,
    /// Those of this instant or later.
    pub since: Option<Timestamp>,
    /// Those before this instant.
    pub until: Option<Timestamp>,
}

/// A page of entries.
#[derive(Debug, Default)]
pub struct EntryPage {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// The id after which the next page begins; `None` at the end of the list.
    pub stopped: Option<String>,
}

impl EntryFilter<'_> {
    fn expression(&self) -> (Option<String>, Item) {
        equal(&[
            ("done", ":action", self.action),
            ("targetId", ":target", self.target_id),
            ("actorId", ":actor", self.actor_id),
        ])
    }

    /// The ids of the time that is asked for. DynamoDB deletes late what has expired: that is none of them.
    fn range(&self, now: Timestamp) -> IdRange {
        let range = IdRange::default().since(now - KEPT);
        let range = self.since.map_or(range, |since| range.since(since));
        self.until.map_or(range, |until| range.until(until))
    }
}

impl Log<'_> {
    /// The put of an entry, for the transaction of its change.
    pub(crate) fn put(
        &self,
        account: &str,
        action: Action,
        target_id: &str,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let entry = self.author.entry(action, target_id, change);
        let item = Some(to_item(account, &entry));
        let put = Put::builder().table_name(&self.audit.table).set_item(item).build();
        let put = put.map_err(StoreError::built("Put audit entry"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

impl Audit {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The log for the changes of `author`.
    #[must_use]
    pub const fn of<'a>(&'a self, author: &'a Author) -> Log<'a> {
        Log { audit: self, author }
    }

    /// The account's entries that `filter` wants, newest first, after the id `after`: `limit` of them or somewhat more, or
    /// fewer when the search stopped early. A query examines 500 items when something but time is asked for, `limit`
    /// otherwise, and a page takes five queries at most. Reads are consistent: who has made a change finds it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &EntryFilter<'_>,
        after: Option<&str>,
        limit: i32,
        now: Timestamp,
    ) -> Result<EntryPage, StoreError> {
        let range = filter.range(now);
        let (expression, values) = filter.expression();
        let examined = if expression.is_some() { EXAMINED } else { limit };
        let query = async |_, after: Option<String>| {
            let range = after.as_deref().map_or(range, |after| range.before(after));
            if range.is_empty() {
                return Ok(Found::nothing());
            }
            self.query(account, (expression.clone(), values.clone()), range, examined).await
        };
        let Found { items, stopped } = search(after, limit, MAX_QUERIES, query).await?;
        Ok(EntryPage { entries: items, stopped })
    }

    async fn query(
        &self,
        account: &str,
        (filter, values): (Option<String>, Item),
        range: IdRange,
        examined: i32,
    ) -> Result<Found<Entry>, StoreError> {
        let (low, high) = range.keys(PREFIX);
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .set_filter_expression(filter)
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(examined)
            .send()
            .await
            .map_err(StoreError::call("Query audit log"))?;
        let items = output.items().iter().map(read).collect::<Result<_, _>>()?;
        Ok(Found { items, stopped: stopped(TABLE, output.last_evaluated_key()) })
    }
}

fn read(item: &Item) -> Result<Entry, StoreError> {
    Reader { table: TABLE, item }.json("entry")
}

/// What lists are filtered by stands beside the rest, under names that DynamoDB has not reserved.
fn to_item(account: &str, entry: &Entry) -> Item {
    let mut item = Item::from([
        ("pk".to_owned(), s(account)),
        ("sk".to_owned(), s(&entry.id)),
        ("done".to_owned(), s(&entry.action)),
        ("targetId".to_owned(), s(&entry.target_id)),
        ("entry".to_owned(), json(entry)),
        ("expiresAt".to_owned(), n((entry.created_at + KEPT).as_second())),
    ]);
    item.extend(entry.actor.id.as_ref().map(|id| ("actorId".to_owned(), s(id))));
    item
}
