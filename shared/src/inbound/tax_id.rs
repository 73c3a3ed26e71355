//! A vendor's tax id (class P3): sealed in an item of its own, absent from everything else (contract section 2.11).

use super::Inbound;
use super::control::Parsed;
use super::lookup::Knowledge;
use crate::problem::{Problem, ProblemCode};
use crate::store::records::{RecordKey, SealedTaxId};

/// The tax id to be stored with this request, or `None` when it was not sent or is the one that is stored.
pub(super) async fn sealed(
    inbound: &Inbound,
    account: &str,
    vendor_id: &str,
    parsed: &Parsed,
    knowledge: &mut Knowledge,
) -> Result<Option<SealedTaxId>, Problem> {
    let Some(sent) = &parsed.tax_id else { return Ok(None) };
    let value = sent.clone().unwrap_or_default();
    let Some(sealer) = &inbound.sealer else {
        return Err(Problem::new(ProblemCode::InternalError, "Tax ids can't be stored here."));
    };
    let context = format!("{account}#{vendor_id}#taxId");
    let fingerprint = sealer.fingerprint(value.as_bytes(), &context).await?;
    knowledge.read(&inbound.records, account, [RecordKey::TaxId(vendor_id.to_owned())]).await?;
    match knowledge.tax_id(vendor_id) {
        Some(stored) if stored.fingerprint == fingerprint => return Ok(None),
        None if value.is_empty() => return Ok(None),
        _ => {}
    }
    let last4 = value.chars().rev().filter(char::is_ascii_alphanumeric).take(4).collect::<Vec<_>>();
    let last4 = last4.into_iter().rev().collect();
    Ok(Some(SealedTaxId { sealed: sealer.seal(value.as_bytes(), &context).await?, fingerprint, last4 }))
}
