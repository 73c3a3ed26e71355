//! Bodies that create or change something, read by tables of fields as records are, so that limits and messages are the
//! same.

use domain::defect::{DefectCode, Defects};
use domain::json;
use domain::schema::{Field, Presence, parse_fields};
use lambda_http::Request;
use serde_json::{Map, Value};

use crate::http;
use crate::problem::Problem;

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Creates something: the fields that a new one needs are required.
    New,
    /// Changes something: absent fields stay as they are.
    Change,
}

/// The JSON object that `request` carries.
///
/// # Errors
/// 400, 413 or 415.
pub fn object(request: &Request) -> Result<Map<String, Value>, Problem> {
    Ok(json::parse_object_with_filter(http::json_body(request)?)?)
}

/// As [`object`], for a call with defaults for every field: an absent body is an empty object.
///
/// # Errors
/// 400, 413 or 415.
pub fn optional_object(request: &Request) -> Result<Map<String, Value>, Problem> {
    if http::body(request).is_empty() { Ok(Map::new()) } else { object(request) }
}

/// Reads `body` by `fields`. The result has the fields that were sent, normalised, and null where an optional field is
/// to be cleared. Use it only when no defect was found.
pub fn read(fields: &[Field], body: Map<String, Value>, form: Form, defects: &mut Defects) -> Map<String, Value> {
    let body = Value::Object(body);
    let mut read = parse_fields(fields, &body, "", defects);
    for field in fields {
        let sent = body.get(field.name).is_some();
        if sent && field.presence == Presence::Optional && !read.contains_key(field.name) {
            read.insert(field.name.to_owned(), Value::Null);
        }
        if !sent && field.presence == Presence::OnCreate && form == Form::New {
            defects.push(field.name, DefectCode::Required, "is required");
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use domain::schema::Class::Operational;
    use domain::schema::declare::{on_create, optional, string};
    use serde_json::json;

    use super::*;

    const FIELDS: [Field; 2] =
        [on_create("name", string(5), Operational, ""), optional("note", string(5), Operational, "")];

    fn reading(body: &Value, form: Form) -> (Value, Vec<String>) {
        let mut defects = Defects::default();
        let read = read(&FIELDS, body.as_object().unwrap().clone(), form, &mut defects);
        (Value::Object(read), defects.iter().map(|defect| format!("{} {:?}", defect.field, defect.code)).collect())
    }

    #[test]
    fn a_new_thing_needs_its_fields_and_a_change_none() {
        assert_eq!(reading(&json!({}), Form::New).1, ["name Required"]);
        assert_eq!(reading(&json!({}), Form::Change), (json!({}), vec![]));
        assert_eq!(reading(&json!({"name": null}), Form::New).1, ["name Required"]);
        assert_eq!(reading(&json!({"name": null}), Form::Change).1, ["name Required"]);
        assert_eq!(reading(&json!({"name": " a "}), Form::New), (json!({"name": "a"}), vec![]));
    }

    #[test]
    fn null_and_nothing_clear_what_is_optional() {
        for nothing in [json!(null), json!(""), json!("  ")] {
            assert_eq!(reading(&json!({"note": nothing}), Form::Change), (json!({"note": null}), vec![]));
        }
    }

    #[test]
    fn unknown_fields_are_told_which_there_are() {
        let mut defects = Defects::default();
        let body = json!({"nmae": "a", "password": "x"});
        read(&FIELDS, body.as_object().unwrap().clone(), Form::Change, &mut defects);
        let all = defects.into_sorted();
        assert_eq!(all[0].message, "is not a field of this body; did you mean name?");
        assert_eq!((all[1].field.as_str(), all[1].code), ("password", DefectCode::ForbiddenField));
    }
}
