//! The Lambda function behind the delivery queue: first attempts.

use std::convert::Infallible;

use domain::clock;
use domain::endpoint::Lane;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use outbound::deliverer::Deliverer;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let deliverer = &Deliverer::from_environment(&Environment::of_process(), Lane::First)?;
    run(service_fn(async |batch: LambdaEvent<_>| {
        Ok::<_, Infallible>(deliverer.handle(batch.payload, clock::now()).await)
    }))
    .await
}
