//! The embedded services and the gateway, through the AWS SDK and raw sockets.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod data_dir;
mod dynamodb;
#[cfg(target_os = "linux")]
mod full_disk;
mod gateway;
mod groups;
mod lambdas;
mod process;
mod sealing;
mod sqs;
mod system;
