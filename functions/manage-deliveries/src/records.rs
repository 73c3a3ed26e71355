//! Records as they are stored, for integrators who read back what they sent, and for people who look for one.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::ids::is_id;
use domain::models::Kind;
use domain::resource::NOTE;
use domain::rules::fields::text;
use domain::schema::is_natural_key;
use inbound::http::{Facts, Reply};
use inbound::manage::PageRequest;
use inbound::problem::Problem;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::events::FeedEvent;
use store::records::{RecordKey, Stored};

use crate::Call;

/// How many of the latest events are searched for a title.
const EVENTS_SEARCHED: usize = 500;
/// How many records a search finds by their title.
const MOST_FOUND: usize = 20;

/// A record in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordSummary<'a> {
    r#type: &'static str,
    id: &'a str,
    number: &'a str,
    /// What people call it; null for time off, which has no name, and of what was deleted.
    title: Option<String>,
    status: Option<&'a str>,
    version: u64,
    updated_at: Option<&'a str>,
    deleted_at: Option<Timestamp>,
}

/// A record by itself.
#[derive(Serialize)]
struct WholeRecord<'a> {
    #[serde(flatten)]
    summary: RecordSummary<'a>,
    /// Without our notes. Null once it is deleted: what it said of people was to go with it.
    record: Option<Map<String, Value>>,
}

impl<'a> RecordSummary<'a> {
    fn of(kind: Kind, stored: &'a Stored) -> Self {
        Self {
            r#type: kind.segment(),
            id: &stored.id,
            number: &stored.number,
            title: Called::of(&stored.body).title().filter(|_| !stored.deleted).map(Cow::into_owned),
            status: text(&stored.body, "status"),
            version: stored.version,
            updated_at: text(&stored.body, "updatedAt"),
            deleted_at: stored.deleted_at,
        }
    }
}

impl Call<'_> {
    /// The record, without its secrets.
    pub(crate) async fn record(&self, kind: &str, record: &str) -> Result<Reply, Problem> {
        let (kind, stored) = self.stored_record(kind, record).await?;
        let view = WholeRecord {
            summary: RecordSummary::of(kind, &stored),
            record: (!stored.deleted).then(|| without_notes(&stored.body)),
        };
        let facts = Facts { id: Some(stored.id.clone()), ..Facts::default() };
        Ok(Reply::ok(&view).with_facts(facts))
    }

    /// The records with this number or id; if there are none, those whose title has `sought` in it, of what the latest events
    /// are about.
    pub(crate) async fn search(&self, sought: &str) -> Result<Reply, Problem> {
        let mut found = self.with_number_or_id(sought).await?;
        if found.is_empty() {
            found = self.with_title(sought).await?;
        }
        let data: Vec<_> = found.iter().map(|(kind, stored)| RecordSummary::of(*kind, stored)).collect();
        Ok(PageRequest::reply(&data, None))
    }

    /// The record of this type that has `record` as its number or its id, living or deleted. One lookup.
    pub(crate) async fn stored_record(&self, kind: &str, record: &str) -> Result<(Kind, Stored), Problem> {
        let kind = Kind::of_segment(kind).ok_or_else(|| Problem::not_found("type of record"))?;
        let record = percent_decode_str(record).decode_utf8_lossy();
        let keys = keys_of(kind, &record);
        let mut found = self.function.records.fetch(self.account(), &keys).await?;
        let by_id = found.by_id.remove(record.as_ref());
        let by_number = || keys.iter().find_map(|key| found.records.get(key).cloned());
        let stored = by_id.or_else(by_number).ok_or_else(|| Problem::not_found(kind.name()))?;
        Ok((kind, stored))
    }

    async fn with_number_or_id(&self, sought: &str) -> Result<Vec<(Kind, Stored)>, Problem> {
        let keys: Vec<RecordKey> = Kind::ALL.into_iter().flat_map(|kind| keys_of(kind, sought)).collect();
        let mut found = self.function.records.fetch(self.account(), &keys).await?;
        let by_id = found.by_id.remove(sought);
        let by_number = keys.iter().filter_map(|key| found.records.remove(key));
        Ok(by_id.into_iter().chain(by_number).filter_map(with_kind).collect())
    }

    /// What an event says that a record is called, and the record still is.
    async fn with_title(&self, sought: &str) -> Result<Vec<(Kind, Stored)>, Problem> {
        let latest = self.function.events.latest(self.account(), None, None, EVENTS_SEARCHED).await?;
        let (sought, mut seen, mut ids) = (sought.to_lowercase(), HashSet::new(), Vec::new());
        for FeedEvent { event, .. } in latest.events {
            let Ok(Body { data }) = serde_json::from_str(&event.body) else { continue };
            let is_record = Kind::of_id(&data.id).is_some();
            if is_record && data.has(&sought) && ids.len() < MOST_FOUND && seen.insert(data.id.to_string()) {
                ids.push(data.id.into_owned());
            }
        }
        let keys: Vec<_> = ids.iter().cloned().map(RecordKey::Id).collect();
        let mut found = self.function.records.fetch(self.account(), &keys).await?;
        Ok(ids
            .iter()
            .filter_map(|id| found.by_id.remove(id))
            .filter(|stored| !stored.deleted && Called::of(&stored.body).has(&sought))
            .filter_map(with_kind)
            .collect())
    }
}

