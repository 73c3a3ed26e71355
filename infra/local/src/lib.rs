//! The local system: the functions of the template in one process, without Docker and without AWS.
//!
//! ```text
//! HTTP ──► gateway ──► HTTP functions ──┐                ┌──► queues ──► deliverer, retry-worker
//!                                       ├──► embedded ───┼──► stream ──► dispatcher
//!                                       ┘  DynamoDB, SQS └──  schedule ► sweeper
//! ```
//!
//! The functions are the same handlers that Lambda runs, and call the embedded services through the AWS SDK. [`System`]
//! puts everything together; [`functions`] is the table of functions and their event sources.

pub mod backlog;
pub mod cli;
pub mod clock;
pub mod data_dir;
pub mod embedded;
pub mod first_start;
pub mod functions;
pub mod gateway;
pub mod lambdas;
pub mod logging;
pub mod queues;
pub mod resources;
pub mod schedule;
pub mod stream;
pub mod system;

pub use clock::Clock;
pub use system::{Options, StartError, Storage, System};
