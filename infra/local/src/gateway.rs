//! The API Gateway of the local system: it takes HTTP/1.1 requests, hands them as API Gateway events to functions of this
//! process or [elsewhere](crate::lambdas), and returns the answers.
//!
//! Every request is answered or cut off in time: the gateway waits neither for a sender that has gone silent nor for a
//! client that does not read its answer, closes idle connections for new ones, and answers 500 for a handler that
//! panics. Its own answers are problems like those of the functions, and every answer has `X-Request-ID`.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::defect::DefectCode;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use inbound::http::{Guard, is_api};
use inbound::problem::{Problem, ProblemCode};
use lambda_http::Body;
use lambda_http::http::header::{HOST, HeaderName};
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use telemetry::guard::guarded;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::body::{closing, collect};
use self::connections::Connections;
use self::event::Arrival;
use self::patient::Patient;
use crate::backlog::Backlog;
use crate::clock::Clock;

pub use self::route::{DEFAULT_ROUTE, HttpHandler, Route, Routes, http_handler};

mod body;
mod connections;
mod event;
mod patient;
mod route;
#[cfg(test)]
mod tests;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long the rest of a request's head may take once the system stops.
const GRACE: Duration = Duration::from_millis(250);

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For sending the head of a request, from its first byte or from the end of the previous answer.
    pub head: Duration,
    /// For sending the body, from the end of the head.
    pub body: Duration,
    /// For reading an answer, from the moment at which the client does not read as fast as it is written.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), body: Duration::from_secs(10), answer: Duration::from_mins(1) }
    }
}

/// The gateway, which all connections share.
#[derive(Debug)]
pub struct Gateway {
    routes: Routes,
    clock: Clock,
    answered: Arc<Notify>,
    patience: Patience,
    guard: Option<Guard>,
    connections: Arc<Connections>,
    backlog: Option<Backlog>,
}

impl Gateway {
    /// A gateway with these routes. `answered` is notified after each request that may have changed something.
    #[must_use]
    pub fn new(routes: Routes, clock: Clock, answered: Arc<Notify>, patience: Patience) -> Self {
        let connections = Connections::within_limits();
        Self { routes, clock, answered, patience, guard: None, connections, backlog: None }
    }

