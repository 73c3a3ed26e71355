//! Reads bodies by their table: normalises what is right and reports everything that is wrong (contract 2 and 6).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::forbidden;
use super::strings::{self, Flaw};
use super::{Field, Presence, Type, custom_fields, formats, numbers};
use crate::defect::{DefectCode, Defects};
use crate::models::Model;

/// An answer shows no more defects than this, so no more are given the luxury of a suggestion.
const MAX_SUGGESTIONS: usize = 50;
/// Names of our own are shorter.
const MAX_SUGGESTED_FOR: usize = 60;
/// Longer names of unknown fields are cut in paths.
const MAX_NAME_IN_PATH: usize = 100;

/// What happens to a null of an optional field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// It clears the field when the record is merged.
    Keep,
    /// It says what absence says.
    Drop,
}

/// Reads the body of a create, update or delete. The result has the fields that were sent, normalised, in the order of
/// the table; null where a field is to be cleared. Control fields are among them.
///
/// Reports everything but fields that only a new record needs: see [`missing_on_create`].
#[expect(clippy::needless_pass_by_value, reason = "the raw body ends here: only what was read goes on")]
pub fn parse_record(model: &Model, body: Map<String, Value>, defects: &mut Defects) -> Map<String, Value> {
    let declared = model.fields.iter().map(|field| field.name).find(|name| forbidden::is_forbidden(name));
    forbidden::report(&body, "", declared, defects);
    let record = object(model.fields, &body, "", &format!("{}s", model.kind.name()), Nulls::Keep, defects);
    let has_id = body.get("id").is_some_and(|id| !id.is_null() && !is_blank(id));
    if !body.contains_key(model.key) && !has_id {
        defects.push(model.key, DefectCode::Required, "is required");
    }
    record
}

/// Reads an object by a table: an event's data, or a body that is no record. Nulls are dropped.
pub fn parse_fields(fields: &[Field], value: &Value, path: &str, defects: &mut Defects) -> Map<String, Value> {
    if let Value::Object(sent) = value {
        forbidden::report(sent, path, None, defects);
        object(fields, sent, path, owner(path), Nulls::Drop, defects)
    } else {
        let at = if path.is_empty() { "$" } else { path };
        defects.push(at, DefectCode::InvalidType, "must be an object");
        Map::new()
    }
}

/// `required` for each field that a new record needs and that is not there: also for one that [`parse_record`] refused,
/// so a field that has a defect already is not to get this one as well.
#[must_use]
pub fn missing_on_create(model: &Model, record: &Map<String, Value>) -> Defects {
    let mut defects = Defects::default();
    for field in model.fields.iter().filter(|f| matches!(f.presence, Presence::Key | Presence::OnCreate)) {
        if record.get(field.name).is_none_or(Value::is_null) {
            defects.push(field.name, DefectCode::Required, "is required");
        }
    }
    defects
}

/// What can be wrong with a merged record although each body was right: custom fields that became too many.
#[must_use]
pub fn check_merged(model: &Model, record: &Map<String, Value>) -> Defects {
    let mut defects = Defects::default();
    for field in model.fields.iter().filter(|f| matches!(f.kind, Type::CustomFields)) {
        if let Some(Value::Object(custom)) = record.get(field.name) {
            custom_fields::check_limits(custom, field.name, &mut defects);
        }
    }
    defects
}

/// The path of `name` inside `path`.
pub(super) fn join(path: &str, name: &str) -> String {
    let shown = match name.char_indices().nth(MAX_NAME_IN_PATH) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    };
    if path.is_empty() { shown } else { format!("{path}.{shown}") }
}

/// The value, or its flaw among the defects.
pub(super) fn keep(result: Result<Value, Flaw>, path: &str, defects: &mut Defects) -> Option<Value> {
    result.map_err(|(code, message)| defects.push(path, code, message)).ok()
}

