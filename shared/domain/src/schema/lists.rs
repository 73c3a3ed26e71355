//! Lists. A list of scalars is a set of words or names, compared without case: repeats and order mean nothing.

use std::collections::HashSet;

use serde_json::Value;

use super::Type;
use super::parse::{bad_value, expected, type_value};
use super::strings::normalise;
use crate::defect::{DefectCode, Defects};

/// Reads a list, with [`bad_value`] in the place of an item that is bad. Of a set, repeats are dropped before anything is
/// counted or checked: the first spelling and the order stay.
pub(super) fn read(
    min: usize,
    max: usize,
    item: &Type,
    value: &Value,
    path: &str,
    defects: &mut Defects,
) -> Option<Value> {
    let Value::Array(sent) = value else {
        return expected("a list", path, defects);
    };
    let mut seen = HashSet::new();
    let mut is_new = |value: &Value| match value {
        Value::String(text) if item.is_scalar() => seen.insert(compared(item, text)),
        _ => true,
    };
    let items: Vec<_> = sent.iter().enumerate().filter(|(_, value)| is_new(value)).collect();
    if items.len() > max {
        defects.push(path, DefectCode::TooManyItems, format!("must have at most {max} items"));
        return None;
    }
    if items.len() < min {
        let items = if min == 1 { "item" } else { "items" };
        defects.push(path, DefectCode::TooFewItems, format!("must have at least {min} {items}"));
        return None;
    }
    let mut read = |i: usize, value: &Value| type_value(item, value, &format!("{path}[{i}]"), defects);
    // What is bad keeps its place, so that rules about what comes after it name the right one.
    Some(items.into_iter().map(|(i, value)| read(i, value).unwrap_or_else(bad_value)).collect())
}

/// Whether `kind` is a set and both lists have the same items, in whatever order and case.
pub(crate) fn same_set(kind: &Type, a: &[Value], b: &[Value]) -> bool {
    let Type::List { item, .. } = kind else { return false };
    let words =
        |list: &[Value]| list.iter().map(|v| v.as_str().map(|text| compared(item, text))).collect::<HashSet<_>>();
    item.is_scalar() && words(a) == words(b)
}

/// What items of a set are compared by: ids as they are, since case tells them apart; everything else without case.
fn compared(item: &Type, text: &str) -> String {
    let text = normalise(text);
    if matches!(item, Type::Id(_)) { text } else { text.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::declare::{list, string};
    use super::*;

    fn reading(kind: &Type, sent: &Value) -> (Option<Value>, Vec<String>) {
        let mut defects = Defects::default();
        let read = type_value(kind, sent, "l", &mut defects);
        (read, defects.iter().map(|d| format!("{} {:?}", d.field, d.code)).collect())
    }

    #[test]
    fn repeats_are_dropped_before_items_are_counted_and_checked() {
        const WORDS: Type = list(2, &string(5));
        for (sent, kept) in [
            (json!(["b", "a"]), json!(["b", "a"])),
            (json!(["Rig", " rig ", "RIG", "a"]), json!(["Rig", "a"])),
            (json!(["Cafe\u{301}", "CAFÉ"]), json!(["Café"])),
            (json!(vec!["x"; 50]), json!(["x"])),
            (json!([]), json!([])),
        ] {
            assert_eq!(reading(&WORDS, &sent), (Some(kept), vec![]), "{sent}");
        }
        for (sent, defect) in [
            (json!(["a", "b", "A", "c"]), "l TooManyItems"),
            (json!(["a", "toolong", "TOOLONG"]), "l[1] TooLong"),
            (json!(["a", "A", ""]), "l[2] TooShort"),
            (json!(["a", null]), "l[1] InvalidType"),
        ] {
            assert_eq!(reading(&WORDS, &sent).1, [defect], "{sent}");
        }
        let days = list(7, &Type::Enum(&["mon", "tue"]));
        assert_eq!(reading(&days, &json!(["mon", "MON", "tue", "mon"])), (Some(json!(["mon", "tue"])), vec![]));
        assert_eq!(reading(&days, &json!(["MON", "mon"])).1, ["l[0] InvalidValue"]);
    }

    #[test]
    fn ids_differ_by_case_and_objects_are_no_set() {
        const IDS: Type = list(9, &Type::Id("emp_"));
        let two = json!(["emp_abc", "emp_ABC", "emp_abc"]);
        assert_eq!(reading(&IDS, &two).0, Some(json!(["emp_abc", "emp_ABC"])));
        let objects = list(9, &Type::Object(&[]));
        assert_eq!(reading(&objects, &json!([{}, {}])).0, Some(json!([{}, {}])));
    }

    #[test]
    fn sets_are_the_same_in_any_order_and_case() {
        const WORDS: Type = list(9, &string(9));
        let same = |kind: Type, a: &Value, b: &Value| same_set(&kind, a.as_array().unwrap(), b.as_array().unwrap());
        assert!(same(WORDS, &json!(["A", "b"]), &json!(["B", "a"])));
        assert!(same(WORDS, &json!([]), &json!([])));
        assert!(!same(WORDS, &json!(["a"]), &json!(["a", "b"])));
        assert!(!same(list(9, &Type::Object(&[])), &json!([{}]), &json!([{}])));
    }
}
