//! What the platform is about, as data and pure rules: resources and their fields, events, endpoints, deliveries, when they
//! are tried again, signatures. Nothing here waits, and nothing knows of HTTP or AWS: the clock and chance are arguments.

pub mod account;
pub mod alert;
pub mod api_key;
pub mod attempt;
pub mod audit;
pub mod clock;
pub mod defect;
pub mod delivery;
pub mod endpoint;
pub mod events;
pub mod filter;
pub mod format;
pub mod ids;
pub mod json;
pub mod models;
pub mod outbox;
pub mod pace;
pub mod person;
pub mod portal_link;
pub mod rate_limit;
pub mod references;
pub mod refusal;
pub mod rejection;
pub mod resource;
pub mod rules;
pub mod schedule;
pub mod schema;
pub mod signing;
pub mod statistics;
pub mod subject;
pub mod trace;
pub mod trail;
pub mod words;
