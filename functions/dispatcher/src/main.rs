//! The Lambda function behind the stream of the events table.

use std::convert::Infallible;

use dispatcher::Dispatcher;
use domain::clock;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let dispatcher = &Dispatcher::from_environment(&Environment::of_process())?;
    run(service_fn(async |batch: LambdaEvent<_>| {
        Ok::<_, Infallible>(dispatcher.handle(batch.payload, clock::now()).await)
    }))
    .await
}
