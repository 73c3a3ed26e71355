//! A receiver for the quick start: prints each delivery and whether its signature verifies.
//!
//! `cargo run --bin receiver -- whsec_... [port]` listens on <http://127.0.0.1:4000>, or on another port. It verifies
//! signatures as any subscriber can: the `webhook-*` headers with the Standard Webhooks library, and `X-Webhook-Signature`
//! as the docs of the API show.

use std::convert::Infallible;
use std::error::Error;
use std::net::Ipv4Addr;

use domain::clock;
use domain::signing::{SigningSecret, verify};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what a person wants to see")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (secret, port) = arguments().unwrap_or_else(|wrong| {
        eprintln!("{wrong}");
        std::process::exit(2)
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("waiting for deliveries on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let secret = secret.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| receive(request, &secret));
            // Errors of a connection are the sender's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// The endpoint's secret, and the port to listen on.
fn arguments() -> Result<(String, u16), String> {
    const USAGE: &str = "usage: receiver <signing secret of the endpoint: whsec_...> [port, by default 4000]";
    let given: Vec<String> = std::env::args().skip(1).collect();
    let (secret, port) = match given.as_slice() {
        [secret] => (secret, 4000),
        [secret, port] => (secret, port.parse().map_err(|_| USAGE)?),
        _ => return Err(USAGE.to_owned()),
    };
    SigningSecret::parse(secret.clone()).map_err(|error| format!("not a signing secret: {error}\n{USAGE}"))?;
    Ok((secret.clone(), port))
}

#[expect(clippy::print_stdout, reason = "what a person wants to see")]
async fn receive(request: Request<Incoming>, secret: &str) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verdict = verdict(&head.headers, &body, secret);
    println!(
        "{} {} (attempt {}): {}\n  {}",
        header("x-webhook-event"),
        header("x-webhook-id"),
        header("x-webhook-retry").parse::<u32>().unwrap_or_default() + 1,
        verdict.unwrap_or("SIGNATURE DOES NOT VERIFY"),
        String::from_utf8_lossy(&body),
    );
    let mut response = Response::new(Empty::new());
    *response.status_mut() = if verdict.is_some() { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    Ok(response)
}

/// The message when both sets of headers verify; `None` when one does not. While two secrets are valid during a
/// rotation, the signature by the secondary one is in a header of its own.
fn verdict(headers: &HeaderMap, body: &[u8], secret: &str) -> Option<&'static str> {
    Webhook::new(secret).ok()?.verify(body, headers).ok()?;
    let secret = SigningSecret::parse(secret.to_owned()).ok()?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verifies = |name| verify(&secret, header(name), header("x-webhook-timestamp"), body, clock::now()).is_ok();
    let verdicts = [
        ("x-webhook-signature", "signature verified"),
        ("x-webhook-signature-next", "signature verified with the secret that is not promoted yet"),
        ("x-webhook-signature-previous", "signature verified with the secret before"),
    ];
    verdicts.into_iter().find(|(name, _)| verifies(name)).map(|(_, verdict)| verdict)
}
