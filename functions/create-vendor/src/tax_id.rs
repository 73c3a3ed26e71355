//! The tax id: its kind, and the form that the United States' kinds have.

use domain::defect::{DefectCode, Defects};
use domain::rules::fields::{Extent, needs, text};
use serde_json::{Map, Value};

/// Checks `taxId` against `taxIdType`. No message repeats any part of the id.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    needs(record, "taxId", "taxIdType", extent, defects);
    if let (Some(tax_id), Some(kind)) = (text(record, "taxId"), text(record, "taxIdType"))
        && let Some(message) = wrong_form(kind, tax_id)
    {
        defects.push("taxId", DefectCode::InvalidFormat, message);
    }
}

/// What is wrong with the form of `tax_id`, if anything. `vat` and `other` have no form of their own.
fn wrong_form(kind: &str, tax_id: &str) -> Option<&'static str> {
    let (groups, message): (&[usize], _) = match kind {
        "ein" => (&[2, 7], "must be 9 digits, NN-NNNNNNN or plain"),
        "ssn" | "itin" => (&[3, 2, 4], "must be 9 digits, NNN-NN-NNNN or plain"),
        _ => return None,
    };
    (!is_grouped(tax_id, groups) && !is_grouped(tax_id, &[9])).then_some(message)
}

/// Whether `text` is groups of as many digits, joined by hyphens.
fn is_grouped(text: &str, lengths: &[usize]) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == lengths.len()
        && groups
            .iter()
            .zip(lengths)
            .all(|(group, &length)| group.len() == length && group.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
