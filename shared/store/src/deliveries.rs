//! Deliveries with their attempts.
//!
//! The deliveries of an event share one item until they arrive at the first attempt, as nearly all do; this takes two
//! writes, however many they are. One to which anything else happens moves out into an item of its own, under its
//! account and its own id, for good. While such a delivery is unfinished it is also in the sparse index `by-due`, spread
//! over shards, with the time at which the sweeper looks after it; the one write that makes it final takes it out.
//!
//! | file | holds |
//! |---|---|
//! | `fan_out` | the deliveries of a new event |
//! | `create` | new deliveries with an item of their own: tests and replays |
//! | `work` | what a batch of messages needs, in one read |
//! | `claim`, `record`, `arrivals` | an attempt: who may make it, and what came of it |
//! | `moved` | the move out of a shared item |
//! | `series`, `release` | what people set going: a new series of attempts, an endpoint that is enabled again |
//! | `by_id`, `list` | what people look at: one, or a page |
//! | `overdue`, `unsettled` | what the sweeper asks |
//! | `erase` | those that hold data of a person |
//! | `shared`, `walk` | the item that deliveries share, and several of them in order of time |
//! | `stored`, `conditions` | a delivery's own item, and the conditions that several writes share |

mod arrivals;
mod by_id;
mod claim;
mod conditions;
mod create;
mod erase;
mod fan_out;
mod filter;
mod list;
mod moved;
mod overdue;
mod record;
mod release;
mod series;
mod shared;
mod stored;
mod unsettled;
mod walk;
mod work;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::SignedDuration;

use crate::Client;
use crate::item::s;

pub use create::MAX_CREATED_AT_ONCE;
pub use fan_out::{FanOut, FannedOut, NewDeliveries};
pub use filter::Filter;
pub use list::DeliveryPage;
pub use overdue::{Claims, DueSpan, Overdue};
pub use record::Outcome;
pub use unsettled::{Dispatched, DispatchedPage};
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
    /// How long they are kept.
    kept: SignedDuration,
}

impl Deliveries {
    pub(crate) fn new(db: Client, table: String, kept: SignedDuration) -> Self {
        Self { db, table, kept }
    }

    fn update_item(&self, account: &str, id: &str) -> UpdateItemFluentBuilder {
        self.db.update_item().table_name(&self.table).key("pk", s(account)).key("sk", s(id))
    }
}
