//! Values by their path, as the API writes paths: `siteAddress.city`, `materials[0].quantity`.

use serde_json::{Map, Value};

/// The longest list that a path can make.
const MOST_ITEMS: usize = 500;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// Reads a path.
pub(crate) fn read(path: &str) -> Result<Vec<Step>, String> {
    let wrong = || format!("{path} is no path, such as data.title or materials[0].quantity");
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return Err(wrong());
        }
        steps.push(Step::Name(name.to_owned()));
        let mut rest = indexes;
        while !rest.is_empty() {
            let (index, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(wrong)?;
            let index = index.parse().ok().filter(|index| *index < MOST_ITEMS).ok_or_else(wrong)?;
            steps.push(Step::Index(index));
            rest = after;
        }
    }
    Ok(steps)
}

/// Puts a value where the path leads, and makes the objects and lists on the way. What stands there and is neither is
/// replaced.
pub(crate) fn set(place: &mut Value, path: &[Step], value: Value) {
    match path {
        [] => *place = value,
        [Step::Name(name), rest @ ..] => {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            if let Some(object) = place.as_object_mut() {
                set(object.entry(name).or_insert(Value::Null), rest, value);
            }
        }
        [Step::Index(index), rest @ ..] => {
            if !place.is_array() {
                *place = Value::Array(Vec::new());
            }
            if let Some(list) = place.as_array_mut() {
                if list.len() <= *index {
                    list.resize(*index + 1, Value::Null);
                }
                set(&mut list[*index], rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_goes_where_its_path_leads() {
        let mut data = json!({ "title": "Old", "tags": ["a"] });
        for (path, value) in [
            ("title", json!("New")),
            ("siteAddress.city", json!("Austin")),
            ("materials[1].quantity", json!(2)),
            ("tags.x", json!(1)),
        ] {
            set(&mut data, &read(path).unwrap(), value);
        }
        let expected = json!({ "title": "New", "tags": {"x": 1}, "siteAddress": {"city": "Austin"}, "materials": [null, {"quantity": 2}] });
        assert_eq!(data, expected);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", ".", "a.", ".a", "[0]", "a[", "a[x]", "a[0", "a[0]b", "a[500]", "a[-1]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
