//! The Lambda function behind `POST /api/webhook/employee`.

use create_employee::Employee;
use domain::clock;
use inbound::Inbound;
use inbound::http::function;
use lambda_http::Error;
use store::config::Environment;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Inbound::<Employee>::from_environment(&Environment::of_process())?;
    function::run(async |request| inbound.handle(request, clock::now()).await).await
}
