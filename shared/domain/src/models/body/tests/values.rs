//! How single values are read, whatever the resource.

use serde_json::{Value, json};

use super::*;

#[test]
fn values_are_normalised() {
    let sent = json!({
        "title": "  Cafe\u{301} ", "workOrderNumber": " wo-1 ", "phase": "  ", "projectNumber": null, "trade": "",
        "scheduledStart": "2025-11-03T05:00:00-06:00", "estimatedHours": 8.0, "notToExceed": "185000.0000",
        "assignments": [{"employeeNumber": "E-1", "crew": "", "lead": null, "hours": 4.50, "headcount": ""}],
        "tags": [], "workDays": ["tue", "Tue", "mon"], "description": "a\r\nb\rc", "siteAddress": {"latitude": 1.000_000_01}, "timeZone": "america/chicago", "ifVersion": 1, "customFields": {"a": null}
    });
    let read = json!({
        "ifVersion": 1, "workOrderNumber": "wo-1", "title": "Café", "description": "a\nb\nc", "trade": null,
        "projectNumber": null, "phase": null, "scheduledStart": "2025-11-03T11:00:00Z",
        "timeZone": "America/Chicago", "workDays": ["tue", "mon"], "estimatedHours": 8,
        "siteAddress": {"latitude": 1}, "assignments": [{"employeeNumber": "E-1", "hours": 4.5}], "notToExceed": "185000.00", "tags": null,
        "customFields": {"a": null}
    });
    let (record, defects) = create(&WORK_ORDER, sent);
    assert_eq!((record.to_string(), defects), (read.to_string(), vec![]));
}

/// Every optional field of `fields`, and what is nested in it, says the same with `""` as with null.
fn nothing_is_null(fields: &'static [Field], read: &dyn Fn(Value) -> (Value, Vec<String>)) {
    let sent = |nothing: &Value| -> Value {
        fields.iter().filter(|f| f.presence.nullable()).map(|f| (f.name.to_owned(), nothing.clone())).collect()
    };
    let nulls = read(sent(&Value::Null));
    for nothing in [json!(""), json!(" \u{a0}\r\n")] {
        assert_eq!(read(sent(&nothing)), nulls);
    }
    for field in fields {
        match field.kind {
            Type::Object(inner) => nothing_is_null(inner, &|value| read(json!({ field.name: value }))),
            Type::List { item: Type::Object(inner), .. } => {
                nothing_is_null(inner, &|value| read(json!({ field.name: [value] })));
            }
            _ => {}
        }
    }
}

#[test]
fn an_empty_string_is_null_in_an_optional_field_of_any_type() {
    for kind in Kind::ALL {
        let model = kind.model();
        nothing_is_null(model.fields, &|body| create(model, body));
        let empty_lists = model.fields.iter().filter(|f| matches!(f.kind, Type::List { .. }));
        let (record, _) = create(model, empty_lists.map(|f| (f.name.to_owned(), json!([]))).collect());
        assert!(record.as_object().unwrap().values().all(Value::is_null), "{record}");
        for field in model.fields.iter().filter(|f| !f.presence.nullable()) {
            let (_, defects) = create(model, json!({ field.name: "" }));
            assert_eq!(
                defects.iter().filter(|d| d.starts_with(field.name)).collect::<Vec<_>>(),
                [&format!("{} required", field.name)]
            );
        }
    }
}

#[test]
fn days_of_people_and_papers_are_from_1900_on() {
    let old = ["hireDate", "terminationDate", "issuedOn", "effectiveOn", "expiresOn", "w9ReceivedOn"];
    let found = |fields: &'static [Field]| {
        fields.iter().filter(|f| matches!(f.kind, Type::HistoricDate)).map(|f| f.name).collect::<Vec<_>>()
    };
    let mut all = std::collections::BTreeSet::new();
    for fields in Kind::ALL.map(|kind| kind.model().fields) {
        all.extend(found(fields));
        for field in fields {
            let nested = match field.kind {
                Type::List { item, .. } => *item,
                kind => kind,
            };
            if let Type::Object(inner) = nested {
                all.extend(found(inner));
                assert!(
                    inner.iter().all(|f| !matches!(f.kind, Type::Date) || !old.contains(&f.name)),
                    "{}",
                    field.name
                );
            }
        }
    }
    assert_eq!(all, old.into());
}

#[test]
fn numbers_are_judged_by_their_digits() {
    let zeros = "0".repeat(100_000);
    for (field, number, code) in [
        ("estimatedHours", format!("0.{zeros}1"), "too_many_decimals"),
        ("estimatedHours", "1e-400".to_owned(), "too_many_decimals"),
        ("estimatedHours", "-1e-400".to_owned(), "out_of_range"),
        ("estimatedHours", "812.50000000000000000001".to_owned(), "too_many_decimals"),
        ("estimatedHours", "100000.000000000000000001".to_owned(), "out_of_range"),
        ("estimatedHours", "1e400".to_owned(), "too_large"),
        ("requiredHeadcount", "5.00000000000000000001".to_owned(), "invalid_type"),
        ("requiredHeadcount", "1e400".to_owned(), "out_of_range"),
        ("ifVersion", format!("1{zeros}"), "out_of_range"),
    ] {
        let body = format!(r#"{{"workOrderNumber":"WO-1","title":"t","{field}":{number}}}"#);
        let body = crate::json::parse_object(body.as_bytes()).unwrap();
        assert_eq!(
            create(&WORK_ORDER, Value::Object(body)).1,
            [format!("{field} {code}")],
            "{}",
            &number[..number.len().min(30)]
        );
    }
    for (nested, field, code) in [
        (
            r#""siteAddress":{"line1":"x","longitude":5,"latitude":90.00000000000000000001}"#,
            "siteAddress.latitude",
            "out_of_range",
        ),
        (r#""customFields":{"a":1e-400}"#, "customFields.a", "too_many_decimals"),
        (r#""customFields":{"a":-1e400}"#, "customFields.a", "out_of_range"),
        (r#""assignments":[{"hours":1e-400}]"#, "assignments[0].hours", "too_many_decimals"),
    ] {
        let body =
            crate::json::parse_object(format!(r#"{{"workOrderNumber":"WO-1","title":"t",{nested}}}"#).as_bytes());
        assert_eq!(create(&WORK_ORDER, Value::Object(body.unwrap())).1, [format!("{field} {code}")], "{nested}");
    }
}
