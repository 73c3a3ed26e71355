//! The Lambda function behind `/api/endpoints`.

use lambda_http::Error;
use manage_endpoints::ManageEndpoints;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &ManageEndpoints::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
