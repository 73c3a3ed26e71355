//! The audit log.

use inbound::http::{Query, Reply};
use inbound::manage::PageRequest;
use inbound::problem::Problem;
use store::audit::EntryFilter;

use crate::Call;

impl Call<'_> {
    /// One page, newest first. With filters it can have fewer results than asked for, or none, and still a next page: a call
    /// reads a bounded number of entries.
    pub(crate) async fn audit(&self, query: &Query, page: &PageRequest) -> Result<Reply, Problem> {
        let filter = filter(query);
        let mut found = self.function.audit.page(self.account(), &filter, page.after(), page.fetch(), self.now).await?;
        let next = page.cut(&mut found.entries, found.stopped, |entry| &entry.id);
        Ok(PageRequest::reply(&found.entries, next.as_deref()))
    }
}

fn filter(query: &Query) -> EntryFilter<'_> {
    EntryFilter {
        action: query.text("action"),
        target_id: query.text("target"),
        actor_id: query.text("actor"),
        since: query.parsed("since"),
        until: query.parsed("until"),
    }
}
