//! The Lambda function behind `POST /api/webhook/project`.

use std::convert::Infallible;

use create_project::Project;
use lambda_http::{Error, run, service_fn};
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-project", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<Project>(request, clock::now()).await))).await
}
