//! The Lambda function behind `POST /api/webhook/workorder`.

use create_workorder::WorkOrder;
use lambda_http::Error;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-workorder", false)?;
    function::run(async |request| inbound.handle::<WorkOrder>(request, clock::now()).await).await
}
