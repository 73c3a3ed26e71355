//! The Lambda function behind `/api/deliveries`, `/api/events` (GET), `/api/alerts`, `/api/stats` and `/api/event-types`.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn};
use manage_deliveries::ManageDeliveries;
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let function = &ManageDeliveries::from_environment(&Environment::of_process())?;
    run(service_fn(async |request| Ok::<_, Infallible>(function.handle(request, clock::now()).await))).await
}
