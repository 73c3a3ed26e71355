//! `PutItem`, `UpdateItem` and `TransactWriteItems`. All conditions are checked and all new items made before the first
//! is written, so that a request can be left to `dynoxide`, or refused, until then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use dynoxide::storage::Storage;
use dynoxide::types::MAX_ITEM_SIZE;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::condition::Condition;
use super::expression::{Given, Parsed, References};
use super::rows::{self, Row, json};
use super::tables::{Place, Table};
use super::update::Update;
use super::value::{Item, Value, is_plain, is_shallow, size};
use super::{Direct, Stop, parse};

/// How many parts a transaction has at most.
const PARTS: usize = 100;
const REFUSED: &str = "The conditional request failed";

/// What a request, or a part of one, does to one item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Change {
    table_name: String,
    item: Option<Item>,
    key: Option<Item>,
    update_expression: Option<String>,
    condition_expression: Option<String>,
    expression_attribute_names: Option<HashMap<String, String>>,
    expression_attribute_values: Option<HashMap<String, Value>>,
    return_values: Option<String>,
    return_values_on_condition_check_failure: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TransactWriteItems {
    transact_items: Vec<Part>,
    #[serde(rename = "ClientRequestToken")]
    _client_request_token: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
enum Part {
    Put(Change),
    Update(Change),
    Delete(Change),
    ConditionCheck(Change),
}

/// What a change comes to.
struct Planned {
    table: Arc<Table>,
    place: Place,
    old: Option<Row>,
    outcome: Outcome,
}

enum Outcome {
    Refused,
    Put(Row),
    Delete,
    /// The condition of a check holds.
    Nothing,
}

/// What a change does with the item.
enum Action {
    Put(Item),
    Update(Arc<Parsed<Update>>),
    Delete,
    Check,
}

pub(super) fn put_item(direct: &mut Direct, storage: &Storage, body: &[u8]) -> Result<String, Stop> {
    let mut change: Change = parse(body)?;
    if !matches!(change.return_values.as_deref(), None | Some("NONE")) {
        return Err(Stop::Leave);
    }
    let item = change.item.take().ok_or(Stop::Leave)?;
    let planned = plan(direct, storage, &change, Action::Put(item))?;
    planned.carry_out(storage, &change)?;
    Ok("{}".to_owned())
}

pub(super) fn update_item(direct: &mut Direct, storage: &Storage, body: &[u8]) -> Result<String, Stop> {
    let change: Change = parse(body)?;
    if !matches!(change.return_values.as_deref(), None | Some("NONE" | "ALL_NEW" | "UPDATED_NEW")) {
        return Err(Stop::Leave);
    }
    let update = direct.updates.get(change.update_expression.as_deref().ok_or(Stop::Leave)?)?;
    if update.charge(change.given(&direct.none)) > MAX_ITEM_SIZE {
        return Err(Stop::Leave);
    }
    let planned = plan(direct, storage, &change, Action::Update(Arc::clone(&update)))?;
    let answer = match (&planned.outcome, change.return_values.as_deref()) {
        (Outcome::Put(new), Some("ALL_NEW")) => format!("{{\"Attributes\":{}}}", new.json),
        (Outcome::Put(new), Some("UPDATED_NEW")) => {
            let changed = update.expression.changed(&new.item, change.given(&direct.none))?;
            if changed.is_empty() { "{}".to_owned() } else { format!("{{\"Attributes\":{}}}", json(&changed)?) }
        }
        _ => "{}".to_owned(),
    };
    planned.carry_out(storage, &change)?;
    Ok(answer)
}

pub(super) fn transact_write_items(direct: &mut Direct, storage: &Storage, body: &[u8]) -> Result<String, Stop> {
    let request: TransactWriteItems = parse(body)?;
    if !(1..=PARTS).contains(&request.transact_items.len()) {
        return Err(Stop::Leave);
    }
    let mut planned = Vec::with_capacity(request.transact_items.len());
    for part in request.transact_items {
        let (change, action) = part.action(direct)?;
        if change.return_values.is_some() {
            return Err(Stop::Leave);
        }
        planned.push((plan(direct, storage, &change, action)?, change));
    }
    let items: HashSet<_> = planned.iter().map(|(planned, _)| (&planned.table.name, &planned.place)).collect();
    if items.len() < planned.len() {
        return Err(Stop::Leave);
    }
    if planned.iter().any(|(planned, _)| matches!(planned.outcome, Outcome::Refused)) {
        return Err(Stop::Refused(cancelled(&planned)?));
    }
    for (planned, change) in &planned {
        planned.carry_out(storage, change)?;
    }
    Ok("{}".to_owned())
}

impl Part {
    fn action(self, direct: &mut Direct) -> Result<(Change, Action), Stop> {
        Ok(match self {
            Self::Put(mut change) => {
                let item = change.item.take().ok_or(Stop::Leave)?;
                (change, Action::Put(item))
            }
            Self::Update(change) => {
                let update = direct.updates.get(change.update_expression.as_deref().ok_or(Stop::Leave)?)?;
                (change, Action::Update(update))
            }
            Self::Delete(change) => (change, Action::Delete),
            Self::ConditionCheck(change) if change.condition_expression.is_some() => (change, Action::Check),
            Self::ConditionCheck(_) => return Err(Stop::Leave),
        })
    }
}

/// Reads the item if that is needed, and decides what becomes of it.
fn plan(direct: &mut Direct, storage: &Storage, change: &Change, action: Action) -> Result<Planned, Stop> {
    let table = direct.tables.get(storage, &change.table_name)?;
    let condition = change.condition_expression.as_deref().map(|text| direct.conditions.get(text)).transpose()?;
    change.check(condition.as_deref(), &action)?;
    let given = change.given(&direct.none);
    let place = action.check(&table, change, given)?;
    let is_blind = matches!(action, Action::Put(_)) && table.indexes.is_empty() && table.stream.is_none();
    let old = if is_blind && condition.is_none() { None } else { read(storage, &table, &place)? };
    let before = old.as_ref().map_or(&direct.nothing, |row| &row.item);
    let holds = condition.map_or(Ok(true), |condition| condition.expression.holds(before, given))?;
    let new = match action {
        _ if !holds => return Ok(Planned { table, place, old, outcome: Outcome::Refused }),
        Action::Put(item) => item,
        Action::Update(update) => {
            let before = if old.is_some() { before } else { change.key.as_ref().unwrap_or(before) };
            update.expression.apply(before.clone(), given)?
        }
        Action::Delete => return Ok(Planned { table, place, old, outcome: Outcome::Delete }),
        Action::Check => return Ok(Planned { table, place, old, outcome: Outcome::Nothing }),
    };
    table.indexes.iter().try_for_each(|index| index.check(&new))?;
    if size(&new) > MAX_ITEM_SIZE || !is_shallow(&new) {
        return Err(Stop::Leave);
    }
    Ok(Planned { table, place, old, outcome: Outcome::Put(Row::new(new)?) })
}

impl Action {
    /// The item's place. Leaves what is wrong whatever the item is by now.
    fn check(&self, table: &Table, change: &Change, given: Given<'_>) -> Result<Place, Stop> {
        match (self, &change.key) {
            (Self::Put(item), None) if is_plain(item) => {
                table.indexes.iter().try_for_each(|index| index.check(item))?;
                table.place_of(item)
            }
            (Self::Update(update), Some(key)) => {
                update.expression.check(given, &table.keys)?;
                table.place(key)
            }
            (Self::Delete | Self::Check, Some(key)) => table.place(key),
            _ => Err(Stop::Leave),
        }
    }
}

fn read(storage: &Storage, table: &Table, place: &Place) -> Result<Option<Row>, Stop> {
    let Some(json) = rows::get(storage.conn(), table, place)? else { return Ok(None) };
    let item = serde_json::from_str(&json).map_err(|_| Stop::Leave)?;
    Ok(Some(Row { json, item }))
}

impl Change {
    fn given<'a>(&'a self, none: &'a (HashMap<String, String>, HashMap<String, Value>)) -> Given<'a> {
        let (names, values) = (self.expression_attribute_names.as_ref(), self.expression_attribute_values.as_ref());
        Given { names: names.unwrap_or(&none.0), values: values.unwrap_or(&none.1) }
    }

    /// Leaves members that don't belong to this action, and placeholders that are missing, or given and not used.
    fn check(&self, condition: Option<&Parsed<Condition>>, action: &Action) -> Result<(), Stop> {
        let update = if let Action::Update(update) = action { Some(&update.references) } else { None };
        let used: Vec<&References> =
            condition.map(|condition| &condition.references).into_iter().chain(update).collect();
        let (names, values) = (&self.expression_attribute_names, &self.expression_attribute_values);
        let is_right = self.item.is_none()
            && self.update_expression.is_some() == update.is_some()
            && are_used(names.as_ref(), used.iter().flat_map(|used| &used.names))
            && are_used(values.as_ref(), used.iter().flat_map(|used| &used.values))
            && names.iter().flat_map(HashMap::values).all(|name| !name.is_empty())
            && values.iter().flat_map(HashMap::values).all(Value::is_fit)
            && matches!(self.return_values_on_condition_check_failure.as_deref(), None | Some("NONE" | "ALL_OLD"));
        if is_right { Ok(()) } else { Err(Stop::Leave) }
    }

    fn shows_item(&self) -> bool {
        self.return_values_on_condition_check_failure.as_deref() == Some("ALL_OLD")
    }
}

/// Whether exactly these placeholders are used. An empty map is not allowed.
fn are_used<'a, T>(given: Option<&HashMap<String, T>>, used: impl Iterator<Item = &'a String>) -> bool {
    let used: HashSet<&String> = used.collect();
    given.map_or(0, HashMap::len) == used.len()
        && given
            .is_none_or(|given| !given.is_empty() && used.iter().all(|placeholder| given.contains_key(*placeholder)))
}

