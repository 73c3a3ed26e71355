//! HTTP in: who may call, what a call may look like, what is answered, and the pipeline that the five resources share.

mod headers;
pub mod http;
pub mod manage;
mod pipeline;
pub mod problem;

pub use pipeline::{BATCH_PATIENCE, Inbound, MAX_RECORDS};