/// A record as its sender knows it. What a sender said of fields that a change of state has cleared is a note of ours, for
/// when the same row comes again.
fn without_notes(body: &Map<String, Value>) -> Map<String, Value> {
    body.iter().filter(|(name, _)| *name != NOTE).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What is read of the bytes of an event.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Called<'a>,
}

/// What a record is called.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Called<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    first_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_name: Option<Cow<'a, str>>,
}

impl<'a> Called<'a> {
    fn of(record: &'a Map<String, Value>) -> Self {
        let field = |name| text(record, name).map(Cow::Borrowed);
        Self {
            id: field("id").unwrap_or_default(),
            title: field("title"),
            name: field("name"),
            first_name: field("firstName"),
            last_name: field("lastName"),
        }
    }

    /// A work order's title, a project's or a company's name, a person's names.
    fn title(&self) -> Option<Cow<'_, str>> {
        let named = self.title.as_deref().or(self.name.as_deref()).map(Cow::Borrowed);
        named.or_else(|| Some(Cow::Owned(format!("{} {}", self.first_name.as_ref()?, self.last_name.as_ref()?))))
    }

    /// Whether `sought`, in lower case, is a part of it.
    fn has(&self, sought: &str) -> bool {
        self.title().is_some_and(|title| title.to_lowercase().contains(sought))
    }
}

/// What a text may mean as a number or as an id. What can be neither does not come into the keys of tables.
fn keys_of(kind: Kind, text: &str) -> Vec<RecordKey> {
    let number = is_natural_key(text).then(|| RecordKey::number(kind, text));
    let id = is_id(text, kind.model().prefix).then(|| RecordKey::Id(text.to_owned()));
    number.into_iter().chain(id).collect()
}

fn with_kind(stored: Stored) -> Option<(Kind, Stored)> {
    Some((Kind::of_id(&stored.id)?, stored))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_a_number_of_any_type_and_the_id_of_one() {
        let id = "wo_01JAMB3X9T7Q2V5K8N4C6D0EFG";
        assert_eq!(keys_of(Kind::WorkOrder, "WO-1"), [RecordKey::Number(Kind::WorkOrder, "wo-1".to_owned())]);
        assert_eq!(keys_of(Kind::WorkOrder, id)[1], RecordKey::Id(id.to_owned()));
        assert_eq!(keys_of(Kind::Vendor, id).len(), 1);
        for neither in ["", "Zoë", "#1", &"1".repeat(3_000)] {
            assert_eq!(keys_of(Kind::WorkOrder, neither), [], "{neither}");
        }
    }

    #[test]
    fn a_record_is_called_as_people_call_it() {
        let title_of = |record: Value| Called::of(record.as_object().unwrap()).title().map(Cow::into_owned);
        assert_eq!(title_of(json!({"title": "Install HVAC System"})).unwrap(), "Install HVAC System");
        assert_eq!(title_of(json!({"name": "Riverside"})).unwrap(), "Riverside");
        assert_eq!(title_of(json!({"firstName": "Daniel", "lastName": "O'Brien"})).unwrap(), "Daniel O'Brien");
        assert_eq!(title_of(json!({"requestNumber": "TO-1"})), None);
    }
}
