//! What has to be known of a table: its keys, indexes and stream, and the statements for its rows.

use std::collections::HashMap;
use std::sync::Arc;

use dynoxide::storage::{Storage, TableMetadata};
use dynoxide::types::{
    AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType,
};

use super::Stop;
use super::value::{Item, Value};

/// A table whose keys are strings, without local and vector indexes.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// The attributes that are its key: one or two.
    pub(super) keys: Vec<String>,
    pub(super) indexes: Vec<Index>,
    pub(super) stream: Option<Stream>,
    pub(super) get: String,
    pub(super) put: String,
    pub(super) delete: String,
}

/// A global secondary index.
#[derive(Debug)]
pub(super) struct Index {
    /// Its partition key and its sort key, if it has one.
    keys: Vec<Key>,
    /// The attributes that it holds; `None` for all.
    holds: Option<Vec<String>>,
    pub(super) put: String,
    pub(super) delete: String,
}

#[derive(Debug)]
struct Key {
    name: String,
    is_number: bool,
}

/// What a stream shows of each change.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) new_image: bool,
    pub(super) old_image: bool,
}

/// An item's place in a table or an index, as the key columns hold it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) pk: String,
    /// Empty without a sort key.
    pub(super) sk: String,
}

/// Tables by name, as long as none is changed.
#[derive(Debug, Default)]
pub(super) struct Tables(HashMap<String, Arc<Table>>);

