//! The Lambda function behind the schedule of every minute.

use domain::clock;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use store::config::Environment;
use sweeper::Sweeper;
use telemetry::logging;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let sweeper = &Sweeper::from_environment(&Environment::of_process())?;
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(sweeper.sweep(clock::now()).await?))).await
}
