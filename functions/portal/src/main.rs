//! The Lambda function behind `/`, `/console`, `/docs` and `/openapi.json`.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn};
use portal::Portal;
use shared::clock;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    run(service_fn(async |request| Ok::<_, Infallible>(Portal.handle(&request, clock::now())))).await
}