impl Planned {
    fn carry_out(&self, storage: &Storage, change: &Change) -> Result<(), Stop> {
        let new = match &self.outcome {
            Outcome::Refused => return Err(Stop::Refused(self.refusal(change))),
            Outcome::Nothing => return Ok(()),
            Outcome::Put(new) => Some(new),
            Outcome::Delete => None,
        };
        Ok(rows::change(storage.conn(), &self.table, &self.place, self.old.as_ref(), new)?)
    }

    /// The error document of a condition that does not hold.
    fn refusal(&self, change: &Change) -> String {
        let shown = self.old.as_ref().filter(|_| change.shows_item());
        let item = shown.map(|row| format!(",\"Item\":{}", row.json)).unwrap_or_default();
        let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        format!("{{\"__type\":\"{kind}\",\"message\":\"{REFUSED}\"{item}}}")
    }
}

/// The error document of a transaction of which a condition does not hold.
fn cancelled(planned: &[(Planned, Change)]) -> Result<String, Stop> {
    let (mut codes, mut reasons) = (Vec::with_capacity(planned.len()), Vec::with_capacity(planned.len()));
    for (planned, change) in planned {
        if !matches!(planned.outcome, Outcome::Refused) {
            codes.push("None");
            reasons.push("{\"Code\":\"None\"}".to_owned());
            continue;
        }
        let shown = planned.old.as_ref().filter(|_| change.shows_item());
        // Here, and only here, DynamoDB has an order of its own for sets of numbers.
        if shown.is_some_and(|row| row.json.contains("\"NS\"")) {
            return Err(Stop::Leave);
        }
        let item = shown.map(|row| format!(",\"Item\":{}", row.json)).unwrap_or_default();
        codes.push("ConditionalCheckFailed");
        reasons.push(format!("{{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"{REFUSED}\"{item}}}"));
    }
    let (codes, reasons) = (codes.join(", "), reasons.join(","));
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]");
    Ok(format!("{{\"__type\":\"{kind}\",\"Message\":\"{message}\",\"CancellationReasons\":[{reasons}]}}"))
}
