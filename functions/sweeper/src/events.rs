//! Events that the stream lost, or that the dispatcher could not dispatch.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::shard::Shard;
use store::undispatched::Marker;

use crate::{SweepError, Sweeper};

/// How long after it was raised an event that is still marked counts as lost.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// How many markers a query reads.
const PAGE: i32 = 100;
/// How many markers are worked on in parallel.
const AT_ONCE: usize = 25;
/// How many queries of a shard one sweep makes at most; the rest is left to the next one.
const MAX_PAGES: usize = 10;

impl Sweeper {
    /// Makes the stream bring lost events again, and returns for how many outbox items. A failure does not stop the
    /// others; the last error is returned at the end.
    pub(crate) async fn sweep_events(&self, now: Timestamp) -> Result<usize, SweepError> {
        let (mut swept, mut failed) = (0, None);
        for shard in Shard::all() {
            let mut next: Option<Marker> = None;
            for _ in 0..MAX_PAGES {
                let page = match self.undispatched.overdue(shard, next.as_ref(), now - GRACE, now, PAGE).await {
                    Ok(page) => page,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                };
                for some in page.markers.chunks(AT_ONCE) {
                    for brought in join_all(some.iter().map(|marker| self.bring_again(marker, now))).await {
                        match brought {
                            Ok(there) => swept += usize::from(there),
                            Err(error) => failed = Some(error),
                        }
                    }
                }
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        failed.map_or(Ok(swept), |error| Err(error.into()))
    }

    async fn bring_again(&self, marker: &Marker, now: Timestamp) -> Result<bool, StoreError> {
        if !self.undispatched.reserve(marker, now).await? {
            return Ok(false);
        }
        let there = self.events.bring_again(&marker.account, &marker.outbox_id, now).await?;
        if !there {
            // A marker is kept as long as its event: when that is gone, there is nothing left to dispatch.
            self.undispatched.delete(std::slice::from_ref(marker)).await?;
        }
        Ok(there)
    }
}