impl Tables {
    /// Leaves tables that don't exist, and those of a kind that is not known here.
    pub(super) fn get(&mut self, storage: &Storage, name: &str) -> Result<Arc<Table>, Stop> {
        if let Some(table) = self.0.get(name) {
            return Ok(Arc::clone(table));
        }
        let found = storage.get_table_metadata(name).ok().flatten();
        let table = Arc::new(found.as_ref().and_then(Table::read).ok_or(Stop::Leave)?);
        self.0.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Table {
    fn read(found: &TableMetadata) -> Option<Self> {
        let is_known = found.lsi_definitions.is_none() && found.vector_index_definitions.is_none();
        let keys: Vec<KeySchemaElement> = serde_json::from_str(&found.key_schema).ok()?;
        let types: Vec<AttributeDefinition> = serde_json::from_str(&found.attribute_definitions).ok()?;
        let indexes: Vec<GlobalSecondaryIndex> =
            found.gsi_definitions.as_deref().map_or(Ok(Vec::new()), serde_json::from_str).ok()?;
        let keys = key_attributes(&keys, &types)?;
        if !is_known || found.table_status != "ACTIVE" || keys.iter().any(|key| key.is_number) {
            return None;
        }
        let keys: Vec<String> = keys.into_iter().map(|key| key.name).collect();
        let name = quoted(&found.table_name);
        Some(Self {
            indexes: indexes
                .iter()
                .map(|index| Index::read(&found.table_name, index, &keys, &types))
                .collect::<Option<_>>()?,
            stream: found.stream_enabled.then(|| Stream::read(found.stream_view_type.as_deref())),
            get: format!("SELECT item_json FROM {name} WHERE pk = ?1 AND sk = ?2"),
            put: format!(
                "INSERT INTO {name} (pk, sk, item_json, item_size, hash_prefix) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (pk, sk) DO UPDATE SET item_json = excluded.item_json, item_size = excluded.item_size, \
                 hash_prefix = excluded.hash_prefix"
            ),
            delete: format!("DELETE FROM {name} WHERE pk = ?1 AND sk = ?2"),
            name: found.table_name.clone(),
            keys,
        })
    }

    /// The place of the item with this key, which has to be all of it.
    pub(super) fn place(&self, key: &Item) -> Result<Place, Stop> {
        if key.len() == self.keys.len() { self.place_of(key) } else { Err(Stop::Leave) }
    }

    /// The place of this item.
    pub(super) fn place_of(&self, item: &Item) -> Result<Place, Stop> {
        // Limits of DynamoDB.
        let mut texts = self.keys.iter().zip([2048, 1024]).map(|(name, limit)| match item.get(name) {
            Some(key @ Value::S(text)) if text.len() <= limit => key.key_text().ok_or(Stop::Leave),
            _ => Err(Stop::Leave),
        });
        let pk = texts.next().unwrap_or(Err(Stop::Leave))?;
        Ok(Place { pk, sk: texts.next().transpose()?.unwrap_or_default() })
    }
}

impl Index {
    fn read(table: &str, index: &GlobalSecondaryIndex, of: &[String], types: &[AttributeDefinition]) -> Option<Self> {
        let keys = key_attributes(&index.key_schema, types)?;
        let name = quoted(&format!("{table}::gsi::{}", index.index_name));
        let also = match index.projection.projection_type.clone().unwrap_or_default() {
            ProjectionType::ALL => None,
            ProjectionType::KEYS_ONLY => Some(Vec::new()),
            ProjectionType::INCLUDE => Some(index.projection.non_key_attributes.clone().unwrap_or_default()),
        };
        let holds = also.map(|also| keys.iter().map(|key| &key.name).chain(of).cloned().chain(also).collect());
        Some(Self {
            keys,
            holds,
            put: format!(
                "INSERT OR REPLACE INTO {name} (gsi_pk, gsi_sk, table_pk, table_sk, item_json) \
                 VALUES (?1, ?2, ?3, ?4, ?5)"
            ),
            delete: format!("DELETE FROM {name} WHERE table_pk = ?1 AND table_sk = ?2"),
        })
    }

    /// Leaves an item with a value that can't be a key of this index.
    pub(super) fn check(&self, item: &Item) -> Result<(), Stop> {
        let fits = |key: &Key| match item.get(&key.name) {
            None => true,
            Some(Value::S(text)) => !key.is_number && !text.is_empty(),
            Some(Value::N(_)) => key.is_number,
            Some(_) => false,
        };
        self.keys.iter().all(fits).then_some(()).ok_or(Stop::Leave)
    }

    /// The place of an item in this index and what the index holds of it; `None` if it is not in the index.
    pub(super) fn entry<'i>(&self, item: &'i Item) -> Option<(Place, Vec<(&'i String, &'i Value)>)> {
        let mut texts = self.keys.iter().map(|key| item.get(&key.name).and_then(Value::key_text));
        let pk = texts.next()??;
        let sk = texts.next().unwrap_or(Some(String::new()))?;
        let holds = |name: &String| self.holds.as_ref().is_none_or(|names| names.contains(name));
        Some((Place { pk, sk }, item.iter().filter(|(name, _)| holds(name)).collect()))
    }
}

impl Stream {
    fn read(view: Option<&str>) -> Self {
        let shows = |image| view.is_none_or(|view| view == image || view == "NEW_AND_OLD_IMAGES");
        Self { new_image: shows("NEW_IMAGE"), old_image: shows("OLD_IMAGE") }
    }
}

/// The partition key and the sort key; `None` if there are more, or one of them is binary.
fn key_attributes(schema: &[KeySchemaElement], types: &[AttributeDefinition]) -> Option<Vec<Key>> {
    let of = |kind: KeyType| schema.iter().filter(move |key| key.key_type == kind);
    let is_usual = of(KeyType::HASH).count() == 1 && of(KeyType::RANGE).count() <= 1;
    let keys = of(KeyType::HASH).chain(of(KeyType::RANGE)).filter(|_| is_usual).map(|key| {
        let defined = types.iter().find(|defined| defined.attribute_name == key.attribute_name)?;
        let is_number = match defined.attribute_type {
            ScalarAttributeType::S => false,
            ScalarAttributeType::N => true,
            ScalarAttributeType::B => return None,
        };
        Some(Key { name: key.attribute_name.clone(), is_number })
    });
    keys.collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty())
}

/// A name as an identifier of `SQLite`.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
