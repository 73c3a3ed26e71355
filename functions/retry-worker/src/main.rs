//! The Lambda function behind the retry queue: attempts 2 to 5, and whatever goes to a failing endpoint.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use shared::clock;
use shared::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let deliverer = &Environment::of_process().await.deliverer()?;
    run(service_fn(async |batch: LambdaEvent<_>| {
        Ok::<_, Infallible>(deliverer.handle(batch.payload, clock::now()).await)
    }))
    .await
}
