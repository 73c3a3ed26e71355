//! The embedded services and the gateway, through the AWS SDK and raw sockets.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod dynamodb;
mod gateway;
mod sealing;
mod sqs;
mod system;