/// `invalid_type`, and nothing.
pub(super) fn expected(what: &str, path: &str, defects: &mut Defects) -> Option<Value> {
    defects.push(path, DefectCode::InvalidType, format!("must be {what}"));
    None
}

/// What an object is called in messages: the last name of its path.
fn owner(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.split('[').next().unwrap_or(name)
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn object(
    fields: &[Field],
    sent: &Map<String, Value>,
    path: &str,
    owner: &str,
    nulls: Nulls,
    defects: &mut Defects,
) -> Map<String, Value> {
    let mut read = Map::new();
    for field in fields {
        let at = || join(path, field.name);
        match sent.get(field.name) {
            None if field.presence == Presence::Required => defects.push(at(), DefectCode::Required, "is required"),
            None => {}
            Some(value) => match field_value(field, value, &at(), defects) {
                Some(Value::Null) if nulls == Nulls::Drop => {}
                Some(value) => _ = read.insert(field.name.to_owned(), value),
                None => {}
            },
        }
    }
    for name in sent.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
        if !forbidden::is_forbidden(name) {
            report_unknown(fields, name, path, owner, defects);
        }
    }
    read
}

fn report_unknown(fields: &[Field], name: &str, path: &str, owner: &str, defects: &mut Defects) {
    let suggestion = if defects.len() < MAX_SUGGESTIONS { nearest(fields, name) } else { None };
    let owner = if owner.is_empty() { "this body" } else { owner };
    let message = match suggestion {
        Some(nearest) => format!("is not a field of {owner}; did you mean {nearest}?"),
        None if fields.iter().any(|field| matches!(field.kind, Type::CustomFields)) => {
            format!("is not a field of {owner}; put fields of your own in customFields")
        }
        None => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("is not a field of {owner}, whose fields are {}", names.join(", "))
        }
    };
    defects.push(join(path, name), DefectCode::UnknownField, message);
}

/// The field whose name is at most a quarter of its letters away.
fn nearest(fields: &[Field], name: &str) -> Option<&'static str> {
    if name.len() > MAX_SUGGESTED_FOR {
        return None;
    }
    let bare = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let sent = bare(name);
    let distance = |field: &Field| strsim::damerau_levenshtein(&sent, &bare(field.name));
    let candidates = fields.iter().map(|field| (distance(field), field.name));
    candidates.filter(|(distance, name)| *distance <= (name.len() / 4).max(1)).min_by_key(|(d, _)| *d).map(|(_, n)| n)
}

/// Null stands for "nothing": sent as null, or as an empty string where that can't be meant.
fn field_value(field: &Field, value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    let nothing = value.is_null() || (field.presence.nullable() && is_textual(&field.kind) && is_blank(value));
    if !nothing {
        return type_value(&field.kind, value, path, defects);
    }
    if field.presence.nullable() {
        return Some(Value::Null);
    }
    let message = match field.presence {
        Presence::Key | Presence::OnCreate => "is required and can't be cleared",
        Presence::Optional | Presence::Required => "is required",
    };
    defects.push(path, DefectCode::Required, message);
    None
}

fn is_textual(kind: &Type) -> bool {
    kind.is_scalar() && !matches!(kind, Type::Bool | Type::Int { .. } | Type::Number { .. })
}

fn type_value(kind: &Type, value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    match kind {
        Type::Bool if value.is_boolean() => Some(value.clone()),
        Type::Bool => expected("true or false", path, defects),
        Type::Int { min, max } => keep(numbers::int(value, *min, *max), path, defects),
        Type::Number { min, max, decimals } => keep(numbers::number(value, *min, *max, *decimals), path, defects),
        Type::Money { decimals } => keep(numbers::amount(value, *decimals), path, defects),
        Type::List { min, max, item } => list(*min, *max, item, value, path, defects),
        Type::Object(fields) => match value {
            Value::Object(sent) => Some(Value::Object(object(fields, sent, path, owner(path), Nulls::Drop, defects))),
            _ => expected("an object", path, defects),
        },
        Type::CustomFields => custom_fields::read(value, path, defects),
        Type::Scalars => custom_fields::read_scalars(value, path, defects),
        textual => match value {
            Value::String(raw) => keep(textual_value(textual, raw).map(Value::String), path, defects),
            _ => expected("a string", path, defects),
        },
    }
}

