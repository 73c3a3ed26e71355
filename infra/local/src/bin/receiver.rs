//! A receiver for the quick start: prints each delivery and whether its signature verifies.
//!
//! `cargo run --bin receiver -- whsec_...` listens on <http://127.0.0.1:4000>. It verifies as any subscriber can: the
//! `webhook-*` headers with the Standard Webhooks library, and `X-Webhook-Signature` as the API page shows.

use std::convert::Infallible;
use std::error::Error;
use std::net::Ipv4Addr;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use shared::clock;
use shared::signing::{SigningSecret, verify};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what a person wants to see")]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::args().nth(1).ok_or("call it with the endpoint's secret: whsec_...")?;
    SigningSecret::parse(secret.clone()).map_err(|error| format!("that is no signing secret: {error}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 4000)).await?;
    println!("waiting for deliveries on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let secret = secret.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| receive(request, &secret));
            // A sender that goes away is not this receiver's problem.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

#[expect(clippy::print_stdout, reason = "what a person wants to see")]
async fn receive(request: Request<Incoming>, secret: &str) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verified = verified(&head.headers, &body, secret);
    println!(
        "{} {} (attempt {}): {}\n  {}",
        header("x-webhook-event"),
        header("x-webhook-id"),
        header("x-webhook-retry").parse::<u32>().unwrap_or_default() + 1,
        if verified { "signature verified" } else { "SIGNATURE DOES NOT VERIFY" },
        String::from_utf8_lossy(&body),
    );
    let mut response = Response::new(Empty::new());
    *response.status_mut() = if verified { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    Ok(response)
}

/// Whether both sets of headers verify.
fn verified(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let standard = Webhook::new(secret).is_ok_and(|webhook| webhook.verify(body, headers).is_ok());
    let page = SigningSecret::parse(secret.to_owned()).is_ok_and(|secret| {
        verify(&secret, header("x-webhook-signature"), header("x-webhook-timestamp"), body, clock::now()).is_ok()
    });
    standard && page
}
