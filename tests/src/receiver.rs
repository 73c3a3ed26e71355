//! A subscriber's server: real HTTP on loopback, which answers as the test says and keeps the requests.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::tls::Ca;

/// How long [`Receiver::wait_for`] waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Received {
    /// The value of a header; panics unless the request has it exactly once.
    #[must_use]
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("there is no header {name}"));
        assert!(values.next().is_none(), "the header {name} is there twice");
        value.to_str().unwrap()
    }

    /// The body as JSON; panics when it is not JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer of a receiver.
#[derive(Debug, Clone)]
pub struct Answer(Response<Bytes>);

impl Answer {
    /// An answer with this status and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self(Response::builder().status(status).body(Bytes::new()).unwrap())
    }

    /// A 302 to another address.
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("location", to)
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.0.body_mut() = body.into();
        self
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

type Script = Box<dyn FnMut(&Received) -> Answer + Send>;

/// What the server's tasks share with the test.
struct State {
    script: Mutex<Script>,
    requests: watch::Sender<Vec<Received>>,
    /// How many requests may still be answered.
    turns: Semaphore,
    forgetful: AtomicBool,
}

/// The server. It answers 200 until the test says otherwise, and stops when it is dropped.
pub struct Receiver {
    url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts a server for plain HTTP.
    pub async fn start() -> Self {
        Self::listen("http", None).await
    }

    /// Starts a server for HTTPS with a certificate of `ca`.
    pub async fn https(ca: &Ca) -> Self {
        Self::listen("https", Some(ca.server("127.0.0.1"))).await
    }

    async fn listen(scheme: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("{scheme}://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(State {
            script: Mutex::new(Box::new(|_| Answer::status(200))),
            requests: watch::Sender::new(Vec::new()),
            turns: Semaphore::new(Semaphore::MAX_PERMITS),
            forgetful: AtomicBool::new(false),
        });
        let server = tokio::spawn(serve(listener, tls.map(TlsAcceptor::from), Arc::clone(&state)));
        Self { url, state, server }
    }

    /// The URL of its hook, for an endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers these one after the other, and repeats the last one.
    pub fn answer_with<A: Into<Answer>>(&self, answers: impl IntoIterator<Item = A>) {
        let mut answers: VecDeque<Answer> = answers.into_iter().map(Into::into).collect();
        self.answer(move |_| if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() });
    }

    /// Answers each request with what `script` returns for it.
    pub fn answer(&self, script: impl FnMut(&Received) -> Answer + Send + 'static) {
        *self.state.script.lock().unwrap() = Box::new(script);
    }

    /// Takes requests and answers none until [`Receiver::release`].
    pub fn hang(&self) {
        self.state.turns.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Answers one of the waiting requests.
    pub fn answer_one(&self) {
        self.state.turns.add_permits(1);
    }

    /// Answers the waiting requests, and the following ones at once.
    pub fn release(&self) {
        let turns = &self.state.turns;
        turns.add_permits(Semaphore::MAX_PERMITS - turns.available_permits());
    }

    /// Keeps connections open, and closes one without an answer when a second request comes on it.
    pub fn forget_connections(&self) {
        self.state.forgetful.store(true, Ordering::SeqCst);
    }

    /// The requests that have arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.state.requests.borrow().clone()
    }

    /// The number of requests that have arrived.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.requests.borrow().len()
    }

    /// The only request that has arrived; panics when there is none or another.
    #[must_use]
    #[track_caller]
    pub fn only(&self) -> Received {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "requests at the receiver");
        requests.remove(0)
    }

    /// Waits until `count` requests have arrived, and returns all; panics after ten seconds.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut requests = self.state.requests.subscribe();
        let arrived = tokio::time::timeout(PATIENCE, requests.wait_for(|requests| requests.len() >= count)).await;
        let arrived = arrived.unwrap_or_else(|_| panic!("{} of {count} requests arrived", self.count()));
        arrived.unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(connection(stream, tls.clone(), Arc::clone(&state)));
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    match tls {
        None => speak(stream, state).await,
        Some(tls) => {
            // A sender that doesn't trust the certificate hangs up here.
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, state).await;
            }
        }
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, state: Arc<State>) {
    let used = AtomicBool::new(false);
    let service = service_fn(move |request| {
        let forgotten = used.swap(true, Ordering::SeqCst) && state.forgetful.load(Ordering::SeqCst);
        let state = Arc::clone(&state);
        async move {
            if forgotten {
                Err(io::Error::other("the connection is forgotten"))
            } else {
                Ok(answer(request, state).await)
            }
        }
    });
    // A sender that hangs up in the middle is what some tests are about.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: Arc<State>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let received = Received { method: head.method, path: head.uri.path().to_owned(), headers: head.headers, body };
    state.requests.send_modify(|requests| requests.push(received.clone()));
    if let Ok(turn) = state.turns.acquire().await {
        turn.forget();
    }
    let Answer(response) = (state.script.lock().unwrap())(&received);
    response.map(Full::new)
}