fn textual_value(kind: &Type, raw: &str) -> Result<String, Flaw> {
    let text = match kind {
        Type::Line { min, max, shape } => return strings::line(raw, *min, *max, *shape),
        Type::Text { max } => return strings::text(raw, *max),
        _ => strings::plain_line(raw)?,
    };
    let reader = match kind {
        Type::Id(prefix) => return id(prefix, &text),
        Type::Enum(words) => return word(words, &text),
        Type::Date => formats::date,
        Type::DateTime => formats::date_time,
        Type::Time => formats::time,
        Type::TimeZone => formats::time_zone,
        Type::Currency => formats::currency,
        Type::Country => formats::country,
        Type::Email => formats::email,
        Type::Phone => formats::phone,
        Type::Url => formats::url,
        _ => return Err((DefectCode::InvalidType, "must not be a string".to_owned())),
    };
    reader(&text)
}

fn id(prefix: &str, text: &str) -> Result<String, Flaw> {
    let valid = text
        .strip_prefix(prefix)
        .is_some_and(|rest| (3..=40).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    if valid {
        return Ok(text.to_owned());
    }
    Err((DefectCode::InvalidFormat, format!("must be {prefix} followed by 3 to 40 letters and digits")))
}

fn word(words: &[&str], text: &str) -> Result<String, Flaw> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    Err((DefectCode::InvalidValue, format!("must be one of {}", words.join(", "))))
}

fn list(min: usize, max: usize, item: &Type, value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    let Value::Array(sent) = value else {
        return expected("a list", path, defects);
    };
    if sent.len() > max {
        defects.push(path, DefectCode::TooManyItems, format!("must have at most {max} items"));
        return None;
    }
    if sent.len() < min {
        let items = if min == 1 { "item" } else { "items" };
        defects.push(path, DefectCode::TooFewItems, format!("must have at least {min} {items}"));
        return None;
    }
    let mut seen = HashSet::new();
    let mut read = Vec::with_capacity(sent.len());
    for (i, value) in sent.iter().enumerate() {
        let at = format!("{path}[{i}]");
        let Some(value) = type_value(item, value, &at, defects) else { continue };
        if value.as_str().is_some_and(|text| !seen.insert(compared(item, text))) {
            defects.push(at, DefectCode::DuplicateItem, "is in the list already");
        }
        read.push(value);
    }
    Some(Value::Array(read))
}

