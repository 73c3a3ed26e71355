//! Reading a record's fields, and the rules about two fields of one object: their order, and which needs the other.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};

/// A string field; `None` when it is absent, null or no string.
#[must_use]
pub fn text<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}

/// The objects of a list, with their places in it.
pub fn items<'a>(record: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> {
    let list = record.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().enumerate().filter_map(|(index, item)| item.as_object().map(|object| (index, object)))
}

/// Whether `field` has a value, be it a bad one.
#[must_use]
pub fn given(record: &Map<String, Value>, field: &str) -> bool {
    record.get(field).is_some_and(|value| !value.is_null())
}

/// Whether `field` is certain to be missing: null says so, absence only when `record` is `whole`.
#[must_use]
pub fn missing(record: &Map<String, Value>, field: &str, whole: bool) -> bool {
    record.get(field).map_or(whole, Value::is_null)
}

/// `field` needs `partner`: `missing_dependency` on the partner when it is certain to be missing.
pub fn needs(record: &Map<String, Value>, field: &str, partner: &str, whole: bool, defects: &mut Defects) {
    if given(record, field) && missing(record, partner, whole) {
        defects.push(partner, DefectCode::MissingDependency, format!("is required with {field}"));
    }
}

/// Two fields that are there together or not at all.
pub fn together(record: &Map<String, Value>, pair: [&str; 2], whole: bool, defects: &mut Defects) {
    let [one, other] = pair;
    needs(record, one, other, whole, defects);
    needs(record, other, one, whole, defects);
}

/// Whether an end may be equal to its start. Equal days are allowed; of instants, only those of what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The end is later.
    After,
    /// The end is not earlier.
    NotBefore,
}

/// `date_order` on `end` when it is against `order`. `at` is the path of `record` with its dot, empty for the
/// body. Normalised dates and instants are of fixed width: they compare as strings.
pub fn date_order(record: &Map<String, Value>, at: &str, [start, end]: [&str; 2], order: Order, defects: &mut Defects) {
    let (Some(from), Some(to)) = (text(record, start), text(record, end)) else { return };
    let message = match order {
        Order::After if to <= from => format!("must be after {start}"),
        Order::NotBefore if to < from => format!("must not be before {start}"),
        Order::After | Order::NotBefore => return,
    };
    defects.push(format!("{at}{end}"), DefectCode::DateOrder, message);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(check: impl Fn(&Map<String, Value>, &mut Defects), record: &Value) -> Vec<(String, DefectCode)> {
        let mut defects = Defects::default();
        check(record.as_object().expect("an object"), &mut defects);
        defects.iter().map(|defect| (defect.field.clone(), defect.code)).collect()
    }

    #[test]
    fn a_partner_is_missing_when_null_or_when_the_record_is_whole() {
        let pair = |whole: bool| move |r: &Map<String, Value>, d: &mut Defects| together(r, ["a", "b"], whole, d);
        let missing = |field: &str| vec![(field.to_owned(), DefectCode::MissingDependency)];
        assert_eq!(found(pair(true), &json!({"a": 1})), missing("b"));
        assert_eq!(found(pair(true), &json!({"b": 1})), missing("a"));
        assert_eq!(found(pair(false), &json!({"a": 1})), []);
        assert_eq!(found(pair(false), &json!({"a": 1, "b": null})), missing("b"));
        assert_eq!(found(pair(true), &json!({"a": 1, "b": 2})), []);
        assert_eq!(found(pair(true), &json!({"a": null})), []);
    }

    #[test]
    fn equal_days_are_in_order_and_equal_instants_are_not() {
        let ends =
            |order: Order| move |r: &Map<String, Value>, d: &mut Defects| date_order(r, "x.", ["s", "e"], order, d);
        let wrong = vec![("x.e".to_owned(), DefectCode::DateOrder)];
        let day = |end: &str| json!({"s": "2025-06-02", "e": end});
        assert_eq!(found(ends(Order::NotBefore), &day("2025-06-02")), []);
        assert_eq!(found(ends(Order::After), &day("2025-06-02")), wrong);
        assert_eq!(found(ends(Order::NotBefore), &day("2025-06-01")), wrong);
        assert_eq!(found(ends(Order::After), &day("2025-06-03")), []);
    }
}
