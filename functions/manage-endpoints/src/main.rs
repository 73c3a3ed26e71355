//! The Lambda function behind `/api/endpoints`.

use domain::clock;
use inbound::http::function;
use lambda_http::Error;
use manage_endpoints::ManageEndpoints;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &ManageEndpoints::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
