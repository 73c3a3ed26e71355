//! The subscribers: one server whose paths are the endpoints.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// What stands before the number of an event in its body.
const MARK: &[u8] = br#""workOrderNumber":"WO-"#;
/// How often is looked whether everything has arrived.
const GLANCE: Duration = Duration::from_millis(10);
/// How long an endpoint takes that is late: a second less than a delivery may.
const LATE: Duration = Duration::from_secs(29);

/// How many endpoints do not do as they should. Those that hang are the first, then come those that are late, then those
/// that fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) hanging: usize,
    pub(crate) late: usize,
    pub(crate) failing: usize,
}

impl Faults {
    pub(crate) fn count(self) -> usize {
        self.hanging + self.late + self.failing
    }

    /// Waits for as long as this endpoint lets its deliveries wait, and returns what it answers.
    async fn answer_of(self, endpoint: usize) -> StatusCode {
        if endpoint < self.hanging {
            pending::<()>().await;
        } else if endpoint < self.hanging + self.late {
            sleep(LATE).await;
        } else if endpoint < self.count() {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        StatusCode::OK
    }
}

/// What has arrived at the endpoints that do as they should.
#[derive(Debug, Default, Clone)]
pub(crate) struct Arrivals {
    /// When each event arrived first, by its number and the endpoint.
    pub(crate) first: HashMap<(usize, usize), Duration>,
    /// How many arrived again.
    pub(crate) repeated: usize,
}

impl Arrivals {
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }
}

/// The server.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    start: Instant,
    pub(crate) faults: Faults,
    connections: AtomicUsize,
    arrivals: Mutex<Arrivals>,
}

impl Receiver {
    /// Starts the server on any free port.
    pub(crate) async fn start(start: Instant, faults: Faults) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver =
            Arc::new(Self { address, start, faults, connections: AtomicUsize::new(0), arrivals: Mutex::default() });
        tokio::spawn(Arc::clone(&receiver).serve(listener));
        receiver
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What has arrived so far.
    pub(crate) fn arrivals(&self) -> Arrivals {
        self.arrivals.lock().unwrap().clone()
    }

    /// Waits until so many deliveries have arrived, or none has for as long as `patience`.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) {
        let (mut arrived, mut since) = (0, Instant::now());
        while arrived < count && since.elapsed() < patience {
            sleep(GLANCE).await;
            let now = self.arrivals.lock().unwrap().len();
            if now > arrived {
                (arrived, since) = (now, Instant::now());
            }
        }
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            self.connections.fetch_add(1, Ordering::Relaxed);
            let receiver = Arc::clone(&self);
            let service = service_fn(move |request| Arc::clone(&receiver).answer(request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let at = self.start.elapsed();
        let endpoint = request.uri().path().trim_start_matches('/').parse().unwrap();
        let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        if endpoint < self.faults.count() {
            let status = self.faults.answer_of(endpoint).await;
            return Ok(Response::builder().status(status).body(Empty::new()).unwrap());
        }
        if let Some(number) = number(&body) {
            let mut arrivals = self.arrivals.lock().unwrap();
            let known = arrivals.first.len();
            arrivals.first.entry((number, endpoint)).or_insert(at);
            arrivals.repeated += usize::from(arrivals.first.len() == known);
        }
        Ok(Response::new(Empty::new()))
    }
}

/// The number of the event in this body.
fn number(body: &[u8]) -> Option<usize> {
    let at = body.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}
