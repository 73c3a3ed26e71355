//! What becomes of an endpoint's unfinished deliveries when it is deleted or enabled again. The work of one call is bounded:
//! what it leaves, the deliverer ends or makes when it comes to it.

use domain::delivery::{Delivery, DeliveryStatus, DeliveryTask};
use futures_util::future::{join_all, try_join_all};
use store::StoreError;
use store::deliveries::{Filter, Outcome};
use telemetry::causes::causes;

use crate::Call;

/// How many of an endpoint's deliveries are looked at in one query, newest first.
const PAGE: i32 = 100;
/// The most queries.
const MAX_PAGES: usize = 20;

/// What becomes of them.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Their endpoint is gone: they end.
    Cancelled,
    /// Their endpoint is enabled again: those that have waited for it are due.
    Released,
}

impl Call<'_> {
    /// Ends what is pending among the latest deliveries of an endpoint that is gone.
    pub(crate) async fn cancel_pending(&self, endpoint_id: &str) -> Result<(), StoreError> {
        self.settle_unfinished(endpoint_id, Fate::Cancelled).await
    }

    /// Sends at once what has waited for an endpoint that is enabled now. The endpoint is enabled whatever becomes of
    /// those: one that is not found here looks again by itself.
    pub(crate) async fn release_waiting(&self, endpoint_id: &str) {
        if let Err(error) = self.settle_unfinished(endpoint_id, Fate::Released).await {
            tracing::error!(error = %causes(&error), endpoint_id, "what waited for an endpoint is left to look again by itself");
        }
    }

    async fn settle_unfinished(&self, endpoint_id: &str, fate: Fate) -> Result<(), StoreError> {
        let filter = Filter { endpoint_id: Some(endpoint_id), ..Filter::default() };
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let store = &self.function.deliveries;
            let mut page = store.page(self.account(), &filter, after.as_deref(), PAGE).await?;
            page.deliveries.retain(|delivery| !delivery.status.is_final());
            match fate {
                Fate::Cancelled => self.cancel(&page.deliveries).await?,
                Fate::Released => self.release(&page.deliveries).await?,
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
        let outcome = Outcome { status, attempt: None, next_attempt_at: None, claim: None, now };
        let store = &self.function.deliveries;
        try_join_all(deliveries.iter().map(|delivery| store.record(delivery, &outcome))).await?;
        Ok(())
    }

    /// What is released is queued, whatever became of the others.
    async fn release(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        let store = &self.function.deliveries;
        let waiting: Vec<&Delivery> = deliveries.iter().filter(|delivery| delivery.waiting_since.is_some()).collect();
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
            tracing::error!(error = %causes(&error), "some of what was released was not queued; the sweeper finds it");
        }
        failed
    }
}
