//! Which endpoints get an event.

use std::collections::BTreeMap;

use domain::alert::Alert;
use domain::clock::SKEW;
use domain::endpoint::{Candidate, Endpoint};
use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;
use store::StoreError;
use store::endpoints::Page;
use store::events::raised_at;

use super::Dispatcher;

impl Dispatcher {
    /// Tells people of events that come round for ever: once an hour of each key.
    pub(super) async fn alert_of_loops(&self, outboxes: &[Outbox], now: Timestamp) -> Result<(), StoreError> {
        let loops = outboxes.iter().filter(|outbox| outbox.is_loop());
        let alerts = loops.filter_map(|outbox| Some((outbox, Alert::looped(outbox, outbox.events.first()?, now))));
        let alerts: BTreeMap<String, (&Outbox, Alert)> =
            alerts.map(|(outbox, alert)| (alert.id.clone(), (outbox, alert))).collect();
        for (outbox, alert) in alerts.values() {
            self.alerts.raise(&outbox.account, alert).await?;
        }
        Ok(())
    }

    /// The page without endpoints whose filter a newer version has written: they count as unreadable.
    pub(super) fn understood(&self, account: &str, mut page: Page) -> Page {
        let read = page.endpoints.len();
        page.endpoints.retain(|endpoint| {
            let filter = self.filters.of(endpoint);
            if filter.is_err() {
                tracing::error!(
                    account,
                    endpoint_id = endpoint.id,
                    "a filter can't be read, and its endpoint is left out"
                );
            }
            filter.is_ok()
        });
        page.unreadable += read - page.endpoints.len();
        page
    }

    /// The endpoints of a page that get an event; none when it comes round for ever.
    pub(super) fn wanted(&self, outbox: &Outbox, event: &StoredEvent, page: &Page, now: Timestamp) -> Vec<String> {
        if outbox.is_loop() {
            return Vec::new();
        }
        let candidate = Candidate::new(outbox, event);
        let wants =
            |endpoint: &&Endpoint| !is_too_new(outbox, endpoint, now) && endpoint.wants(&candidate, &self.filters);
        page.endpoints.iter().filter(wants).map(|endpoint| endpoint.id.clone()).collect()
    }
}

/// Whether an endpoint was made after an event, which it does not get then. That matters only for an event that is dispatched
/// again, maybe days late. An endpoint of a time that has not come was made before the clock was set back.
fn is_too_new(outbox: &Outbox, endpoint: &Endpoint, now: Timestamp) -> bool {
    let was_made_since = |raised_at| (raised_at + SKEW..=now + SKEW).contains(&endpoint.created_at);
    outbox.brought_again_at.is_some() && raised_at(&outbox.id).is_ok_and(was_made_since)
}
