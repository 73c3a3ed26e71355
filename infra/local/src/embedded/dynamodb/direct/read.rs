//! `GetItem` and `BatchGetItem`: what rows hold is the JSON of the answer.

use std::collections::{BTreeMap, HashSet};

use dynoxide::storage::Storage;
use serde::Deserialize;

use super::tables::Tables;
use super::value::Item;
use super::{Stop, parse, rows};

/// Limits of DynamoDB: keys of a batch, and bytes of its answer.
const KEYS: usize = 100;
const ANSWER: usize = 16 * 1024 * 1024;

/// Reads are consistent in any case.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetItem {
    table_name: String,
    key: Item,
    #[serde(rename = "ConsistentRead")]
    _consistent_read: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BatchGetItem {
    request_items: BTreeMap<String, Wanted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Wanted {
    keys: Vec<Item>,
    #[serde(rename = "ConsistentRead")]
    _consistent_read: Option<bool>,
}

pub(super) fn get_item(tables: &mut Tables, storage: &Storage, body: &[u8]) -> Result<String, Stop> {
    let request: GetItem = parse(body)?;
    let table = tables.get(storage, &request.table_name)?;
    let place = table.place(&request.key)?;
    let found = rows::get(storage.conn(), &table, &place)?;
    Ok(found.map_or_else(|| "{}".to_owned(), |item| format!("{{\"Item\":{item}}}")))
}

pub(super) fn batch_get_item(tables: &mut Tables, storage: &Storage, body: &[u8]) -> Result<String, Stop> {
    let request: BatchGetItem = parse(body)?;
    let wanted = request.request_items.values().map(|wanted| wanted.keys.len());
    if wanted.clone().sum::<usize>() > KEYS || wanted.min().unwrap_or_default() == 0 {
        return Err(Stop::Leave);
    }
    let mut answer = String::from("{\"Responses\":{");
    for (number, (name, wanted)) in request.request_items.iter().enumerate() {
        let table = tables.get(storage, name)?;
        let mut places = HashSet::with_capacity(wanted.keys.len());
        let mut items = Vec::with_capacity(wanted.keys.len());
        for key in &wanted.keys {
            let place = table.place(key)?;
            items.extend(rows::get(storage.conn(), &table, &place)?);
            places.insert(place);
        }
        if places.len() < wanted.keys.len() {
            return Err(Stop::Leave);
        }
        let comma = if number == 0 { "" } else { "," };
        answer.extend([comma, &rows::json(name)?, ":[", &items.join(","), "]"]);
    }
    answer.push_str("},\"UnprocessedKeys\":{}}");
    if answer.len() > ANSWER { Err(Stop::Leave) } else { Ok(answer) }
}
