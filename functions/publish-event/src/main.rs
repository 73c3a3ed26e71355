//! The Lambda function behind `POST /api/events`.

use std::convert::Infallible;

use lambda_http::{Error, run, service_fn};
use publish_event::PublishEvent;
use shared::clock;
use shared::config::Environment;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let function = &PublishEvent::from_environment(&Environment::of_process())?;
    run(service_fn(async |request| Ok::<_, Infallible>(function.handle(request, clock::now()).await))).await
}
