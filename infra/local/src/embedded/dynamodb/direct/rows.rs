//! Rows of `dynoxide`'s tables: items, entries of indexes, and stream records.

use dynoxide::storage::compute_hash_prefix;
use dynoxide::streams::shard_id;
use dynoxide::types::AttributeValue;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::tables::{Index, Place, Stream, Table};
use super::value::{Item, Value, size};

/// Numbers grow, and are no less than the microseconds since 1970.
const RECORD: &str = "INSERT INTO _stream_records (table_name, event_name, keys_json, new_image, old_image, \
                      sequence_number, shard_id, created_at, event_id) VALUES (?1, ?2, ?3, ?4, ?5, \
                      MAX((SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 \
                           FROM _stream_records WHERE table_name = ?1), \
                          CAST(unixepoch('subsec') * 1000000 AS INTEGER)), ?6, unixepoch(), ?7)";

/// An item as a row holds it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) json: String,
    pub(super) item: Item,
}

impl Row {
    pub(super) fn new(item: Item) -> rusqlite::Result<Self> {
        Ok(Self { json: json(&item)?, item })
    }
}

/// The item at this place, as JSON.
pub(super) fn get(db: &Connection, table: &Table, at: &Place) -> rusqlite::Result<Option<String>> {
    let found = db.prepare_cached(&table.get)?.query_row([&at.pk, &at.sk], |row| row.get(0));
    found.optional()
}

/// Replaces what is at this place by the new item, or deletes it. Nothing is left half done, if the caller undoes it
/// after an error.
pub(super) fn change(
    db: &Connection,
    table: &Table,
    at: &Place,
    old: Option<&Row>,
    new: Option<&Row>,
) -> rusqlite::Result<()> {
    if let Some(new) = new {
        let size = i64::try_from(size(&new.item)).unwrap_or(i64::MAX);
        db.prepare_cached(&table.put)?.execute(params![at.pk, at.sk, new.json, size, hash_prefix(at)])?;
    } else {
        db.prepare_cached(&table.delete)?.execute([&at.pk, &at.sk])?;
    }
    for index in &table.indexes {
        change_entry(db, index, at, old.map(|row| &row.item), new.map(|row| &row.item))?;
    }
    table.stream.as_ref().map_or(Ok(()), |stream| record(db, table, stream, old, new))
}

fn change_entry(
    db: &Connection,
    index: &Index,
    at: &Place,
    old: Option<&Item>,
    new: Option<&Item>,
) -> rusqlite::Result<()> {
    let (old, new) = (old.and_then(|item| index.entry(item)), new.and_then(|item| index.entry(item)));
    if old == new {
        return Ok(());
    }
    if old.is_some() {
        db.prepare_cached(&index.delete)?.execute([&at.pk, &at.sk])?;
    }
    if let Some((place, holds)) = new {
        let holds = json(&Attributes(holds))?;
        db.prepare_cached(&index.put)?.execute(params![place.pk, place.sk, at.pk, at.sk, holds])?;
    }
    Ok(())
}

fn record(
    db: &Connection,
    table: &Table,
    stream: &Stream,
    old: Option<&Row>,
    new: Option<&Row>,
) -> rusqlite::Result<()> {
    let event = match (old, new) {
        (None, Some(_)) => "INSERT",
        (Some(_), Some(_)) => "MODIFY",
        (Some(_), None) => "REMOVE",
        (None, None) => return Ok(()),
    };
    let of = new.or(old).map(|row| &row.item);
    let keys = table.keys.iter().filter_map(|key| of.and_then(|item| item.get_key_value(key))).collect();
    db.prepare_cached(RECORD)?.execute(params![
        table.name,
        event,
        json(&Attributes(keys))?,
        new.filter(|_| stream.new_image).map(|row| &row.json),
        old.filter(|_| stream.old_image).map(|row| &row.json),
        shard_id(&table.name),
        hex::encode(domain::ids::random::<16>()),
    ])?;
    Ok(())
}

/// Some attributes of an item.
struct Attributes<'a>(Vec<(&'a String, &'a Value)>);

impl Serialize for Attributes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Where parallel scans find an item.
fn hash_prefix(at: &Place) -> String {
    let partition = at.pk.strip_prefix("S:").unwrap_or_default();
    compute_hash_prefix(&AttributeValue::S(partition.to_owned()))
}
