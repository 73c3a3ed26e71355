//! The Lambda function behind the stream of the events table.

use std::convert::Infallible;

use dispatcher::Dispatcher;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use shared::clock;
use shared::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let dispatcher = &Dispatcher::from_environment(&Environment::of_process().await)?;
    run(service_fn(async |batch: LambdaEvent<_>| {
        Ok::<_, Infallible>(dispatcher.handle(batch.payload, clock::now()).await)
    }))
    .await
}
