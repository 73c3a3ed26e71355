//! The Lambda function behind the delivery queue: first attempts.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let deliverer = &Environment::of_process().deliverer()?.sparing_failing();
    run(service_fn(async |batch: LambdaEvent<_>| {
        Ok::<_, Infallible>(deliverer.handle(batch.payload, clock::now()).await)
    }))
    .await
}
