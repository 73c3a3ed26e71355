//! The Lambda function behind `/`, `/console`, `/docs` and `/openapi.json`, and every path that is nobody else's.

use lambda_http::Error;
use portal::Portal;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let handler = &Portal::from_environment(&Environment::of_process())?;
    function::run(async |request| handler.handle(request, clock::now()).await).await
}
