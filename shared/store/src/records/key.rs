//! Keys of the items, within an account.

use domain::models::Kind;

/// The key of an item without the account, which comes before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct ItemKey(String);

impl ItemKey {
    /// A record by its id; also the slot of the number that this id follows from.
    pub(super) fn record(id: &str) -> Self {
        Self(format!("I#{id}"))
    }

    /// The tombstone of the record with this id.
    pub(super) fn tombstone(id: &str) -> Self {
        Self(format!("D#{id}"))
    }

    /// The copy that the erasure of the record with this id has kept.
    pub(super) fn erasure(id: &str) -> Self {
        Self(format!("E#{id}"))
    }

    /// The sealed tax id of the vendor with this id.
    pub(super) fn tax_id(id: &str) -> Self {
        Self(format!("T#{id}"))
    }

    /// A record or a tombstone in the old form, by its natural key in whatever case.
    pub(super) fn old(kind: Kind, number: &str) -> Self {
        Self(format!("N#{}#{}", kind.segment(), number.to_lowercase()))
    }

    /// Whether it is a key of the old form.
    pub(super) fn is_old(&self) -> bool {
        self.0.starts_with("N#")
    }

    /// Whether this is the key of an item with the partition key `pk`, of whatever account.
    pub(super) fn is_of(&self, pk: &str) -> bool {
        pk.split_once('#').is_some_and(|(_, key)| key == self.0)
    }

    /// The partition key.
    pub(super) fn pk(&self, account: &str) -> String {
        format!("{account}#{}", self.0)
    }
}