    /// The same gateway, where `guard` counts the requests that the gateway refuses by itself.
    #[must_use]
    pub fn guarded_by(self, guard: Guard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// The same gateway, where requests that raise events wait while `backlog` is long.
    #[must_use]
    pub fn paced_by(self, backlog: Backlog) -> Self {
        Self { backlog: Some(backlog), ..self }
    }

    /// Accepts connections until `stop`, then finishes the requests that are under way.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    tasks.spawn(Arc::clone(&self).connection(stream, peer, stop.clone()));
                }
                Err(error) => {
                    // Most likely there are no file descriptors left: closing a connection frees one.
                    tracing::warn!(%error, "a connection can't be accepted");
                    self.connections.close_longest_idle();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Answers the requests of one connection, until it ends, must make room for another, or `stop`.
    pub async fn connection<S>(self: Arc<Self>, stream: S, peer: SocketAddr, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let slot = Arc::new(self.connections.open());
        let (Patience { head, answer, .. }, service_slot) = (self.patience, Arc::clone(&slot));
        let service = service_fn(move |request| {
            let (gateway, slot) = (Arc::clone(&self), Arc::clone(&service_slot));
            async move {
                slot.work();
                let response = gateway.answer(request, peer).await;
                slot.answer();
                Ok::<_, Infallible>(response)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(head);
        let answered = Arc::clone(&slot);
        let stream = TokioIo::new(Patient::new(stream, answer, move || answered.taken()));
        let mut connection = std::pin::pin!(http.serve_connection(stream, service));
        let grace = tokio::select! {
            ended = connection.as_mut() => return log_end(ended, peer),
            () = slot.close.cancelled() => Duration::ZERO,
            () = stop.cancelled() => GRACE,
        };
        // The request that is being answered is the last one; a request that has not begun is not waited for.
        connection.as_mut().graceful_shutdown();
        let idle = async {
            while slot.is_busy() {
                tokio::time::sleep(GRACE).await;
            }
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            ended = connection.as_mut() => log_end(ended, peer),
            () = idle => {}
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let request_id = format!("req_{}", ulid::Ulid::generate());
        let is_api = is_api(request.uri().path());
        let invoked = guarded("gateway", &request_id, self.invoke(request, peer, &request_id)).await;
        let mut response = invoked
            .unwrap_or_else(|| Err(Problem::panicked()))
            .unwrap_or_else(|problem| problem.into_response(&request_id))
            .map(|body| Full::new(event::into_bytes(body)));
        if is_api {
            self.report_limits(&mut response, peer).await;
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().entry(REQUEST_ID).or_insert(value);
        }
        response
    }

    /// Adds rate-limit headers to the gateway's own answers: those of the window of the client's address.
    async fn report_limits<B>(&self, response: &mut Response<B>, peer: SocketAddr) {
        let status = response.status();
        // A function that could not count has answered 503: its counter would not be available now either.
        if response.headers().contains_key("ratelimit") || status == StatusCode::SERVICE_UNAVAILABLE {
            return;
        }
        let Some(guard) = &self.guard else { return };
        let address = peer.ip().to_string();
        if let Some(window) = guard.window(Some(&address), status, self.clock.now()).await {
            window.write_headers(response.headers_mut());
        }
    }

    /// Finds the function, reads the body and runs the handler.
    async fn invoke(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        request_id: &str,
    ) -> Result<Response<Body>, Problem> {
        let (head, body) = request.into_parts();
        let Some((route, path_parameters)) = self.routes.find(&head.method, head.uri.path()) else {
            // The connection is closed: an unread body would be taken for the next request.
            let problem = Problem::not_found("path");
            return Err(if body.is_end_stream() { problem } else { closing(problem) });
        };
        if head.version >= Version::HTTP_11 && head.uri.host().is_none() && !head.headers.contains_key(HOST) {
            let problem = Problem::invalid_field("Host", DefectCode::Required, "is required");
            return Err(if body.is_end_stream() { problem } else { closing(problem) });
        }
        let body = self.read(body).await?;
        if let Some(backlog) = self.backlog.as_ref().filter(|_| raises_events(&head)) {
            backlog.pace().await;
        }
        let arrival = Arrival {
            route_key: route.key(),
            path_parameters,
            source_ip: peer.ip(),
            request_id,
            now: self.clock.now(),
        };
        self.run(route, head, &body, arrival).await
    }

    /// Runs the handler to its end even if the client hangs up, as Lambda does.
    async fn run(
        &self,
        route: &Route,
        head: Parts,
        body: &Bytes,
        arrival: Arrival<'_>,
    ) -> Result<Response<Body>, Problem> {
        let reads_only = head.method.is_safe();
        let handler = route.handler();
        let (event, context) = event::event(&head, body, route.function(), arrival);
        let response = tokio::spawn(handler(event, context)).await.map_err(|_| Problem::panicked());
        if !reads_only {
            self.answered.notify_one();
        }
        response
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, Problem> {
        let late = |_| {
            let detail = format!("The body did not arrive within {} s.", self.patience.body.as_secs());
            closing(Problem::new(ProblemCode::RequestTimeout, detail))
        };
        tokio::time::timeout(self.patience.body, collect(body)).await.map_err(late)?
    }
}

/// Listens on a port of 127.0.0.1; 0 = any free port.
pub(crate) async fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Whether a request may raise events.
fn raises_events(head: &Parts) -> bool {
    let path = head.uri.path();
    head.method == Method::POST && (path.starts_with("/api/webhook/") || path == "/api/events")
}

fn log_end(ended: hyper::Result<()>, peer: SocketAddr) {
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
