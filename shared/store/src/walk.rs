//! Walking through a table or a partition, page by page, for what is done to many items: export and erasure.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::backoff::patiently;
use crate::batch::batch_delete;
use crate::erasing::Mode;
use crate::item::{Item, Reader, s};
use crate::tables::Table;
use crate::{Client, StoreError};

/// What is walked through.
#[derive(Debug, Clone)]
pub(crate) enum Span {
    /// One partition: a query. It costs what it reads.
    Partition(String),
    /// Items whose partition key begins so: a scan, which reads the whole table.
    Prefix(String),
    /// All items.
    Whole,
}

/// A part of what is walked through.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) items: Vec<Item>,
    /// Where the next part begins; `None` at the end.
    pub(crate) next: Option<Item>,
}

/// One part, behind the previous one's `next`: at most 1 MB, read consistently: a read unit for each 4 KB. What is written
/// meanwhile in front of it is not seen.
///
/// # Errors
/// When DynamoDB can't be reached.
pub(crate) async fn part(db: &Client, table: &str, span: &Span, after: Option<Item>) -> Result<Part, StoreError> {
    patiently(async || part_once(db, table, span, after.clone()).await).await
}

async fn part_once(db: &Client, table: &str, span: &Span, after: Option<Item>) -> Result<Part, StoreError> {
    let scanning = || db.scan().table_name(table).consistent_read(true).set_exclusive_start_key(after.clone());
    let (items, next) = match span {
        Span::Partition(pk) => {
            let call = db.query().table_name(table).consistent_read(true).set_exclusive_start_key(after);
            let call = call.key_condition_expression("pk = :pk").expression_attribute_values(":pk", s(pk));
            let output = call.send().await.map_err(StoreError::call("Query of a partition"))?;
            (output.items, output.last_evaluated_key)
        }
        Span::Prefix(prefix) => {
            let call = scanning().filter_expression("begins_with(pk, :prefix)");
            let call = call.expression_attribute_values(":prefix", s(prefix));
            let output = call.send().await.map_err(StoreError::call("Scan"))?;
            (output.items, output.last_evaluated_key)
        }
        Span::Whole => {
            let output = scanning().send().await.map_err(StoreError::call("Scan"))?;
            (output.items, output.last_evaluated_key)
        }
    };
    Ok(Part { items: items.unwrap_or_default(), next })
}

/// Deletes those items of a span that `go`, or only counts them, and returns how many there were.
///
/// # Errors
/// When DynamoDB can't be reached. A part is deleted then.
pub(crate) async fn delete(
    db: &Client,
    (table, name): (Table, &str),
    span: &Span,
    mode: Mode,
    go: impl Fn(&Item) -> bool,
) -> Result<usize, StoreError> {
    let (mut next, mut found) = (None, 0);
    loop {
        let part = part(db, name, span, next).await?;
        let keys = part.items.iter().filter(|item| go(item)).map(|item| key_of(table, item));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if mode == Mode::Erase {
            batch_delete(db, name, &keys, "BatchWriteItem of an erasure").await?;
        }
        found += keys.len();
        next = part.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// The key of an item.
///
/// # Errors
/// When it is not an item of the table.
pub(crate) fn key_of(table: Table, item: &Item) -> Result<Item, StoreError> {
    let reader = Reader { table: table.name, item };
    let names = std::iter::once(table.partition).chain(table.sort);
    names.map(|name| Ok((name.to_owned(), AttributeValue::S(reader.string(name)?)))).collect()
}
