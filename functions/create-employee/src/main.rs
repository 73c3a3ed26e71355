//! The Lambda function behind `POST /api/webhook/employee`.

use std::convert::Infallible;

use create_employee::Employee;
use lambda_http::{Error, run, service_fn, tracing};
use shared::clock;
use shared::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let inbound = &Environment::of_process().await.inbound("create-employee", false)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<Employee>(request, clock::now()).await))).await
}
