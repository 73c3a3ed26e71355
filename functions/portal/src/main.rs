//! The Lambda function behind `/`, `/console`, `/docs` and `/openapi.json`, and every path that is nobody else's.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn};
use portal::Portal;
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let function = &Portal::from_environment(&Environment::of_process())?;
    run(service_fn(async |request| Ok::<_, Infallible>(function.handle(request, clock::now()).await))).await
}
