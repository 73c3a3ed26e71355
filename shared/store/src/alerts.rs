//! Alerts: what a person has to be told.
//!
//! One item per alert, under its account and its own id. As long as it has something that was not published it is also in
//! the sparse index `by-unpublished`, spread over shards.
//!
//! A delivery that fails leaves an alert of its own, in the transaction of its failure: no item is written by all of an
//! endpoint's failures. The sweeper rolls these up into one alert per endpoint (`rolling.rs`), which a pointer under
//! `open#<endpoint id>` names until it is resolved (`open.rs`).

mod open;
mod rolling;
mod unpublished;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::alert::{Alert, AlertKind, AlertStatus, Rolling};
use domain::ids::ulid_of;
use jiff::SignedDuration;

use crate::conditional::unless_refused;
use crate::item::{Item, Reader, json, key, n, s};
use crate::range::IdRange;
use crate::search::{EXAMINED, Found, Newest, equal};
use crate::shard::Shard;
use crate::transaction::transact;
use crate::{Client, StoreError};

pub use rolling::MAX_ROLLED;
pub use unpublished::Unpublished;

const TABLE: &str = "alerts";

/// Which alerts are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertFilter<'a> {
    /// Those of this kind.
    pub kind: Option<AlertKind>,
    /// Those about this endpoint.
    pub endpoint_id: Option<&'a str>,
    /// Those that stand there; alerts that roll up nothing stand nowhere.
    pub status: Option<AlertStatus>,
}

/// A page of alerts.
#[derive(Debug, Default)]
pub struct AlertPage {
    /// Newest first.
    pub alerts: Vec<Alert>,
    /// The id after which the next page begins; `None` at the end of the list.
    pub stopped: Option<String>,
}

impl AlertFilter<'_> {
    fn expression(&self) -> (Option<String>, Item) {
        equal(&[
            ("kind", ":kind", self.kind.map(AlertKind::as_str)),
            ("endpointId", ":endpoint", self.endpoint_id),
            ("standing", ":standing", self.status.map(AlertStatus::as_str)),
        ])
    }
}

/// The table of alerts.
#[derive(Debug, Clone)]
pub struct Alerts {
    db: Client,
    table: String,
    /// How long they are kept.
    kept: SignedDuration,
}

impl Alerts {
    pub(crate) fn new(db: Client, table: String, kept: SignedDuration) -> Self {
        Self { db, table, kept }
    }

    /// Makes changes and stores the alert about them in one transaction: there is no change without its alert, and none
    /// with two. Returns false, and stores nothing, when the condition of a change does not hold. All items count
    /// twice, as in every transaction, their index entries once.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each of the five times that it is tried.
    pub(crate) async fn tell(
        &self,
        mut changes: Vec<TransactWriteItem>,
        account: &str,
        alert: &Alert,
    ) -> Result<bool, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(account, alert, self.kept)))
            .build()
            .map_err(StoreError::built("Put alert"))?;
        changes.push(TransactWriteItem::builder().put(put).build());
        let told = transact(&self.db, changes, "TransactWriteItems alert", TABLE).await?;
        if told {
            log(account, alert);
        }
        Ok(told)
    }

    /// Stores an alert about something that no change of ours tells of, unless it is there. A write unit and one for its
    /// index entry.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn raise(&self, account: &str, alert: &Alert) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table).set_item(Some(to_item(account, alert, self.kept)));
        let outcome = call.condition_expression("attribute_not_exists(pk)").send().await;
        if unless_refused(outcome, "PutItem alert")?.is_some() {
            log(account, alert);
        }
        Ok(())
    }

    /// One alert, consistent; `None` when it is not there.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<Alert>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(account, id)));
        let found = call.consistent_read(true).send().await.map_err(StoreError::call("GetItem alert"))?;
        found.item().map(|item| Reader { table: TABLE, item }.json("alert")).transpose()
    }

    /// The account's alerts that `filter` wants, newest first, after the id `after`: `limit` of them or somewhat more,
    /// or fewer when the search stopped early. A query examines 500 items when there is a filter, `limit` otherwise,
    /// and a page takes five queries at most. Reads are eventually consistent. Those that are open or acknowledged are found
    /// by their pointers, consistently, however many others there are.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &AlertFilter<'_>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<AlertPage, StoreError> {
        if let Some(status @ (AlertStatus::Open | AlertStatus::Acknowledged)) = filter.status {
            return self.unresolved(account, status, filter, after, limit).await;
        }
        let newest = Newest {
            db: &self.db,
            table: (&self.table, TABLE),
            call: "Query alerts",
            prefix: "alr_",
            filter: filter.expression(),
            examined: if *filter == AlertFilter::default() { limit } else { EXAMINED },
        };
        let Found { items, stopped } = newest.page(account, IdRange::default(), after, limit).await?;
        let alerts = items.iter().map(|item| Reader { table: TABLE, item }.json("alert"));
        Ok(AlertPage { alerts: alerts.collect::<Result<_, _>>()?, stopped })
    }
}

/// The local system publishes to nobody: there, people see alerts in the log.
fn log(account: &str, alert: &Alert) {
    tracing::warn!(
        account,
        alert_id = alert.id,
        endpoint_id = alert.endpoint_id,
        delivery_id = alert.delivery_id,
        event_id = alert.event_id,
        status_code = alert.last_status_code,
        "alert: {message}",
        message = alert.message,
    );
}

fn to_item(account: &str, alert: &Alert, kept: SignedDuration) -> Item {
    let rolling = alert.rolling.as_ref();
    let last_at = rolling.map_or(alert.created_at, |rolling| rolling.last_at);
    let mut item = Item::from([
        ("pk".to_owned(), s(account)),
        ("sk".to_owned(), s(&alert.id)),
        ("kind".to_owned(), s(alert.kind.as_str())),
        ("alert".to_owned(), json(alert)),
        ("expiresAt".to_owned(), n((last_at + kept).as_second())),
    ]);
    if rolling.is_none_or(Rolling::has_news) {
        let shard = Shard::of(ulid_of(&alert.id).unwrap_or_default());
        item.insert("unpublished".to_owned(), s(shard.key()));
    }
    item.extend(alert.endpoint_id.as_ref().map(|id| ("endpointId".to_owned(), s(id))));
    if let Some(rolling) = rolling {
        item.insert("standing".to_owned(), s(rolling.status.as_str()));
        item.insert("revision".to_owned(), n(rolling.revision));
    }
    item
}
