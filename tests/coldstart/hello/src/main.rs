//! The least that a function behind API Gateway can be: no log, no client, nothing read. `/panic` panics, to show what
//! becomes of that.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |request: Request| {
        assert!(!request.uri().path().ends_with("/panic"), "asked for");
        Ok::<_, Infallible>(Response::new(Body::from("Hello")))
    }))
    .await
}
