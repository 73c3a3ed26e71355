//! Calls that were refused: one item for each, under its account and the request's id. The table has no others.

use domain::refusal::{KEPT, Refusal, folded};
use jiff::Timestamp;

use crate::erasing::Mode;
use crate::item::{Item, Reader, json, n, s};
use crate::range::IdRange;
use crate::search::{EXAMINED, Found, Newest, equal};
use crate::tables::REQUESTS;
use crate::walk::{self, Span};
use crate::{Client, StoreError};

const TABLE: &str = "requests";

/// Which refused calls are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalFilter<'a> {
    /// Those that were answered with this HTTP status, such as `400`.
    pub status: Option<&'a str>,
    /// Those that were answered with this code.
    pub code: Option<&'a str>,
    /// Those that came with this key.
    pub key_id: Option<&'a str>,
    /// Those about a record with this natural key, in whatever case.
    pub number: Option<&'a str>,
    /// Those of this instant or later.
    pub since: Option<Timestamp>,
    /// Those before this instant.
    pub until: Option<Timestamp>,
}

/// A page of refused calls.
#[derive(Debug, Default)]
pub struct RefusalPage {
    /// Newest first.
    pub refusals: Vec<Refusal>,
    /// The id after which the next page begins; `None` at the end of the list.
    pub stopped: Option<String>,
}

/// The table of refused calls.
#[derive(Debug, Clone)]
pub struct Requests {
    db: Client,
    table: String,
}

impl RefusalFilter<'_> {
    fn expression(&self) -> (Option<String>, Item) {
        let number = self.number.map(folded);
        equal(&[
            ("answered", ":status", self.status),
            ("problem", ":code", self.code),
            ("keyId", ":key", self.key_id),
            ("foldedNumber", ":number", number.as_deref()),
        ])
    }

    /// The ids of the time that is asked for. DynamoDB deletes late what has expired: that is none of them.
    fn range(&self, now: Timestamp) -> IdRange {
        let range = IdRange::default().since(now - KEPT);
        let range = self.since.map_or(range, |since| range.since(since));
        self.until.map_or(range, |until| range.until(until))
    }
}

impl Requests {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// Stores a refused call, for a week. A write unit for each KB: one for most, two or three for one with many defects.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn put(&self, account: &str, refusal: &Refusal) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table).set_item(Some(to_item(account, refusal)));
        call.send().await.map_err(StoreError::call("PutItem refused call"))?;
        Ok(())
    }

    /// The account's refused calls of the last week that `filter` wants, newest first, after the id `after`: `limit` of them
    /// or somewhat more, or fewer when the search stopped early. A query examines 500 items when something but time is asked
    /// for, `limit` otherwise, and a page takes five queries at most. Reads are eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &RefusalFilter<'_>,
        after: Option<&str>,
        limit: i32,
        now: Timestamp,
    ) -> Result<RefusalPage, StoreError> {
        let expression = filter.expression();
        let newest = Newest {
            db: &self.db,
            table: (&self.table, TABLE),
            call: "Query refused calls",
            prefix: "req_",
            examined: if expression.0.is_some() { EXAMINED } else { limit },
            filter: expression,
        };
        let Found { items, stopped } = newest.page(account, filter.range(now), after, limit).await?;
        Ok(RefusalPage { refusals: items.iter().map(read).collect::<Result<_, _>>()?, stopped })
    }

    /// Deletes those refused calls of an account that `go`, or only counts them, and returns how many there were. One that
    /// can't be read goes too: nothing depends on it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn erase(&self, account: &str, mode: Mode, go: impl Fn(&Refusal) -> bool) -> Result<usize, StoreError> {
        let goes = |item: &Item| match read(item) {
            Ok(refusal) => go(&refusal),
            Err(_) => true,
        };
        walk::delete(&self.db, (REQUESTS, &self.table), &Span::Partition(account.to_owned()), mode, goes).await
    }
}

fn read(item: &Item) -> Result<Refusal, StoreError> {
    Reader { table: TABLE, item }.json("refusal")
}

/// What lists are filtered by stands beside the rest, under names that DynamoDB has not reserved.
fn to_item(account: &str, refusal: &Refusal) -> Item {
    let mut item = Item::from([
        ("pk".to_owned(), s(account)),
        ("sk".to_owned(), s(&refusal.id)),
        ("answered".to_owned(), s(refusal.status.to_string())),
        ("problem".to_owned(), s(&refusal.code)),
        ("keyId".to_owned(), s(&refusal.key_id)),
        ("refusal".to_owned(), json(refusal)),
        ("expiresAt".to_owned(), n((refusal.created_at + KEPT).as_second())),
    ]);
    let number = refusal.subject.as_ref().map(|subject| ("foldedNumber".to_owned(), s(folded(&subject.number))));
    item.extend(number);
    item
}
