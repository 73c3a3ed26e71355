//! Delivery numbers of the latest hours: of the time that the sweeper has counted from its sums, of the latest minutes by
//! a walk through a bounded number of deliveries.

mod plan;
mod span;
mod tally;

use domain::delivery::DeliveryStatus;
use domain::ids::ulid_of;
use inbound::http::Reply;
use inbound::problem::Problem;
use jiff::Timestamp;
use store::StoreError;
use store::deliveries::Filter;
use store::sums::Unit;
use tokio::try_join;

use crate::Call;
use crate::query::StatsQuery;
use plan::{Gap, Plan};
use span::Span;
use tally::Tally;

/// Deliveries per query.
const PAGE: i32 = 1_000;
/// The most deliveries that one response walks through, but for what a page has beyond.
const MAX_WALKED: usize = 10_000;
/// And the most pages: there may be gaps without deliveries.
const MAX_PAGES: usize = 30;
/// The most deliveries among which the next attempts are looked for.
const MAX_RETRYING: i32 = 500;

/// How much has been walked through.
#[derive(Debug, Default)]
struct Budget {
    walked: usize,
    pages: usize,
}

impl Call<'_> {
    /// Counts the deliveries of the latest hours, without test sends; of one endpoint if the query says which.
    pub(crate) async fn stats(&self, query: &StatsQuery) -> Result<Reply, Problem> {
        let span = Span::latest(query.hours, query.step, self.now);
        let endpoint_id = query.endpoint_id.as_deref();
        let sums = &self.function.sums;
        // First: what is counted meanwhile may be in the sums or not, but is walked in any case.
        let progress = sums.progress().await?;
        // What one endpoint is to be sent again may be older than what is counted.
        let since = endpoint_id.is_none().then_some(span.since);
        let filter = Filter { endpoint_id, since, status: Some(DeliveryStatus::Retrying), ..Filter::default() };
        let retrying = self.function.deliveries.page(self.account(), &filter, None, MAX_RETRYING);
        let summed = sums.since(self.account(), Unit::of(span.step), span.since);
        let (summed, retrying) = try_join!(summed, retrying)?;
        let plan = Plan::new(span, progress, summed, self.now);
        let mut tally = Tally::new(span, endpoint_id);
        for summed in &plan.sums {
            tally.add_sum(summed.begins_at, &summed.sum);
        }
        tally.note_retries(&retrying.deliveries);
        let stopped = self.walk(&plan.gaps, &mut tally).await?;
        Ok(Reply::ok(&tally.into_stats(stopped)))
    }

    /// Counts the deliveries of gaps, newest first. Returns the instant at which it stopped, if it did not come to the
    /// end. When only the latest minutes have too many, the statistics end where these begin.
    async fn walk(&self, gaps: &[Gap], tally: &mut Tally<'_>) -> Result<Option<Timestamp>, StoreError> {
        let mut budget = Budget::default();
        for gap in gaps {
            let before = gap.is_latest_minutes(tally.span.since, self.now).then(|| tally.clone());
            match (self.walk_gap(*gap, tally, &mut budget).await?, before) {
                (None, _) => {}
                (Some(_), Some(before)) => {
                    *tally = before;
                    tally.span.until = gap.since;
                    budget = Budget::default();
                }
                (stopped, None) => return Ok(stopped),
            }
        }
        Ok(None)
    }

    /// Of one endpoint too, all deliveries are walked: no key tells the endpoint of most.
    async fn walk_gap(
        &self,
        gap: Gap,
        tally: &mut Tally<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Timestamp>, StoreError> {
        let filter = Filter { since: Some(gap.since), until: gap.until, ..Filter::default() };
        let mut after: Option<String> = None;
        loop {
            if budget.walked >= MAX_WALKED || budget.pages >= MAX_PAGES {
                return Ok(after.as_deref().and_then(raised_at).or(gap.until));
            }
            let page = self.function.deliveries.page(self.account(), &filter, after.as_deref(), PAGE).await?;
            page.deliveries.iter().for_each(|delivery| tally.add(delivery));
            budget.walked += page.deliveries.len();
            budget.pages += 1;
            after = page.stopped;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// When the event of a delivery was raised.
fn raised_at(delivery_id: &str) -> Option<Timestamp> {
    let milliseconds = ulid_of(delivery_id)?.timestamp_ms();
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
}
