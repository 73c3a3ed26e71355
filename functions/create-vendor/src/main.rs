//! The Lambda function behind `POST /api/webhook/vendor`.

use std::convert::Infallible;

use create_vendor::Vendor;
use lambda_http::{Error, run, service_fn};
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-vendor", true)?;
    run(service_fn(async |request| Ok::<_, Infallible>(inbound.handle::<Vendor>(request, clock::now()).await))).await
}
