//! The list of refused calls.

use inbound::http::Reply;
use inbound::manage::PageRequest;
use inbound::problem::Problem;
use store::requests::RefusalFilter;

use crate::Call;

impl Call<'_> {
    /// One page, newest first. With filters it can have fewer results than asked for, or none, and still a next page: a call
    /// reads a bounded number of refused calls.
    pub(crate) async fn requests(&self, filter: &RefusalFilter<'_>, page: &PageRequest) -> Result<Reply, Problem> {
        let requests = &self.function.requests;
        let mut found = requests.page(self.account(), filter, page.after(), page.fetch(), self.now).await?;
        let next = page.cut(&mut found.refusals, found.stopped, |refusal| &refusal.id);
        Ok(PageRequest::reply(&found.refusals, next.as_deref()))
    }
}
