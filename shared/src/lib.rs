//! What two or more packages use: models, rules' language, signing, the inbound pipeline, one delivery attempt,
//! store and queues.

pub mod account;
pub mod alert;
pub mod api_key;
pub mod attempts;
pub mod aws;
mod causes;
pub mod clock;
pub mod config;
pub mod defect;
pub mod deliverer;
pub mod delivery;
pub mod endpoint;
pub mod events;
pub mod guard;
mod headers;
pub mod http;
pub mod ids;
pub mod inbound;
pub mod json;
pub mod logging;
pub mod manage;
pub mod metrics;
pub mod models;
pub mod problem;
pub mod queue;
pub mod rate_limit;
pub mod rules;
pub mod schedule;
pub mod schema;
pub mod seal;
pub mod sender;
pub mod signing;
pub mod store;
pub mod topic;
