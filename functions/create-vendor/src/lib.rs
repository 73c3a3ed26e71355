//! `POST /api/webhook/vendor`: the rules and events of vendors.
//!
//! `taxId` is checked here and otherwise unknown: the pipeline takes it out of the record and seals it separately before
//! the rest of this code sees the record.

use domain::defect::Defects;
use domain::events::{EventDraft, EventName, changed_fields};
use domain::models::{Model, VENDOR, VendorStatus};
use domain::references::Reference;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Change, Deletion, Resource};
use domain::rules::currency;
use domain::rules::currency::Money;
use domain::rules::fields::Extent;
use domain::rules::{address, fields};
use serde_json::{Map, Value};

mod expiry;
mod rules;
mod tax_id;
#[cfg(test)]
mod testing;

/// Suppliers, subcontractors and rental houses.
#[derive(Debug, Clone, Copy)]
pub struct Vendor;

/// Where a vendor holds money.
const MONEY: [Money; 3] =
    [Money::Field("hourlyBillRate"), Money::Items("insurance", "limit"), Money::Items("insurance", "aggregateLimit")];

impl Resource for Vendor {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &VENDOR;

    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
        rules::check(record, extent, defects);
    }

    fn references(_record: &Map<String, Value>) -> Vec<Reference> {
        Vec::new()
    }

    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        settle_defaults(change);
        currency::check_unchanged(change, &MONEY)?;
        expiry::warn(change);
        Ok(())
    }

    /// A change of the tax id alone raises nothing, since no event may mention it.
    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        let extra = expiry::earliest(&change.record);
        match change.stored {
            None => vec![EventDraft::new(EventName::VendorCreated, &change.record, extra)],
            Some(stored) if changed_fields(&VENDOR, stored, &change.record).is_empty() => Vec::new(),
            Some(stored) => {
                let before = expiry::earliest(stored);
                vec![EventDraft::updated(EventName::VendorUpdated, stored, &change.record, before, extra)]
            }
        }
    }

    fn delete(deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        if !deletion.open_orders.is_empty() {
            let numbers: Vec<&str> = deletion.open_orders.iter().map(|order| order.number.as_str()).collect();
            let detail = format!("The vendor is still on open work orders: {}.", numbers.join(", "));
            return Err(Rejection::conflict(ConflictCode::StillReferenced, detail));
        }
        let extra = Map::from_iter([("deletedAt".to_owned(), deletion.now.to_string().into())]);
        Ok(vec![EventDraft::new(EventName::VendorDeleted, deletion.stored, extra)])
    }
}

/// The defaults of a vendor.
fn settle_defaults(change: &mut Change<'_>) {
    change.set_default("status", VendorStatus::Active.as_str());
    for flag in ["is1099", "w9OnFile", "prequalified", "preferred"] {
        change.set_default(flag, false);
    }
    if holds_money(&change.record) {
        change.set_default("currency", change.account.currency.as_str());
    }
    address::settle_country(change, "address");
    address::settle_country(change, "remitAddress");
}

/// Whether there is an amount that needs a currency.
fn holds_money(record: &Map<String, Value>) -> bool {
    let limited = |certificate| fields::given(certificate, "limit") || fields::given(certificate, "aggregateLimit");
    fields::given(record, "hourlyBillRate") || fields::items(record, "insurance").any(|(_, item)| limited(item))
}

#[cfg(test)]
mod tests;
