//! Reading a record's fields, and the rules about two fields of one object: their order, and which needs the other.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::models::is_field;

/// How much of a record the rules see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A body alone: an absent field may be stored, and only an explicit null is certain to be missing.
    Part,
    /// A new record, or a stored one with a body merged over it: an absent field is missing.
    Whole,
}

/// What an object says of one of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sent<T> {
    /// Nothing. In a body: the field stays as it is.
    #[default]
    Absent,
    /// Null. In a body: the field is cleared.
    Cleared,
    /// A value, valid or not.
    Value(T),
}

impl<'a> Sent<&'a Value> {
    /// What `record` says of `field`.
    #[must_use]
    #[track_caller]
    pub fn of(record: &'a Map<String, Value>, field: &str) -> Self {
        known(field);
        record.get(field).into()
    }
}

impl<'a> From<Option<&'a Value>> for Sent<&'a Value> {
    fn from(member: Option<&'a Value>) -> Self {
        match member {
            None => Self::Absent,
            Some(Value::Null) => Self::Cleared,
            Some(value) => Self::Value(value),
        }
    }
}

impl<T> Sent<T> {
    /// The value, if there is one.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Cleared => None,
        }
    }

    /// What `read` makes of the value. One that it can't read counts as null.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Sent<U> {
        match self {
            Self::Absent => Sent::Absent,
            Self::Cleared => Sent::Cleared,
            Self::Value(value) => read(value).map_or(Sent::Cleared, Sent::Value),
        }
    }

    /// What the field is afterwards, where it was `stored`.
    #[must_use]
    pub fn over(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Absent => stored,
            Self::Cleared => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Whether the field is present, as a value or as null.
    #[must_use]
    pub const fn is_mentioned(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// Every rule reads and writes fields by the functions of this module or of [`Change`](crate::resource::Change): a name
/// that no model has fails the first test that reaches it. Release builds don't check.
#[track_caller]
pub(crate) fn known(field: &str) {
    debug_assert!(is_field(field), "no model has a field {field}");
}

/// The value of a field; `None` when it is absent or null.
#[must_use]
#[track_caller]
pub fn value<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    Sent::of(record, field).value()
}

/// A string field; `None` when it is absent, null or no string.
#[must_use]
#[track_caller]
pub fn text<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    value(record, field).and_then(Value::as_str)
}

/// A field that is an object; `None` when it is absent, null or something else.
#[must_use]
#[track_caller]
pub fn object<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a Map<String, Value>> {
    value(record, field).and_then(Value::as_object)
}

/// The objects of a list, with their places in it.
#[track_caller]
pub fn items<'a>(record: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> {
    let list = value(record, field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().enumerate().filter_map(|(index, item)| item.as_object().map(|object| (index, object)))
}

/// Like [`items`], with the objects mutable.
#[track_caller]
pub fn items_mut<'a>(
    record: &'a mut Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = (usize, &'a mut Map<String, Value>)> {
    known(field);
    let list = record.get_mut(field).and_then(Value::as_array_mut).map_or(&mut [][..], Vec::as_mut_slice);
    list.iter_mut().enumerate().filter_map(|(index, item)| item.as_object_mut().map(|object| (index, object)))
}

/// Sets a field of an object.
#[track_caller]
pub fn set(object: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    known(field);
    object.insert(field.to_owned(), value.into());
}

/// Sets a field of an object unless the object has it.
#[track_caller]
pub fn set_default(object: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    if !Sent::of(object, field).is_mentioned() {
        set(object, field, value);
    }
}

/// Whether `field` has a value, valid or not.
#[must_use]
#[track_caller]
pub fn given(record: &Map<String, Value>, field: &str) -> bool {
    value(record, field).is_some()
}

/// Whether `field` is certain to be missing: null says so, absence only in a whole record.
#[must_use]
#[track_caller]
pub fn missing(record: &Map<String, Value>, field: &str, extent: Extent) -> bool {
    match Sent::of(record, field) {
        Sent::Absent => extent == Extent::Whole,
        Sent::Cleared => true,
        Sent::Value(_) => false,
    }
}

/// `field` needs `partner`: `missing_dependency` on the partner when it is certain to be missing.
pub fn needs(record: &Map<String, Value>, field: &str, partner: &str, extent: Extent, defects: &mut Defects) {
    if given(record, field) && missing(record, partner, extent) {
        defects.push(partner, DefectCode::MissingDependency, format!("is required with {field}"));
    }
}

/// Requires both fields or neither: `missing_dependency` on the one that is certain to be missing.
pub fn together(record: &Map<String, Value>, pair: [&str; 2], extent: Extent, defects: &mut Defects) {
    let [one, other] = pair;
    needs(record, one, other, extent, defects);
    needs(record, other, one, extent, defects);
}

/// Whether an end may equal its start. Days may; instants may only where they record what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The end is later.
    After,
    /// The end is not earlier.
    NotBefore,
}

/// Reports `date_order` on `end` when `order` does not hold. `at` is the path of `record` with its dot, empty for the
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
        let pair = |extent: Extent| {
            move |r: &Map<String, Value>, d: &mut Defects| together(r, ["dailyStartTime", "dailyEndTime"], extent, d)
        };
        let missing = |field: &str| vec![(field.to_owned(), DefectCode::MissingDependency)];
        assert_eq!(found(pair(Extent::Whole), &json!({"dailyStartTime": 1})), missing("dailyEndTime"));
        assert_eq!(found(pair(Extent::Whole), &json!({"dailyEndTime": 1})), missing("dailyStartTime"));
        assert_eq!(found(pair(Extent::Part), &json!({"dailyStartTime": 1})), []);
        assert_eq!(
            found(pair(Extent::Part), &json!({"dailyStartTime": 1, "dailyEndTime": null})),
            missing("dailyEndTime")
        );
        assert_eq!(found(pair(Extent::Whole), &json!({"dailyStartTime": 1, "dailyEndTime": 2})), []);
        assert_eq!(found(pair(Extent::Whole), &json!({"dailyStartTime": null})), []);
    }

    #[test]
    fn equal_days_are_in_order_and_equal_instants_are_not() {
        let ends = |order: Order| {
            move |r: &Map<String, Value>, d: &mut Defects| date_order(r, "x.", ["startDate", "endDate"], order, d)
        };
        let wrong = vec![("x.endDate".to_owned(), DefectCode::DateOrder)];
        let day = |end: &str| json!({"startDate": "2025-06-02", "endDate": end});
        assert_eq!(found(ends(Order::NotBefore), &day("2025-06-02")), []);
        assert_eq!(found(ends(Order::After), &day("2025-06-02")), wrong);
        assert_eq!(found(ends(Order::NotBefore), &day("2025-06-01")), wrong);
        assert_eq!(found(ends(Order::After), &day("2025-06-03")), []);
    }

    #[test]
    #[should_panic(expected = "no model has a field actualEndDatum")]
    fn reading_a_field_that_no_model_has_panics() {
        let _ = given(&Map::new(), "actualEndDatum");
    }
}
