//! The time to live, which `dynoxide` leaves to its host: a thread looks for items whose time has passed, through a
//! connection of its own, and has the database delete them with requests like any other.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Call, Job};
use crate::embedded::Answer;

/// How many rows are looked at in one step, and so how many items are deleted at once at most.
const PAGE: usize = 32;

/// How much longer than a step the rest after it is: what has expired can wait, and requests can't.
const RESTS: u32 = 3;

/// As in AWS, an item whose time passed more than five years ago is kept.
const YEARS: i64 = 5 * 365 * 24 * 60 * 60;

/// A table with a time to live.
struct Table {
    name: String,
    keys: Vec<String>,
    attribute: String,
}

/// Deletes the items in this file whose time to live has passed, and says how many there were.
pub(super) fn sweep(file: &Path, jobs: &mpsc::Sender<Job>, swept: oneshot::Sender<usize>) {
    match delete_expired(file, jobs) {
        Ok(items) => {
            tracing::debug!(items, "time to live has passed");
            let _ = swept.send(items);
        }
        Err(error) => tracing::warn!(%error, "items can't be deleted after their time to live"),
    }
}

/// Ends early when the database is closed.
fn delete_expired(file: &Path, jobs: &mpsc::Sender<Job>) -> rusqlite::Result<usize> {
    let database = Connection::open(file)?;
    let now: i64 = database.query_row("SELECT unixepoch()", [], |row| row.get(0))?;
    let mut deleted = 0;
    for table in tables(&database)? {
        let mut after = (String::new(), String::new());
        while let Some((last, expired)) = page(&database, &table, &after, now)? {
            let began = Instant::now();
            let replies: Vec<_> = expired.iter().filter_map(|item| delete(&table, item, now, jobs)).collect();
            if replies.len() < expired.len() {
                return Ok(deleted);
            }
            let answers = replies.into_iter().filter_map(|reply| reply.blocking_recv().ok());
            deleted += answers.filter(|answer| answer.status == 200).count();
            after = last;
            if !expired.is_empty() {
                thread::sleep(began.elapsed() * RESTS);
            }
        }
    }
    Ok(deleted)
}

fn tables(database: &Connection) -> rusqlite::Result<Vec<Table>> {
    let sql = "SELECT table_name, key_schema, ttl_attribute FROM _tables \
               WHERE ttl_enabled = 1 AND ttl_attribute IS NOT NULL";
    let mut statement = database.prepare(sql)?;
    let tables = statement.query_map([], |row| {
        let schema: Value = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
        let keys = schema.as_array().into_iter().flatten();
        let keys = keys.filter_map(|key| key["AttributeName"].as_str()).map(str::to_owned).collect();
        Ok(Table { name: row.get(0)?, keys, attribute: row.get(2)? })
    })?;
    tables.collect()
}

/// The key of the next page's last row, and the items of the page that have expired; `None` behind the last page.
#[expect(clippy::type_complexity, reason = "a pair of pairs")]
fn page(
    database: &Connection,
    table: &Table,
    (pk, sk): &(String, String),
    now: i64,
) -> rusqlite::Result<Option<((String, String), Vec<Value>)>> {
    let sql = format!(
        "SELECT pk, sk, CASE WHEN CAST(json_extract(item_json, ?3) AS INTEGER) BETWEEN ?4 AND ?5 THEN item_json END \
         FROM \"{}\" WHERE (pk, sk) > (?1, ?2) ORDER BY pk, sk LIMIT ?6",
        table.name.replace('"', "\"\"")
    );
    let path = format!("$.\"{}\".N", table.attribute);
    let mut statement = database.prepare_cached(&sql)?;
    let mut rows = statement.query(params![pk, sk, path, now - YEARS, now - 1, PAGE])?;
    let (mut last, mut expired) = (None, Vec::new());
    while let Some(row) = rows.next()? {
        last = Some((row.get(0)?, row.get(1)?));
        let item: Option<String> = row.get(2)?;
        expired.extend(item.and_then(|item| serde_json::from_str::<Value>(&item).ok()));
    }
    Ok(last.map(|last| (last, expired)))
}

/// Asks for the item to be deleted, unless its time to live has been changed meanwhile.
fn delete(table: &Table, item: &Value, now: i64, jobs: &mpsc::Sender<Job>) -> Option<oneshot::Receiver<Answer>> {
    let key: serde_json::Map<_, _> = table.keys.iter().map(|name| (name.clone(), item[name].clone())).collect();
    let request = json!({
        "TableName": table.name,
        "Key": key,
        "ConditionExpression": "#expires < :now",
        "ExpressionAttributeNames": { "#expires": table.attribute },
        "ExpressionAttributeValues": { ":now": { "N": now.to_string() } },
    });
    let (reply, answer) = oneshot::channel();
    let call = Call { operation: "DeleteItem".to_owned(), body: request.to_string().into(), reply };
    jobs.send(Job::Call(call)).ok().map(|()| answer)
}
