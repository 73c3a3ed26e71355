//! The Lambda function behind `POST /api/events`.

use lambda_http::Error;
use publish_event::PublishEvent;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &PublishEvent::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
