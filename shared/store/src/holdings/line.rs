//! A line of an export: an item as JSON, with texts of JSON parsed and bodies inflated, without secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::models::Kind;
use domain::trail::Trail;
use serde_json::{Map, Number, Value};

use super::{Holding, is_account, is_by_hash, text};
use crate::api_keys::{FRAMES, LINKS};
use crate::body;
use crate::item::{Item, TRAIL};

/// Attributes with JSON in them, or with lists and maps of it.
const JSON: [&str; 18] = [
    "account",
    "alert",
    "answer",
    "attempts",
    "body",
    "card",
    "counted",
    "endpoint",
    "entry",
    "key",
    "lastAttempt",
    "leaves",
    "link",
    "orders",
    "origins",
    "refusal",
    "sealedHeaders",
    "sum",
];
/// Members that are left out wherever they stand, except in what users have sent: hashes of keys, keyed hashes of tax ids
/// and hashes of bodies, and what is sealed.
const SECRET: [&str; 3] = ["hash", "fingerprint", "sealed"];
/// What users have sent, or were answered.
const OF_USERS: [&str; 3] = ["body", "answer", "attempts"];
/// How sealed values begin (`seal.rs`).
const SEALED: &str = "k1.";

/// A line of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is: the name of the file that it belongs to.
    pub kind: &'static str,
    /// The item.
    pub json: Value,
}

impl Line {
    /// `None` for what authenticates a key or a portal link, which has nothing that its other item has not, and for who may frame
    /// the console, which the link says.
    pub(super) fn of(holding: Holding, item: &Item) -> Option<Self> {
        if holding == Holding::Account && (is_by_hash(item) || text(item, "pk").starts_with(FRAMES)) {
            return None;
        }
        let members = item.iter().map(|(name, value)| (name.clone(), json(name, value)));
        let mut json: Map<String, Value> = members.collect();
        // A header of the subscriber's own may lie there from before these were sealed.
        if let Some(Value::Object(endpoint)) = json.get_mut("endpoint") {
            endpoint.remove("headers");
        }
        conceal(&mut json);
        json.sort_keys();
        Some(Self { kind: kind(holding, item), json: Value::Object(json) })
    }
}

fn kind(holding: Holding, item: &Item) -> &'static str {
    match holding {
        Holding::Endpoints => "endpoints",
        Holding::Subscriptions => "subscriptions",
        Holding::Events => "events",
        Holding::Markers => "markers",
        Holding::Deliveries => "deliveries",
        Holding::Sums => "statistics",
        Holding::Alerts => "alerts",
        Holding::RefusedCalls => "refused_calls",
        Holding::Audit => "audit",
        Holding::Records => kind_of_record(item),
        Holding::Answers => "answers",
        Holding::RateWindows => "rate_windows",
        Holding::Account if is_account(item) => "account",
        Holding::Account if text(item, "pk").starts_with(LINKS) => "portal_links",
        Holding::Account => "keys",
    }
}

fn kind_of_record(item: &Item) -> &'static str {
    match text(item, "pk").split('#').nth(1) {
        Some("T") => "tax_ids",
        Some("D" | "E") => "deleted_records",
        _ if item.contains_key("body") => match Kind::of_id(text(item, "id")) {
            Some(Kind::WorkOrder) => "work_orders",
            Some(Kind::Project) => "projects",
            Some(Kind::Employee) => "employees",
            Some(Kind::Vendor) => "vendors",
            Some(Kind::TimeOff) => "time_off",
            None => "records",
        },
        // What is left of a record that was deleted or given another number.
        _ => "used_numbers",
    }
}

fn json(name: &str, value: &AttributeValue) -> Value {
    let list = |values: &[String], of: fn(&String) -> Value| Value::Array(values.iter().map(of).collect());
    match value {
        AttributeValue::S(text) => parsed(name, text.clone()),
        AttributeValue::B(bytes) if name == TRAIL => {
            Trail::from_bytes(bytes.as_ref()).ids().map(Value::String).collect()
        }
        AttributeValue::B(_) => body::text(value).map_or(Value::Null, |text| parsed(name, text)),
        AttributeValue::N(number) => numeric(number),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(values) => values.iter().map(|value| json(name, value)).collect(),
        AttributeValue::M(members) => {
            let is_json = JSON.contains(&name);
            members.iter().map(|(own, value)| (own.clone(), json(if is_json { name } else { own }, value))).collect()
        }
        AttributeValue::Ss(texts) => list(texts, |text| Value::String(text.clone())),
        AttributeValue::Ns(numbers) => list(numbers, |number| numeric(number)),
        _ => Value::Null,
    }
}

fn parsed(name: &str, text: String) -> Value {
    let json = if JSON.contains(&name) { serde_json::from_str(&text).ok() } else { None };
    json.unwrap_or(Value::String(text))
}

fn numeric(text: &str) -> Value {
    text.parse::<Number>().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

fn conceal(members: &mut Map<String, Value>) {
    members.retain(|name, value| !SECRET.contains(&&**name) && !is_sealed(value));
    for (name, value) in members {
        match value {
            Value::Object(members) if !OF_USERS.contains(&&**name) => conceal(members),
            Value::Array(items) if !OF_USERS.contains(&&**name) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(conceal);
            }
            _ => {}
        }
    }
}

fn is_sealed(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(SEALED))
}
