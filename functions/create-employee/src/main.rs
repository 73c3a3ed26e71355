//! The Lambda function behind `POST /api/webhook/employee`.

use create_employee::Employee;
use lambda_http::Error;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-employee", false)?;
    function::run(async |request| inbound.handle::<Employee>(request, clock::now()).await).await
}
