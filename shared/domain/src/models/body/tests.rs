mod values;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use crate::models::{EMPLOYEE, Kind, TIME_OFF, VENDOR, WORK_ORDER};
use crate::schema::{Field, parse_fields};

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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
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
    let line =
        |d: crate::defect::Defect| format!("{} {}", d.field, serde_json::to_value(d.code).unwrap().as_str().unwrap());
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
        let texts = crate::schema::without_texts;
        let (ours, theirs) = (texts(json_schema(kind.model())), texts(read(&file)));
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
fn each_defect_is_found_where_it_is() {
    for (sent, defect) in [
        (json!({"title": null}), "title required"),
        (json!({"title": " "}), "title required"),
        (json!({"workOrderNumber": null}), "workOrderNumber required"),
        (json!({"workOrderNumber": "#1"}), "workOrderNumber invalid_format"),
        (json!({"workOrderNumber": 12}), "workOrderNumber invalid_type"),
        (json!({"status": "done"}), "status invalid_value"),
        (json!({"operation": "destroy"}), "operation invalid_value"),
        (json!({"id": "proj_abc123"}), "id invalid_format"),
        (json!({"id": "wo_ab"}), "id invalid_format"),
        (json!({"ifVersion": 0}), "ifVersion out_of_range"),
        (json!({"requiredHeadcount": "5"}), "requiredHeadcount invalid_type"),
        (json!({"estimatedHours": 1.005}), "estimatedHours too_many_decimals"),
        (json!({"notToExceed": 5}), "notToExceed invalid_type"),
        (json!({"workDays": ["mon", "tue", "MON", "sunday"]}), "workDays[3] invalid_value"),
        (json!({"workDays": "mon"}), "workDays invalid_type"),
        (json!({"tags": [null]}), "tags[0] invalid_type"),
        (json!({"tags": (0..21).map(|i| i.to_string()).collect::<Vec<_>>()}), "tags too_many_items"),
        (json!({"siteContact": {"name": "x", "email": "a\0@b.c"}}), "siteContact.email invalid_characters"),
        (json!({"siteAddress": []}), "siteAddress invalid_type"),
        (json!({"siteAddress": {"zip": "1"}}), "siteAddress.zip unknown_field"),
        (json!({"siteContact": {"email": "a@b.c"}}), "siteContact.name required"),
        (json!({"siteContact": {"name": null}}), "siteContact.name required"),
        (json!({"siteContact": {"name": ""}}), "siteContact.name required"),
        (json!({"materials": [{"name": "x", "quantity": "", "unit": "ea"}]}), "materials[0].quantity required"),
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
fn delete_is_refused_for_resources_that_can_not_be_deleted() {
    let body = json!({"requestNumber": "TO-1", "operation": "delete"});
    let Value::Object(body) = body else { panic!("not an object") };
    let mut defects = Defects::default();
    parse_record(&TIME_OFF, body, &mut defects);
    assert_eq!(listed(defects), ["operation invalid_value"]);
}

#[test]
fn misspelt_field_names_get_a_suggestion() {
    let message = |sent: Value| {
        let mut defects = Defects::default();
        let Value::Object(body) = sent else { panic!("not an object") };
        parse_record(&WORK_ORDER, body, &mut defects);
        defects.iter().find(|d| d.code == DefectCode::UnknownField).unwrap().message.clone()
    };
    for (sent, meant) in [("sheduledStart", "scheduledStart"), ("project_number", "projectNumber"), ("Tags", "tags")] {
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
fn merged_custom_fields_are_limited_too() {
    let fields: Map<_, _> = (0..51).map(|i| (format!("f{i}"), json!(1))).collect();
    let mut record = Map::new();
    record.insert("customFields".to_owned(), Value::Object(fields));
    assert_eq!(listed(check_merged(&WORK_ORDER, &record)), ["customFields too_many_items"]);
}
