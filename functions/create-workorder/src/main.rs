//! The Lambda function behind `POST /api/webhook/workorder`.

use std::convert::Infallible;

use create_workorder::WorkOrder;
use lambda_http::{Error, run, service_fn};
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-workorder", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<WorkOrder>(request, clock::now()).await))).await
}
