//! The Lambda function behind the schedule of every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;
use shared::clock;
use shared::config::Environment;
use sweeper::Sweeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sweeper = &Sweeper::from_environment(&Environment::of_process().await)?;
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(sweeper.sweep(clock::now()).await?))).await
}
