//! A vendor's tax id (class `Secret`): sealed in an item of its own, absent from everything else.

use domain::rules::fields::Sent;
use store::records::{RecordKey, SealedTaxId};

use super::lookup::Loaded;
use super::request::Run;
use crate::problem::{Problem, ProblemCode};

/// The tax id to be stored with this request, or `None` when it was not sent or is the one that is stored.
pub(super) async fn sealed(
    run: &Run<'_>,
    vendor_id: &str,
    loaded: &mut Loaded,
) -> Result<Option<SealedTaxId>, Problem> {
    let account = run.account();
    let value = match &run.parsed.tax_id {
        Sent::Absent => return Ok(None),
        Sent::Cleared => "",
        Sent::Value(value) => value.as_str().unwrap_or_default(),
    };
    let Some(sealer) = &run.parts.sealer else {
        return Err(Problem::new(
            ProblemCode::InternalError,
            "Tax ids can't be stored by this function. Report the requestId.",
        ));
    };
    let context = format!("{account}#{vendor_id}#taxId");
    let fingerprint = sealer.fingerprint(value.as_bytes(), &context).await?;
    loaded.read(&run.parts.records, account, [RecordKey::TaxId(vendor_id.to_owned())]).await?;
    match loaded.tax_id(vendor_id) {
        Some(stored) if stored.fingerprint == fingerprint => return Ok(None),
        None if value.is_empty() => return Ok(None),
        _ => {}
    }
    // A dry run stores nothing, and needs to know only that it is another one.
    let envelope = if run.is_dry { String::new() } else { sealer.seal(value.as_bytes(), &context).await? };
    Ok(Some(SealedTaxId { sealed: envelope, fingerprint, last4: last4(value) }))
}

/// The last four letters and digits, or fewer: never more than half of a short one.
fn last4(value: &str) -> String {
    let all: Vec<char> = value.chars().filter(char::is_ascii_alphanumeric).collect();
    all[all.len() - 4.min(all.len() / 2)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_half_of_a_tax_id_is_shown() {
        assert_eq!(last4("12-3456789"), "6789");
        assert_eq!(last4("A123"), "23");
        assert_eq!(last4(""), "");
    }
}
