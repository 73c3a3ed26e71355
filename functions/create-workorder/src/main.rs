//! The Lambda function behind `POST /api/webhook/workorder`.

use std::convert::Infallible;

use create_workorder::WorkOrder;
use lambda_http::{Error, run, service_fn, tracing};
use shared::clock;
use shared::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let inbound = &Environment::of_process().await.inbound("create-workorder", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<WorkOrder>(request, clock::now()).await))).await
}
