//! The address rule: a street or both coordinates, and coordinates only in pairs.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::resource::Change;
use crate::rules::fields::{given, object, set_default};

/// Checks the address in `field`. Nested objects are replaced whole, so what is absent in it is missing.
pub fn check(record: &Map<String, Value>, field: &str, defects: &mut Defects) {
    let Some(address) = object(record, field) else { return };
    let (latitude, longitude) = (given(address, "latitude"), given(address, "longitude"));
    if latitude != longitude {
        let (sent, missing) = if latitude { ("latitude", "longitude") } else { ("longitude", "latitude") };
        defects.push(format!("{field}.{missing}"), DefectCode::MissingDependency, format!("is required with {sent}"));
    }
    let both = latitude && longitude;
    if !given(address, "line1") && !both {
        let message = "is required unless latitude and longitude are given";
        defects.push(format!("{field}.line1"), DefectCode::Required, message);
    }
}

/// Completes the address in `field` with the account's country.
pub fn settle_country(change: &mut Change<'_>, field: &str) {
    let country = change.account.country.as_str();
    if let Some(address) = change.record.get_mut(field).and_then(Value::as_object_mut) {
        set_default(address, "country", country);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_street_or_both_coordinates() {
        let fields = |address: Value| {
            let mut defects = Defects::default();
            check(json!({"siteAddress": address}).as_object().expect("an object"), "siteAddress", &mut defects);
            defects.iter().map(|d| (d.field.clone(), d.code)).collect::<Vec<_>>()
        };
        let street = ("siteAddress.line1".to_owned(), DefectCode::Required);
        let longitude = ("siteAddress.longitude".to_owned(), DefectCode::MissingDependency);
        assert_eq!(fields(json!({"city": "Austin"})), std::slice::from_ref(&street));
        assert_eq!(fields(json!({"latitude": 30.2, "longitude": -97.7})), []);
        assert_eq!(fields(json!({"latitude": 30.2})), [longitude.clone(), street]);
        assert_eq!(fields(json!({"line1": "1 Main St", "latitude": 30.2})), [longitude]);
        assert_eq!(fields(json!({"line1": "1 Main St"})), []);
    }
}
