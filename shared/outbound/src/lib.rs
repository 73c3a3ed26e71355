//! Outgoing HTTP: one attempt at a delivery, the workers that make attempts, and what follows from the outcome.

pub mod attempts;
pub mod deliverer;
pub mod metrics;
pub mod sender;
