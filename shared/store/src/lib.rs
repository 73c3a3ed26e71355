//! What is kept, and where: one type a table, its methods named after what is asked of it. Beside the tables, the queues,
//! the topic of alerts, and the keys that seal secrets; and the environment that names them all.
//!
//! Every key begins with the account, so that no tenant can reach another's things by any id. A function holds only the
//! tables that its IAM policy allows.
//!
//! | table | key | what is asked of it |
//! |---|---|---|
//! | API keys | `HASH#<sha-256>` · `KEY#<account>` + key id · `ACC` + account | authenticate by hash; list, change and delete by account; list accounts |
//! | rate windows | `<key id or address>#<hour>` | take from both windows in one conditional update |
//! | records | `<account>#N#<resource>#<number>` · `<account>#I#<id>` · `<account>#T#<vendor id>` | by natural key (the whole record and its calendar), by id (its card), tax id |
//! | events | account, ULID of the request's outbox item | the stream to the dispatcher; by id; from a cursor on |
//! | undispatched | shard, ULID and account of an outbox item | what the stream did not bring |
//! | endpoints | account, endpoint id · `<account>#subscriptions` + hash | all of an account; one · who has subscribed to the same |
//! | deliveries | account, delivery id · by endpoint · by account and status (sparse) · by due time (sparse) | one; newest first; of an endpoint; of a rare status; overdue |
//! | alerts | account, alert id · unpublished (sparse) | newest first; not published yet |
//! | idempotency | `<account>#<path>#<key>` | claim, answer again |

pub mod alerts;
pub mod api_keys;
pub mod aws;
pub mod config;
pub mod deliveries;
pub mod endpoints;
mod error;
pub mod events;
pub mod idempotency;
mod item;
pub mod queue;
pub mod range;
pub mod rate_windows;
pub mod records;
pub mod seal;
pub mod shard;
pub mod tables;
pub mod topic;
pub mod undispatched;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::aws::Lazy;
use item::Item;

pub use error::StoreError;

/// DynamoDB's client, made at the first call.
type Client = Lazy<aws_sdk_dynamodb::Client>;

/// How often DynamoDB is asked for the rest of a batch; with the pauses that takes about a second.
const MAX_BATCHES: u32 = 8;

/// Lets others finish who want the same items, for longer each time; before the first try there is no pause.
async fn pause_before(tries: u32) {
    if tries > 0 {
        let longest = f64::from(10 << tries.min(6));
        let pause = std::time::Duration::from_secs_f64(longest * domain::ids::random_fraction() / 1_000.0);
        tokio::time::sleep(pause).await;
    }
}

/// Reads at most 100 items in one call, from one or more tables: each with the name of its table, in no order. What
/// DynamoDB had no room for is asked for again after a pause.
async fn batch_get(
    db: &Client,
    wanted: HashMap<String, KeysAndAttributes>,
    call: &'static str,
) -> Result<Vec<(String, Item)>, StoreError> {
    let (mut pending, mut found) = (wanted, Vec::new());
    for tries in 0..MAX_BATCHES {
        pause_before(tries).await;
        let output = db.batch_get_item().set_request_items(Some(pending)).send().await;
        let output = output.map_err(StoreError::call(call))?;
        for (table, items) in output.responses.into_iter().flatten() {
            found.extend(items.into_iter().map(|item| (table.clone(), item)));
        }
        pending = output.unprocessed_keys.unwrap_or_default();
        if pending.is_empty() {
            return Ok(found);
        }
    }
    Err(StoreError::Throttled(call))
}
