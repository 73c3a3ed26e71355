//! Deliveries with their attempts.
//!
//! One item per delivery, under its account and its own id. An unfinished delivery is also in the sparse index
//! `by-due`, spread over shards, with the time at which the sweeper looks after it; the one write that makes it final
//! takes it out.
//!
//! | file | holds |
//! |---|---|
//! | `create` | new deliveries |
//! | `work` | what a batch of messages needs, in one read |
//! | `claim`, `record` | an attempt: who may make it, and what came of it |
//! | `series`, `release` | what people set going: a new series of attempts, an endpoint that is enabled again |
//! | `list`, `overdue` | queries: for people, and for the sweeper |
//! | `stored`, `conditions` | the item itself, and the conditions that several writes share |

mod claim;
mod conditions;
mod create;
mod list;
mod overdue;
mod record;
mod release;
mod series;
mod stored;
mod work;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use crate::Client;
use crate::item::s;

pub use create::MAX_CREATED_AT_ONCE;
pub use list::{DeliveryPage, Filter};
pub use overdue::{DueSpan, Overdue};
pub use record::Outcome;
pub use work::Work;

const TABLE: &str = "deliveries";
/// How long after its due time a delivery counts as lost and gets another message. The old one may still arrive: from
/// then on every attempt is claimed first, including the first attempt.
pub const GRACE_SECONDS: i64 = 300;

/// The table of deliveries.
#[derive(Debug, Clone)]
pub struct Deliveries {
    db: Client,
    table: String,
}

impl Deliveries {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    fn update_item(&self, account: &str, id: &str) -> UpdateItemFluentBuilder {
        self.db.update_item().table_name(&self.table).key("pk", s(account)).key("sk", s(id))
    }
}
