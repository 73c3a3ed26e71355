//! The Lambda function behind `POST /api/webhook/project`.

use create_project::Project;
use lambda_http::Error;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-project", false)?;
    function::run(async |request| inbound.handle::<Project>(request, clock::now()).await).await
}
