//! Conditions that several writes share, with the values that they compare with.

use domain::clock::SKEW;
use domain::delivery::{CLAIM, DeliveryStatus};
use jiff::Timestamp;

use crate::item::{Item, n, s};

/// There is no such delivery.
pub(super) const IS_NEW: &str = "attribute_not_exists(pk)";

/// The delivery is unfinished. Needs the name `#status`.
pub(super) const IS_UNFINISHED: &str = "#status IN (:pending, :retrying)";

/// The values of [`IS_UNFINISHED`].
pub(super) fn unfinished() -> Item {
    [(":pending", DeliveryStatus::Pending), (":retrying", DeliveryStatus::Retrying)]
        .map(|(name, status)| (name.to_owned(), s(status.as_str())))
        .into()
}

/// No worker has a claim on the next attempt.
pub(super) const IS_UNCLAIMED: &str =
    "(attribute_not_exists(claimedUntil) OR claimedUntil <= :ms OR claimedUntil > :ahead)";

/// The values of [`IS_UNCLAIMED`].
pub(super) fn unclaimed(now: Timestamp) -> Item {
    // No claim made now ends as late as `ahead`: one that does was made by a clock that ran ahead.
    [(":ms", now), (":ahead", now + CLAIM + SKEW)].map(|(name, at)| (name.to_owned(), n(at.as_millisecond()))).into()
}
