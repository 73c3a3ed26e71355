//! The unfinished deliveries of an endpoint that is deleted, enabled again or gets a higher pace, beyond their first
//! attempts. The work of one call is bounded: the deliverer cancels or attempts the rest when they are due.

use domain::delivery::{Delivery, DeliveryStatus, DeliveryTask};
use futures_util::future::{join_all, try_join_all};
use store::StoreError;
use store::deliveries::{Filter, Outcome};
use telemetry::causes::causes;

use crate::Call;

/// How many of an endpoint's deliveries one query reads, newest first.
const PAGE: i32 = 100;
/// The most queries per call.
const MAX_PAGES: usize = 20;

/// What happens to unfinished deliveries.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Their endpoint was deleted: they end as cancelled.
    Cancelled,
    /// Their endpoint is enabled again: those that waited for it are due now.
    Released,
    /// The line of its pace has ended: those that stand in it are due now.
    Hastened,
}

impl Call<'_> {
    /// Cancels the unfinished ones among the latest deliveries of an endpoint that was deleted.
    pub(crate) async fn cancel_pending(&self, endpoint_id: &str) -> Result<(), StoreError> {
        self.settle_unfinished(endpoint_id, Fate::Cancelled).await
    }

    /// Queues the deliveries that waited for an endpoint that is enabled now. An error here does not undo that:
    /// deliveries that are not found here check their endpoint again by themselves.
    pub(crate) async fn release_waiting(&self, endpoint_id: &str) {
        if let Err(error) = self.settle_unfinished(endpoint_id, Fate::Released).await {
            let error = causes(&error);
            tracing::error!(error, endpoint_id, "waiting deliveries were not released; they check again by themselves");
        }
    }

    /// Ends the line of an endpoint's pace, and queues those that stand in it. Those that are not found here, and those that
    /// wait for a few minutes only, come when they were told to.
    pub(crate) async fn end_line(&self, endpoint_id: &str) {
        let ended = self.function.paces.end_line(self.account(), endpoint_id).await;
        let hastened = self.settle_unfinished(endpoint_id, Fate::Hastened).await;
        if let Err(error) = ended.and(hastened) {
            let error = causes(&error);
            tracing::error!(error, endpoint_id, "deliveries in line were not hastened; they come as planned");
        }
    }

    async fn settle_unfinished(&self, endpoint_id: &str, fate: Fate) -> Result<(), StoreError> {
        // Of the others the first attempt is under way, or about to be: what becomes of it is the deliverer's business.
        let filter = Filter { endpoint_id: Some(endpoint_id), own_items: true, ..Filter::default() };
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let store = &self.function.deliveries;
            let mut page = store.page(self.account(), &filter, after.as_deref(), PAGE).await?;
            page.deliveries.retain(|delivery| !delivery.status.is_final());
            match fate {
                Fate::Cancelled => self.cancel(&page.deliveries).await?,
                Fate::Released => self.release(&page.deliveries, |one| one.waiting_since.is_some()).await?,
                Fate::Hastened => {
                    // What was hastened before is due already.
                    let later = |one: &Delivery| one.next_attempt_at.is_some_and(|due| due > self.now);
                    self.release(&page.deliveries, |one| one.paced && later(one)).await?;
                }
            }
            after = page.stopped;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn cancel(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        let (status, now) = (DeliveryStatus::Cancelled, self.now);
        let outcome = Outcome { status, attempt: None, next_attempt_at: None, paced: false, claim: None, now };
        let store = &self.function.deliveries;
        self.mark_changes(deliveries).await;
        try_join_all(deliveries.iter().map(|delivery| store.record(delivery, &outcome))).await?;
        Ok(())
    }

    /// Queues those that wait and could be released, even if others could not.
    async fn release(&self, deliveries: &[Delivery], waits: impl Fn(&Delivery) -> bool) -> Result<(), StoreError> {
        let store = &self.function.deliveries;
        let waiting: Vec<&Delivery> = deliveries.iter().filter(|delivery| waits(delivery)).collect();
        let released = join_all(waiting.iter().map(|delivery| store.release(delivery, self.now))).await;
        let (mut tasks, mut failed) = (Vec::with_capacity(waiting.len()), Ok(()));
        for (delivery, released) in waiting.into_iter().zip(released) {
            match released {
                Ok(true) => tasks.push(DeliveryTask { due: self.now, ..delivery.task() }),
                Ok(false) => {}
                Err(error) => failed = Err(error),
            }
        }
        if let Err(error) = self.function.retries.send(&tasks, self.now).await {
            tracing::error!(error = %causes(&error), "released deliveries were not queued; the sweeper finds them");
        }
        failed
    }
}
