//! The body of a publication: an envelope, and data according to the field table of the event type.

use domain::defect::{DefectCode, Defects};
use domain::events::{EventDraft, EventName};
use domain::rules::fields::text;
use domain::schema::parse_fields;
use domain::{clock, json};
use inbound::manage::bodies::PUBLICATION;
use inbound::manage::event_data;
use inbound::problem::Problem;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A publication whose body has no defects.
pub(crate) struct Publication {
    pub(crate) draft: EventDraft,
    pub(crate) occurred_at: Timestamp,
    pub(crate) key: String,
    /// SHA-256 of event type, time and data: what must be the same when the idempotency key is used again.
    pub(crate) fingerprint: String,
}

impl Publication {
    /// Reads a body. The problem lists all its defects.
    pub(crate) fn parse(body: &[u8], now: Timestamp) -> Result<Self, Problem> {
        let mut body = json::parse_object(body)?;
        let data = body.shift_remove(event_data::FIELD);
        let mut defects = Defects::default();
        let envelope = parse_fields(&PUBLICATION, &Value::Object(body), "", &mut defects);
        let name = event(&envelope, &mut defects);
        let data = data_of(name, data.as_ref(), &mut defects);
        let (Some(name), Some(key), true) = (name, text(&envelope, "idempotencyKey"), defects.is_empty()) else {
            return Err(Problem::invalid(defects));
        };
        let occurred = text(&envelope, "occurredAt");
        let digest = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([0])
            .chain_update(occurred.unwrap_or_default())
            .chain_update([0])
            .chain_update(Value::Object(data.clone()).to_string());
        Ok(Self {
            draft: EventDraft::new(name, &data, Map::new()),
            occurred_at: occurred.and_then(|at| at.parse().ok()).unwrap_or_else(|| clock::whole_seconds(now)),
            key: key.to_owned(),
            fingerprint: hex::encode(digest.finalize()),
        })
    }
}

fn event(envelope: &Map<String, Value>, defects: &mut Defects) -> Option<EventName> {
    let name = text(envelope, "event")?.parse();
    if name.is_err() {
        let message =
            format!("must be one of the {} events of the catalog (GET /api/event-types)", EventName::ALL.len());
        defects.push("event", DefectCode::InvalidValue, message);
    }
    name.ok()
}

fn data_of(name: Option<EventName>, data: Option<&Value>, defects: &mut Defects) -> Map<String, Value> {
    let Some(data) = data.filter(|data| !event_data::is_nothing(data)) else {
        defects.push(event_data::FIELD, DefectCode::Required, "is required");
        return Map::new();
    };
    name.map(|name| event_data::read(name, data, defects)).unwrap_or_default()
}
