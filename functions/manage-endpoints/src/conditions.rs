//! Which events an endpoint asks for, as a body says it: by name, project, content, changed field and API key.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::endpoint::{Endpoint, EventFilter, SkippedKey};
use domain::events::changeable_fields;
use domain::filter::{self, Filter};
use domain::ids::is_id;
use domain::rules::fields::Sent;
use domain::schema::{Field, nearest};
use futures_util::future::try_join_all;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::manage::router::IdKind;
use inbound::problem::Problem;
use serde_json::{Map, Value};
use store::StoreError;

use crate::Call;

/// What `skipKeys` has in the place of the id of the key that makes the call.
const SELF: &str = "self";

/// The conditions of a body; `None` for absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    events: Option<Vec<EventFilter>>,
    project_ids: Option<Vec<String>>,
    filter: Sent<Filter>,
    changed: Option<Vec<String>>,
    /// Ids, or [`SELF`], with their places in the body.
    skip_keys: Option<Vec<(usize, String)>>,
}

impl Conditions {
    /// Reads a body by `fields`, which have no `filter`: names in it are those of events. Returns what else was read.
    pub(crate) fn read(
        fields: &[Field],
        mut sent: Map<String, Value>,
        form: Form,
        defects: &mut Defects,
    ) -> (Map<String, Value>, Self) {
        let filter = sent.shift_remove("filter");
        let [events, changed, keys] = ["events", "changed", "skipKeys"].map(|name| sent.get(name).cloned());
        let mut read = body::read(fields, sent, form, defects);
        let conditions = Self {
            events: events.filter(|names| !names.is_null()).map(|names| filters(&names, defects)),
            project_ids: read.remove("projectIds").map(|list| strings(&list)),
            filter: read_filter(filter.as_ref(), defects),
            changed: changed.map(|names| changed_fields(&names, defects)),
            skip_keys: keys.map(|ids| key_ids(&ids, defects)),
        };
        (read, conditions)
    }

    /// Applies them, except for the keys, which have to be looked up.
    pub(crate) fn apply(&self, endpoint: &mut Endpoint) {
        let new = self.clone();
        replace(&mut endpoint.events, new.events);
        replace(&mut endpoint.project_ids, new.project_ids);
        replace(&mut endpoint.changed, new.changed);
        endpoint.filter = new.filter.over(endpoint.filter.take());
    }
}

impl Call<'_> {
    /// Gives the endpoint the keys that a body names. One that it has already may be gone by now.
    pub(crate) async fn skip_keys(&self, endpoint: &mut Endpoint, wanted: &Conditions) -> Result<(), Problem> {
        let Some(wanted) = &wanted.skip_keys else { return Ok(()) };
        let found = try_join_all(wanted.iter().map(|(_, id)| self.skipped_key(id, &endpoint.skip_keys))).await?;
        let mut defects = Defects::default();
        for ((place, _), _) in wanted.iter().zip(&found).filter(|(_, key)| key.is_none()) {
            let message = "is no API key of this account";
            defects.push(format!("skipKeys[{place}]"), DefectCode::UnknownReference, message);
        }
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        let mut seen = HashSet::new();
        endpoint.skip_keys = found.into_iter().flatten().filter(|key| seen.insert(key.id.clone())).collect();
        Ok(())
    }

    async fn skipped_key(&self, id: &str, known: &[SkippedKey]) -> Result<Option<SkippedKey>, StoreError> {
        if let Some(known) = known.iter().find(|known| known.id == id) {
            return Ok(Some(known.clone()));
        }
        if id == SELF {
            let (id, line) = (self.caller.key_id().to_owned(), self.caller.key.line().to_owned());
            return Ok(Some(SkippedKey { id, line }));
        }
        let key = self.function.keys.get(self.account(), id).await?;
        Ok(key.map(|key| SkippedKey { line: key.line().to_owned(), id: key.id }))
    }
}

/// Null and `""` mean none.
fn read_filter(sent: Option<&Value>, defects: &mut Defects) -> Sent<Filter> {
    match sent {
        None => Sent::Absent,
        Some(Value::Null) => Sent::Cleared,
        Some(Value::String(text)) if text.trim().is_empty() => Sent::Cleared,
        Some(sent) => Sent::Value(filter::check(sent, "filter", defects)),
    }
}

/// The filters in `events`, each once, and a defect for each unknown name. The table has checked their types, number
/// and lengths.
pub(crate) fn filters(names: &Value, defects: &mut Defects) -> Vec<EventFilter> {
    let mut filters = Vec::new();
    for (i, name) in distinct(names) {
        match EventFilter::try_from(name.to_owned()) {
            Ok(filter) => filters.push(filter),
            Err(unknown) => refuse("events", i, DefectCode::InvalidValue, unknown.to_string(), defects),
        }
    }
    filters
}

fn changed_fields(names: &Value, defects: &mut Defects) -> Vec<String> {
    let mut fields = Vec::new();
    for (i, name) in distinct(names) {
        if changeable_fields().any(|field| field == name) {
            fields.push(name.to_owned());
        } else {
            let near = nearest(changeable_fields(), name).map(|near| format!("; did you mean {near}?"));
            let message = format!("is a field of no record with updates{}", near.unwrap_or_default());
            refuse("changed", i, DefectCode::UnknownField, message, defects);
        }
    }
    fields
}

fn key_ids(ids: &Value, defects: &mut Defects) -> Vec<(usize, String)> {
    let mut keys = Vec::new();
    for (i, id) in distinct(ids) {
        if id == SELF || is_id(id, IdKind::KEY.prefix) {
            keys.push((i, id.to_owned()));
        } else {
            let message = "must be the id of an API key, or self for the key of this call";
            refuse("skipKeys", i, DefectCode::InvalidFormat, message.to_owned(), defects);
        }
    }
    keys
}

/// A defect of an item, unless the table has found one of it or of the list.
fn refuse(list: &str, place: usize, code: DefectCode, message: String, defects: &mut Defects) {
    let field = format!("{list}[{place}]");
    if !defects.iter().any(|defect| defect.field == field || defect.field == list) {
        defects.push(field, code, message);
    }
}

/// The texts of a list with their places, each once, whatever its case.
fn distinct(list: &Value) -> Vec<(usize, &str)> {
    let (items, mut seen) = (list.as_array().map(Vec::as_slice).unwrap_or_default(), HashSet::new());
    let texts = items.iter().enumerate().filter_map(|(i, item)| Some((i, item.as_str()?.trim())));
    texts.filter(|(_, text)| seen.insert(text.to_lowercase())).collect()
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}
