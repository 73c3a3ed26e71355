//! The Lambda function behind `POST /api/webhook/timeoff`.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn, tracing};
use request_timeoff::TimeOff;
use shared::clock;
use shared::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let inbound = &Environment::of_process().await.inbound("request-timeoff", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<TimeOff>(request, clock::now()).await))).await
}
