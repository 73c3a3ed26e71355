//! The Lambda function behind `POST /api/webhook/timeoff`.

use lambda_http::Error;
use request_timeoff::TimeOff;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("request-timeoff", false)?;
    function::run(async |request| inbound.handle::<TimeOff>(request, clock::now()).await).await
}
