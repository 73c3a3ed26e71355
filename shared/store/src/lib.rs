//! What is kept, and where: one type for each table, with methods named after what is asked of it. Beside the tables:
//! the queues, the topic of alerts, the keys that seal secrets, and the environment that names them all.
//!
//! Every key begins with the account, so that no account reaches another's data by any id. A function has only the
//! tables that its IAM policy allows.
//!
//! | table | key | what is asked of it |
//! |---|---|---|
//! | API keys | `HASH#<sha-256>` · `KEY#<account>` + key id · `ACC` + account | authenticate by hash; list, change and delete by account; list accounts |
//! | | `LINK#<account>` + link id · `FRAME#<link id>` | an account's portal links · which pages may frame the console for one |
//! | rate windows | `<key id or address>#<hour>` | take from both windows in one conditional update |
//! | | `PACE#<account>#<endpoint>` | the next slots of an endpoint with a pace, or a place in its line |
//! | records | `<account>#I#<id>` · `<account>#D#<id>` · `<account>#T#<vendor id>` · `<account>#N#<resource>#<number>` (old form) | by id and by natural key, which the id follows from: the record and its calendar; tombstone, tax id |
//! | events | account, ULID of the request's outbox item | the stream to the dispatcher; by id; from a cursor on |
//! | undispatched | shard, ULID of five minutes and account | which accounts may have events that are not dispatched |
//! | endpoints | account, endpoint id · `<account>#subscriptions` + hash | all of an account; one · who has subscribed to the same |
//! | deliveries | account, event id · account, delivery id · of the latter by endpoint, by account and status (sparse), by due time (sparse) | all of an event; one; newest first; of an endpoint; of a rare status; overdue |
//! | alerts | account, alert id · account, `open#` + endpoint · unpublished (sparse) | newest first; open; not published yet |
//! | requests | account, request id | calls that were refused, newest first |
//! | audit | account, entry id | who changed what, newest first |
//! | idempotency | `<account>#<path>#<key>` | claim, answer again |
//!
//! What a condition refuses is an outcome of a method, not an error. Errors are [`StoreError`]: the SDK has retried a
//! call by then. Units in the comments are those of DynamoDB: a write unit is 1 KB, a read unit 4 KB read consistently.

pub mod alerts;
pub mod api_keys;
pub mod audit;
pub mod aws;
mod backoff;
mod batch;
mod body;
mod coalescer;
mod conditional;
pub mod config;
pub mod deliveries;
pub mod endpoints;
pub mod erasing;
mod error;
pub mod events;
pub mod holdings;
pub mod idempotency;
mod item;
pub mod paces;
pub mod queue;
pub mod range;
pub mod rate_windows;
pub mod records;
pub mod requests;
pub mod seal;
mod search;
pub mod shard;
pub mod sums;
pub mod tables;
pub mod topic;
mod transaction;
pub mod undispatched;
mod walk;

use crate::aws::Lazy;

pub use error::StoreError;

/// DynamoDB's client, made at the first call.
type Client = Lazy<aws_sdk_dynamodb::Client>;
