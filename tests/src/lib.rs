//! The test application: the whole local system in memory, stepped by the test, with receivers that it delivers to.
//!
//! Nothing here mocks the system's own parts: requests travel over HTTP to the gateway, the functions write to the
//! embedded DynamoDB and SQS, deliveries arrive at a real HTTP server. What a test controls is the time
//! ([`InboundApp::advance`]), when work is done ([`TestApp::drain`]) and what receivers answer ([`Receiver`]).

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod app;
mod backlog;
mod builder;
mod faults;
mod fixtures;
mod inbound_app;
mod many;
mod receiver;
mod relay;
mod stored;
mod tenant;
mod tls;
mod usage;

pub use app::{Drained, TestApp};
pub use backlog::{Backlog, Depth};
pub use builder::Builder;
pub use faults::{Carriage, Fault, Faults, Kind, Place, Plan};
pub use fixtures::fixture;
pub use inbound_app::InboundApp;
pub use many::done_delivery;
pub use receiver::{Answer, Received, Receiver};
pub use relay::Relay;
pub use tenant::{Call, Endpoint, Reply, Tenant};
pub use tls::Ca;
