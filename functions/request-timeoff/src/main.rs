//! The Lambda function behind `POST /api/webhook/timeoff`.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn};
use request_timeoff::TimeOff;
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("request-timeoff", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<TimeOff>(request, clock::now()).await))).await
}
