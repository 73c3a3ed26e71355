//! The Lambda function behind `/api/keys`.

use domain::clock;
use inbound::http::function;
use lambda_http::Error;
use manage_keys::ManageKeys;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &ManageKeys::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
