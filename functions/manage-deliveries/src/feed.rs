//! The feed of events, for subscribers that were down, and single events with their deliveries.

use domain::delivery::view::DeliveryView;
use domain::events::EventName;
use inbound::http::{Facts, Reply, write_cursor};
use inbound::manage::PageRequest;
use inbound::manage::router::IdKind;
use inbound::problem::Problem;
use jiff::SignedDuration;
use serde_json::json;
use store::StoreError;
use store::deliveries::Filter;
use store::events::FeedEvent;
use store::range::Order;

use crate::Call;
use crate::query::FeedQuery;
use crate::view::{EventView, Sibling, WholeEvent};

/// How old events must be to appear. They are ordered by the arrival of their requests but stored when those end: an
/// event must not appear behind a reader's cursor. An inbound function may run for 15 seconds (the template's timeout);
/// the rest is for clock differences.
const SETTLED: SignedDuration = SignedDuration::from_secs(20);
/// How many of its deliveries are shown with an event.
const DELIVERIES_SHOWN: usize = 100;

impl Call<'_> {
    /// A page of events, in the order that the query asks for.
    pub(crate) async fn feed(&self, query: &FeedQuery) -> Result<Reply, Problem> {
        if let Some(request_id) = &query.request_id {
            return self.of_request(request_id, query.event).await;
        }
        match query.order {
            Order::OldestFirst => self.following(query).await,
            Order::NewestFirst => self.latest(query).await,
        }
    }

    /// The events that one call raised, in their order.
    async fn of_request(&self, request_id: &str, name: Option<EventName>) -> Result<Reply, Problem> {
        let outboxes = self.function.events.of_request(self.account(), request_id).await?;
        let events = outboxes.iter().flat_map(|outbox| &outbox.events);
        let events = events.filter(|event| name.is_none_or(|name| event.name == name));
        let data = events.map(|event| EventView::of(event, request_id)).collect::<Result<Vec<_>, _>>()?;
        Ok(PageRequest::reply(&data, None))
    }

    /// Events after a cursor, oldest first. `nextCursor` is null at the end; `resumeAfter` is where to continue later.
    async fn following(&self, query: &FeedQuery) -> Result<Reply, Problem> {
        let until = self.now - SETTLED;
        let limit = query.page.limit();
        let found = self.function.events.feed(self.account(), query.after, query.event, until, limit).await?;
        let data = views(&found.events)?;
        let cursor = found.position.map(|position| write_cursor(&position.to_string()));
        let next = cursor.as_ref().filter(|_| found.more);
        Ok(Reply::ok(&json!({ "data": data, "nextCursor": next, "resumeAfter": cursor })))
    }

    /// Events before a cursor, newest first: for people who look at recent events.
    async fn latest(&self, query: &FeedQuery) -> Result<Reply, Problem> {
        let page = &query.page;
        // One more than the page has, to learn whether another page follows.
        let mut found =
            self.function.events.latest(self.account(), page.after(), query.event, page.limit() + 1).await?;
        let next = page.cut(&mut found.events, found.stopped, |found| &found.event.id);
        let data = views(&found.events)?;
        Ok(PageRequest::reply(&data, next.as_deref()))
    }

    /// One event with its deliveries and the other events of its request.
    pub(crate) async fn event(&self, id: &str) -> Result<Reply, Problem> {
        let no_such_event = || IdKind::EVENT.not_found();
        let outbox = self.function.events.outbox_of(self.account(), id).await?.ok_or_else(no_such_event)?;
        let siblings = outbox.events.iter().filter(|event| event.id != id);
        let siblings = siblings.map(|event| Sibling { id: event.id.clone(), event: event.name }).collect();
        let event = outbox.event(id).ok_or_else(no_such_event)?;
        let filter = Filter { event_id: Some(id), ..Filter::default() };
        let fetch = i32::try_from(DELIVERIES_SHOWN + 1).unwrap_or(i32::MAX);
        let found = self.function.deliveries.page(self.account(), &filter, None, fetch).await?;
        let shown = found.deliveries.get(..DELIVERIES_SHOWN).unwrap_or(&found.deliveries);
        let disabled = self.disabled(shown).await?;
        let whole = WholeEvent {
            event: EventView::of(event, &outbox.request_id)?,
            deliveries: shown.iter().map(|delivery| DeliveryView::of(delivery, &disabled)).collect(),
            siblings,
            truncated: found.deliveries.len() > DELIVERIES_SHOWN || found.stopped.is_some(),
        };
        Ok(Reply::ok(&whole).with_facts(Facts { id: Some(id.to_owned()), ..Facts::default() }))
    }
}

fn views(events: &[FeedEvent]) -> Result<Vec<EventView<'_>>, StoreError> {
    events.iter().map(|found| EventView::of(&found.event, &found.request_id)).collect()
}
