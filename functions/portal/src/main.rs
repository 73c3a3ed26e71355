//! The Lambda function behind `/`, `/console`, `/docs`, `/openapi.json` and `/api/source-ips`, and every path that is nobody
//! else's.

use domain::clock;
use inbound::http::function;
use lambda_http::Error;
use portal::Portal;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &Portal::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
