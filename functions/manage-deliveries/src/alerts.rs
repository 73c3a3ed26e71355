//! The list of alerts.

use inbound::http::Reply;
use inbound::manage::PageRequest;
use inbound::problem::Problem;
use store::alerts::AlertFilter;

use crate::Call;
use crate::query::AlertQuery;

impl Call<'_> {
    /// One page, newest first.
    pub(crate) async fn alerts(&self, query: &AlertQuery, page: &PageRequest) -> Result<Reply, Problem> {
        let filter = AlertFilter { kind: query.kind, endpoint_id: query.endpoint_id.as_deref() };
        let mut found = self.function.alerts.page(self.account(), &filter, page.after(), page.fetch()).await?;
        let next = page.cut(&mut found.alerts, found.stopped, |alert| &alert.id);
        for alert in &mut found.alerts {
            alert.created_at = domain::clock::whole_seconds(alert.created_at);
        }
        Ok(PageRequest::reply(&found.alerts, next.as_deref()))
    }
}
