//! HTTP out: one attempt at a delivery, who makes it, and what follows from its outcome.

pub mod attempts;
pub mod deliverer;
pub mod metrics;
pub mod sender;
