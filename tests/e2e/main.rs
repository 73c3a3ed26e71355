//! The end-to-end tests: what integrators and subscribers may rely on, asked of the whole system over HTTP.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod abuse;
mod access;
mod addresses;
mod admin;
mod alerts;
mod any_value;
mod attempts;
mod catalog;
mod costs;
mod crew;
mod deliveries;
mod endpoints;
mod expect;
mod fan_out;
mod feed;
mod health;
mod idempotency;
mod inbound_concurrency;
mod inbound_large;
mod inbound_resources;
mod inbound_rules;
mod inbound_states;
mod inbound_upsert;
mod keys;
mod limits;
mod losses;
mod management_deliveries;
mod openapi;
mod privacy;
mod publishing;
mod records;
mod repeats;
mod replay;
mod restarts;
mod retries;
mod rotation;
mod signatures;
mod stats;
mod subscriptions;
mod tenants;
mod tenants_all_routes;
mod test_app;
mod test_send;
mod wire;
