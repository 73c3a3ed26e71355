//! The Lambda function behind `POST /api/webhook/vendor`.

use create_vendor::Vendor;
use lambda_http::Error;
use shared::clock;
use shared::config::Environment;
use shared::http::function;
use shared::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let inbound = &Environment::of_process().inbound("create-vendor", true)?;
    function::run(async |request| inbound.handle::<Vendor>(request, clock::now()).await).await
}
