//! Events that the stream lost, or the dispatcher gave up.

use jiff::{SignedDuration, Timestamp};
use shared::store::shard::Shard;
use shared::store::undispatched::Marker;

use crate::{SweepError, Sweeper};

/// How long after it was accepted an event counts as lost.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// An event that the stream brings again is left alone for so long: the stream may have a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);
/// Markers per query.
const PAGE: i32 = 100;
/// The most queries per shard in one sweep; the rest is left to the next one.
const MAX_PAGES: usize = 10;

impl Sweeper {
    /// Returns how many the stream was made to bring again.
    pub(crate) async fn sweep_events(&self, now: Timestamp) -> Result<usize, SweepError> {
        let mut swept = 0;
        for shard in Shard::all() {
            let mut next: Option<Marker> = None;
            for _ in 0..MAX_PAGES {
                let page = self.undispatched.overdue(shard, next.as_ref(), now - GRACE, now, PAGE).await?;
                for marker in &page.markers {
                    swept += usize::from(self.bring_again(marker, now).await?);
                }
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(swept)
    }

    async fn bring_again(&self, marker: &Marker, now: Timestamp) -> Result<bool, SweepError> {
        if !self.undispatched.reserve(marker, now, RESERVE).await? {
            return Ok(false);
        }
        let there = self.events.bring_again(&marker.account, &marker.outbox_id, now).await?;
        if !there {
            // Kept as long as the event; there is nothing left to bring.
            self.undispatched.delete(std::slice::from_ref(marker)).await?;
        }
        Ok(there)
    }
}