/// Items of a set are compared without regard to case, except ids, where case tells them apart.
fn compared(item: &Type, text: &str) -> String {
    if matches!(item, Type::Id(_)) { text.to_owned() } else { text.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::json;

    use super::*;
    use crate::models::{EMPLOYEE, Kind, TIME_OFF, VENDOR, WORK_ORDER};

    /// Defects of the fixtures that are about one field; the others are found by the rules of the resources.
    const FIELD_LEVEL: [&str; 8] = [
        "required",
        "invalid_type",
        "invalid_format",
        "out_of_range",
        "too_long",
        "unknown_field",
        "forbidden_field",
        "invalid_value",
    ];

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
    }

    fn read(path: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// The record that a body to create it becomes, and the defects in the form `field code`.
    fn create(model: &Model, body: Value) -> (Value, Vec<String>) {
        let Value::Object(body) = body else { panic!("not an object") };
        let mut defects = Defects::default();
        let record = parse_record(model, body, &mut defects);
        if defects.is_empty() {
            defects.append(missing_on_create(model, &record));
        }
        (Value::Object(record), listed(defects))
    }

    fn listed(defects: Defects) -> Vec<String> {
        let line = |d: crate::defect::Defect| {
            format!("{} {}", d.field, serde_json::to_value(d.code).unwrap().as_str().unwrap())
        };
        defects.into_sorted().into_iter().map(line).collect()
    }

    /// The defects of a work order with this beside its key and title.
    fn defects_of(sent: &Value) -> Vec<String> {
        let mut body = json!({"workOrderNumber": "WO-1", "title": "t"});
        body.as_object_mut().unwrap().extend(sent.as_object().unwrap().clone());
        create(&WORK_ORDER, body).1
    }

    #[test]
    fn schemas_are_those_of_the_contract() {
        for kind in Kind::ALL {
            let file = fixtures().join(format!("schemas/{}.schema.json", kind.segment()));
            let texts = super::super::without_texts;
            let (ours, theirs) = (texts(super::super::json_schema(kind.model())), texts(read(&file)));
            for (name, property) in theirs["properties"].as_object().unwrap() {
                assert_eq!(&ours["properties"][name], property, "{} {name}", kind.name());
            }
            assert!(ours == theirs, "{}: more fields, or another title or list of required ones", kind.name());
        }
    }

    #[test]
    fn valid_fixtures_have_no_defects_and_are_read_the_same_again() {
        for kind in Kind::ALL {
            for file in std::fs::read_dir(fixtures().join(kind.segment()).join("valid")).unwrap() {
                let path = file.unwrap().path();
                let (record, defects) = create(kind.model(), read(&path));
                assert!(defects.is_empty(), "{}: {defects:?}", path.display());
                assert_eq!(create(kind.model(), record.clone()), (record, vec![]), "{}", path.display());
            }
        }
    }

    #[test]
    fn invalid_fixtures_have_exactly_the_expected_defect() {
        let expected = read(&fixtures().join("expected.json"));
        for (path, defect) in expected.as_object().unwrap() {
            let (field, code) = (defect["field"].as_str().unwrap(), defect["code"].as_str().unwrap());
            // Which of two references is needed is a rule of the resource.
            let by_table = FIELD_LEVEL.contains(&code) && !path.contains("team-member-without-reference");
            let kind = Kind::ALL.into_iter().find(|kind| path.starts_with(kind.segment())).unwrap();
            let (_, defects) = create(kind.model(), read(&fixtures().join(path)));
            assert_eq!(defects, if by_table { vec![format!("{field} {code}")] } else { vec![] }, "{path}");
        }
    }

    #[test]
    fn values_are_normalised() {
        let sent = json!({
            "title": "  Cafe\u{301} ", "workOrderNumber": " wo-1 ", "phase": "  ", "projectNumber": null, "trade": "",
            "scheduledStart": "2025-11-03T05:00:00-06:00", "estimatedHours": 8.0, "notToExceed": "185000.00",
            "assignments": [{"employeeNumber": "E-1", "crew": "", "lead": null, "hours": 4.50}], "tags": [],
            "description": "a\r\nb", "timeZone": "america/chicago", "ifVersion": 1, "customFields": {"a": null}
        });
        let read = json!({
            "ifVersion": 1, "workOrderNumber": "wo-1", "title": "Café", "description": "a\nb", "trade": null,
            "projectNumber": null, "phase": null, "scheduledStart": "2025-11-03T11:00:00Z",
            "timeZone": "America/Chicago", "estimatedHours": 8,
            "assignments": [{"employeeNumber": "E-1", "hours": 4.5}], "notToExceed": "185000.00", "tags": [],
            "customFields": {"a": null}
        });
        let (record, defects) = create(&WORK_ORDER, sent);
        assert_eq!((record.to_string(), defects), (read.to_string(), vec![]));
    }

    #[test]
    fn each_defect_is_found_where_it_is() {
        for (sent, defect) in [
            (json!({"title": null}), "title required"),
            (json!({"title": ""}), "title too_short"),
            (json!({"workOrderNumber": null}), "workOrderNumber required"),
            (json!({"workOrderNumber": "#1"}), "workOrderNumber invalid_format"),
            (json!({"workOrderNumber": 12}), "workOrderNumber invalid_type"),
            (json!({"status": "done"}), "status invalid_value"),
            (json!({"operation": "destroy"}), "operation invalid_value"),
            (json!({"id": "proj_abc123"}), "id invalid_format"),
            (json!({"id": "wo_ab"}), "id invalid_format"),
            (json!({"ifVersion": 0}), "ifVersion out_of_range"),
            (json!({"requiredHeadcount": "5"}), "requiredHeadcount invalid_type"),
            (json!({"requiredHeadcount": ""}), "requiredHeadcount invalid_type"),
            (json!({"estimatedHours": 1.005}), "estimatedHours too_many_decimals"),
            (json!({"notToExceed": 5}), "notToExceed invalid_type"),
            (json!({"workDays": []}), "workDays too_few_items"),
            (json!({"workDays": ["mon", "tue", "mon"]}), "workDays[2] duplicate_item"),
            (json!({"workDays": "mon"}), "workDays invalid_type"),
            (json!({"tags": ["Crane", "crane"]}), "tags[1] duplicate_item"),
            (json!({"tags": [null]}), "tags[0] invalid_type"),
            (json!({"tags": vec!["x"; 21]}), "tags too_many_items"),
            (json!({"siteContact": {"name": "x", "email": "a\0@b.c"}}), "siteContact.email invalid_characters"),
            (json!({"siteAddress": []}), "siteAddress invalid_type"),
            (json!({"siteAddress": {"zip": "1"}}), "siteAddress.zip unknown_field"),
            (json!({"siteContact": {"email": "a@b.c"}}), "siteContact.name required"),
            (json!({"siteContact": {"name": null}}), "siteContact.name required"),
            (json!({"materials": [{"name": "x", "quantity": 0, "unit": "ea"}]}), "materials[0].quantity out_of_range"),
            (json!({"materials": [{"name": "x", "quantity": 1}]}), "materials[0].unit required"),
            (json!({"externalRef": {"system": "a b", "id": "1"}}), "externalRef.system invalid_format"),
            (json!({"customFields": {"SSN": "x"}}), "customFields.SSN forbidden_field"),
            (json!({"siteContact": {"name": "x", "date_of_birth": "x"}}), "siteContact.date_of_birth forbidden_field"),
            (json!({"x": [{"pass-word": 1}]}), "x[0].pass-word forbidden_field; x unknown_field"),
            (json!({"taxId": "12-3456789"}), "taxId forbidden_field"),
        ] {
            let mut expected: Vec<_> = defect.split("; ").collect();
            expected.sort_unstable();
            let found = defects_of(&sent);
            assert_eq!(found, expected, "{sent}");
        }
    }

    #[test]
    fn only_the_vendor_itself_has_a_tax_id() {
        let vendor = |more: Value| {
            let mut body = json!({"vendorNumber": "V-1", "name": "n", "vendorType": "other"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            create(&VENDOR, body).1
        };
        assert!(vendor(json!({"taxId": "12-3456789", "taxIdType": "ein"})).is_empty());
        assert_eq!(vendor(json!({"customFields": {"taxId": "1"}})), ["customFields.taxId forbidden_field"]);
        assert_eq!(vendor(json!({"contacts": [{"name": "x", "taxId": "1"}]})), ["contacts[0].taxId forbidden_field"]);
        assert_eq!(vendor(json!({"TAX_ID": "1"})), ["TAX_ID forbidden_field"]);
        assert_eq!(vendor(json!({"trades": ["Rigging", "rigging"]})), ["trades[1] duplicate_item"]);
    }

    #[test]
    fn a_record_is_found_by_key_or_by_id() {
        let defects = |body: Value| {
            let mut defects = Defects::default();
            let Value::Object(body) = body else { panic!("not an object") };
            parse_record(&EMPLOYEE, body, &mut defects);
            listed(defects)
        };
        assert!(defects(json!({"employeeNumber": "E-1"})).is_empty());
        assert!(defects(json!({"id": "emp_abc", "operation": "delete"})).is_empty());
        assert_eq!(defects(json!({"role": "x"})), ["employeeNumber required"]);
        assert_eq!(defects(json!({"id": null})), ["employeeNumber required"]);
        assert_eq!(defects(json!({"id": "emp_abc", "employeeNumber": null})), ["employeeNumber required"]);
        assert_eq!(defects(json!({"employeeNumber": "E-1", "lastName": "a:b"})), ["lastName invalid_characters"]);
    }

    #[test]
    fn what_can_not_be_deleted_says_so() {
        let body = json!({"requestNumber": "TO-1", "operation": "delete"});
        let Value::Object(body) = body else { panic!("not an object") };
        let mut defects = Defects::default();
        parse_record(&TIME_OFF, body, &mut defects);
        assert_eq!(listed(defects), ["operation invalid_value"]);
    }

    #[test]
    fn misspelt_fields_are_told_their_neighbours() {
        let message = |sent: Value| {
            let mut defects = Defects::default();
            let Value::Object(body) = sent else { panic!("not an object") };
            parse_record(&WORK_ORDER, body, &mut defects);
            defects.iter().find(|d| d.code == DefectCode::UnknownField).unwrap().message.clone()
        };
        for (sent, meant) in
            [("sheduledStart", "scheduledStart"), ("project_number", "projectNumber"), ("Tags", "tags")]
        {
            let expected = format!("is not a field of work orders; did you mean {meant}?");
            assert_eq!(message(json!({ sent: 1 })), expected);
        }
        let expected = "is not a field of work orders; put fields of your own in customFields";
        assert_eq!(message(json!({"colour": 1})), expected);
        let expected = "is not a field of materials; did you mean quantity?";
        assert_eq!(message(json!({"materials": [{"qantity": 1}]})), expected);
    }

    #[test]
    fn no_message_shows_what_was_received() {
        let secret = "hunter2-0xDEADBEEF";
        let mut defects = Defects::default();
        for field in WORK_ORDER.fields {
            for value in [json!(secret), json!([secret]), json!({"line1": {"x": secret}, "a": {"b": secret}})] {
                let mut body = Map::new();
                body.insert(field.name.to_owned(), value);
                parse_record(&WORK_ORDER, body, &mut defects);
            }
        }
        assert!(defects.len() > 50);
        assert!(defects.iter().all(|d| !d.message.contains("hunter2")));
    }

    #[test]
    fn the_data_of_every_example_is_what_its_table_says() {
        for name in crate::events::EventName::ALL {
            let data = crate::events::catalog_entry(name)["example"]["data"].clone();
            let mut defects = Defects::default();
            let read = parse_fields(name.event_type().fields, &data, "data", &mut defects);
            assert!(defects.is_empty(), "{name}: {defects:?}");
            let draft = crate::events::EventDraft::new(name, &Map::new(), read);
            assert_eq!(Value::Object(draft.data).to_string(), data.to_string(), "{name}");
        }
        let mut defects = Defects::default();
        parse_fields(&[], &json!([]), "data", &mut defects);
        parse_fields(&[], &json!({"x": 1, "ssn": 1}), "data", &mut defects);
        assert_eq!(listed(defects), ["data invalid_type", "data.ssn forbidden_field", "data.x unknown_field"]);
    }

    #[test]
    fn a_merge_can_make_too_many_custom_fields() {
        let fields: Map<_, _> = (0..51).map(|i| (format!("f{i}"), json!(1))).collect();
        let mut record = Map::new();
        record.insert("customFields".to_owned(), Value::Object(fields));
        assert_eq!(listed(check_merged(&WORK_ORDER, &record)), ["customFields too_many_items"]);
    }
}
