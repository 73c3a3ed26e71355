//! What happened to a record: the calls that changed it, newest first, with their events and the deliveries of these.

use std::collections::HashSet;

use domain::clock::whole_seconds;
use domain::delivery::Delivery;
use domain::delivery::view::DeliveryView;
use domain::outbox::Outbox;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use inbound::http::{Facts, Reply};
use inbound::manage::PageRequest;
use inbound::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::StoreError;
use store::deliveries::{DeliveryPage, Filter};
use store::events::raised_at;

use crate::Call;
use crate::view::EventView;

/// How many deliveries are shown with a change.
const DELIVERIES_SHOWN: usize = 50;
/// How many changes' deliveries are read side by side.
const AT_ONCE: usize = 8;

/// A call that changed the record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeView<'a> {
    request_id: &'a str,
    received_at: Timestamp,
    /// In the order in which they were raised.
    events: Vec<RaisedEvent<'a>>,
    /// Whether there are more deliveries; `/api/deliveries?eventId=` lists them.
    truncated: bool,
}

#[derive(Serialize)]
struct RaisedEvent<'a> {
    #[serde(flatten)]
    event: EventView<'a>,
    deliveries: Vec<DeliveryView<'a>>,
}

impl Call<'_> {
    /// One page, newest first. It ends where the retention of events ends.
    pub(crate) async fn timeline(&self, kind: &str, record: &str, page: &PageRequest) -> Result<Reply, Problem> {
        let (_, stored) = self.stored_record(kind, record).await?;
        let events = &self.function.events;
        let trail = match page.after().and_then(|id| id.strip_prefix("evt_")) {
            Some(last) => events.trail_of(self.account(), last).await?,
            None => stored.trail,
        };
        let history = events.history(self.account(), trail, page.limit()).await?;
        let reads: Vec<_> = history.outboxes.iter().map(|outbox| self.deliveries_of(outbox)).collect();
        let pages: Vec<DeliveryPage> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let shown: Vec<&Delivery> = pages.iter().flat_map(|page| &page.deliveries).collect();
        let disabled = self.disabled(shown).await?;
        let mut changes: Vec<ChangeView<'_>> = Vec::with_capacity(pages.len());
        for (outbox, page) in history.outboxes.iter().zip(&pages) {
            let change = change(outbox, page, &disabled)?;
            match changes.last_mut().filter(|later| later.request_id == change.request_id) {
                // A call with large events has two items, the later one before this.
                Some(later) => later.begin_with(change),
                None => changes.push(change),
            }
        }
        let facts = Facts { id: Some(stored.id), ..Facts::default() };
        let next = history.stopped.map(|id| format!("evt_{id}"));
        Ok(PageRequest::reply(&changes, next.as_deref()).with_facts(facts))
    }

    /// The first deliveries of the millisecond in which the events of an item were raised.
    async fn deliveries_of(&self, outbox: &Outbox) -> Result<DeliveryPage, Problem> {
        let since = raised_at(&outbox.id)?;
        let filter =
            Filter { since: Some(since), until: Some(since + SignedDuration::from_millis(1)), ..Filter::default() };
        let fetch = i32::try_from(DELIVERIES_SHOWN + 1).unwrap_or(i32::MAX);
        Ok(self.function.deliveries.page(self.account(), &filter, None, fetch).await?)
    }
}

impl<'a> ChangeView<'a> {
    fn begin_with(&mut self, earlier: ChangeView<'a>) {
        let later = std::mem::replace(&mut self.events, earlier.events);
        self.events.extend(later);
        self.truncated |= earlier.truncated;
    }
}

/// The change that an outbox item stands for; `page` has deliveries of its events, and maybe of others of that millisecond.
fn change<'a>(
    outbox: &'a Outbox,
    page: &'a DeliveryPage,
    disabled: &HashSet<String>,
) -> Result<ChangeView<'a>, StoreError> {
    let shown = page.deliveries.get(..DELIVERIES_SHOWN).unwrap_or(&page.deliveries);
    let raised = outbox.events.iter().map(|event| {
        let own = shown.iter().filter(|delivery| delivery.event_id == event.id);
        let deliveries = own.map(|delivery| DeliveryView::of(delivery, disabled)).collect();
        Ok(RaisedEvent { event: EventView::of(event, &outbox.request_id)?, deliveries })
    });
    Ok(ChangeView {
        request_id: &outbox.request_id,
        received_at: whole_seconds(raised_at(&outbox.id)?),
        events: raised.collect::<Result<_, StoreError>>()?,
        truncated: page.deliveries.len() > DELIVERIES_SHOWN || page.stopped.is_some(),
    })
}
