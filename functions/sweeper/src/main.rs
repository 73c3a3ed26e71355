//! The Lambda function behind the schedule of every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock;
use shared::config::Environment;
use shared::logging;
use sweeper::Sweeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let sweeper = &Sweeper::from_environment(&Environment::of_process())?;
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(sweeper.sweep(clock::now()).await?))).await
}
