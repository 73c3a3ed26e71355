//! Fields that must never reach us, `docs/contract.md#forbidden-fields`: their names are told apart, their values are
//! never looked at.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};

/// Lower case, without punctuation.
const NAMES: &[&str] = &[
    "ssn",
    "socialsecurity",
    "socialsecuritynumber",
    "sin",
    "nationalid",
    "passportnumber",
    "driverslicensenumber",
    "dateofbirth",
    "birthdate",
    "dob",
    "gender",
    "race",
    "ethnicity",
    "religion",
    "bankaccount",
    "bankaccountnumber",
    "routingnumber",
    "iban",
    "creditcard",
    "creditcardnumber",
    "cardnumber",
    "cvv",
    "password",
    "apikey",
    "taxid",
    "ein",
    "tin",
];

/// Whether a field of this name is forbidden.
pub(super) fn is_forbidden(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.contains(&bare.as_str())
}

/// Reports every forbidden field in `object` and in what is nested in it. `allowed` is the one field of the object
/// itself that its table declares in spite of its name (`vendor.taxId`).
pub(super) fn report(object: &Map<String, Value>, path: &str, allowed: Option<&str>, defects: &mut Defects) {
    for (name, value) in object {
        let field = super::parse::join(path, name);
        if is_forbidden(name) && allowed != Some(name) {
            defects.push(field, DefectCode::ForbiddenField, "must not be sent: data of this kind is not accepted");
        } else {
            report_nested(value, &field, defects);
        }
    }
}

fn report_nested(value: &Value, path: &str, defects: &mut Defects) {
    match value {
        Value::Object(object) => report(object, path, None, defects),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate().filter(|(_, item)| item.is_object() || item.is_array()) {
                report_nested(item, &format!("{path}[{i}]"), defects);
            }
        }
        _ => {}
    }
}

/// Whether `text` has the form of a social security number, `NNN-NN-NNNN`.
pub(super) fn is_sensitive(text: &str) -> bool {
    let form = b"000-00-0000";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, like)| if *like == b'-' { byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_and_case_hide_nothing() {
        for name in ["ssn", "SSN", "s.s.n", "Social_Security-Number", "dateOfBirth", "API key", "taxID", "_iban_"] {
            assert!(is_forbidden(name), "{name}");
        }
        for name in ["taxIdType", "session", "passwordless", "brace", "business", "einbau"] {
            assert!(!is_forbidden(name), "{name}");
        }
    }

    #[test]
    fn only_whole_social_security_numbers_are_sensitive() {
        assert!(is_sensitive("123-45-6789"));
        for text in ["123-456-789", "123456789", "1234-45-6789", "12a-45-6789", "123-45-678٣"] {
            assert!(!is_sensitive(text), "{text}");
        }
    }
}
