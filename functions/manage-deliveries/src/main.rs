//! The Lambda function behind `/api/deliveries`, `/api/events` (GET), `/api/alerts`, `/api/requests`, `/api/records`,
//! `/api/stats` and `/api/event-types`.

use domain::clock;
use inbound::http::function;
use lambda_http::Error;
use manage_deliveries::ManageDeliveries;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &ManageDeliveries::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
