//! The Lambda function behind `POST /api/events`.

use domain::clock;
use inbound::http::function;
use lambda_http::Error;
use publish_event::PublishEvent;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &PublishEvent::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
