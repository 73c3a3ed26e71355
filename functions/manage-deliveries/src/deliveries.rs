//! Lists of deliveries, and single ones.

use std::collections::{BTreeSet, HashSet};

use domain::delivery::Delivery;
use domain::delivery::view::DeliveryView;
use inbound::http::{Facts, Reply};
use inbound::manage::PageRequest;
use inbound::manage::router::IdKind;
use inbound::problem::Problem;
use store::deliveries::Filter;

use crate::Call;
use crate::query::DeliveryQuery;

impl Call<'_> {
    /// One page, newest event first. With filters it can have fewer results than asked for, or none, and still a next
    /// page: a call reads a bounded number of deliveries.
    pub(crate) async fn deliveries(&self, query: &DeliveryQuery, page: &PageRequest) -> Result<Reply, Problem> {
        let filter = Filter {
            endpoint_id: query.endpoint_id.as_deref(),
            event: query.event,
            event_id: query.event_id.as_deref(),
            status: query.status,
            unfinished: query.waiting,
            test: query.test,
            since: query.since,
            until: query.until,
            own_items: false,
        };
        let mut found = self.function.deliveries.page(self.account(), &filter, page.after(), page.fetch()).await?;
        let next = page.cut(&mut found.deliveries, found.stopped, |delivery| &delivery.id);
        let disabled = self.disabled(&found.deliveries).await?;
        let views: Vec<_> = found.deliveries.iter().map(|delivery| DeliveryView::of(delivery, &disabled)).collect();
        Ok(PageRequest::reply(&views, next.as_deref()))
    }

    /// One delivery with its attempts and the body that the latest of them sent.
    pub(crate) async fn delivery(&self, id: &str) -> Result<Reply, Problem> {
        let delivery = self.read(id).await?;
        let disabled = self.disabled([&delivery]).await?;
        let event = self.function.events.get(self.account(), &delivery.event_id).await?;
        let format = self.function.endpoints.format_of(&delivery).await?;
        let body = event.as_ref().map(|found| format.content(&found.event).body);
        let facts = Facts { id: Some(delivery.id.clone()), ..Facts::default() };
        Ok(Reply::ok(&DeliveryView::whole(&delivery, &disabled, body)).with_facts(facts))
    }

    /// The disabled endpoints among those of unfinished deliveries, which they hold up. Usually nothing is read for
    /// this: most deliveries are final.
    pub(crate) async fn disabled<'a>(
        &self,
        deliveries: impl IntoIterator<Item = &'a Delivery>,
    ) -> Result<HashSet<String>, Problem> {
        let unfinished = deliveries.into_iter().filter(|delivery| !delivery.status.is_final());
        let endpoints: BTreeSet<&str> = unfinished.map(|delivery| delivery.endpoint_id.as_str()).collect();
        Ok(self.function.endpoints.disabled_among(self.account(), &endpoints).await?)
    }

    /// The delivery with this id, if it is the caller's.
    pub(crate) async fn read(&self, id: &str) -> Result<Delivery, Problem> {
        self.function.deliveries.get(self.account(), id).await?.ok_or_else(|| IdKind::DELIVERY.not_found())
    }
}
