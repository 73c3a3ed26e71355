//! The Lambda function behind `/api/deliveries`, `/api/events` (GET), `/api/alerts`, `/api/stats` and `/api/event-types`.

use lambda_http::Error;
use manage_deliveries::ManageDeliveries;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &ManageDeliveries::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
