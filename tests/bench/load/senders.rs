//! The integrators: connections that post work orders.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep_until;

/// How long the description of a work order is, so that its event has about a kilobyte.
const DESCRIPTION: usize = 500;

/// An event that was accepted, and when, since the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) number: usize,
    pub(crate) sent: Duration,
    pub(crate) answered: Duration,
}

/// What is posted.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) system: SocketAddr,
    /// Each event is posted with the next one.
    pub(crate) keys: Arc<[String]>,
    pub(crate) events: usize,
    pub(crate) senders: usize,
    /// How long after each other events are due; without it, each sender posts as soon as it is answered.
    pub(crate) pause: Option<Duration>,
    pub(crate) start: Instant,
}

impl Load {
    /// Posts everything, and returns what was accepted.
    pub(crate) async fn run(self) -> Vec<Post> {
        let (next, posts) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::with_capacity(self.events))));
        let began = Instant::now();
        let senders: Vec<_> = (0..self.senders)
            .map(|_| tokio::spawn(self.clone().post_all(Arc::clone(&next), began, Arc::clone(&posts))))
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        let posts = posts.lock().unwrap();
        posts.clone()
    }

    /// One sender, which takes the next number until there is none.
    async fn post_all(self, next: Arc<AtomicUsize>, began: Instant, posts: Arc<Mutex<Vec<Post>>>) {
        let mut connection = Connection::open(self.system).await;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.events {
                return;
            }
            if let Some(pause) = self.pause {
                sleep_until((began + pause * u32::try_from(number).unwrap()).into()).await;
            }
            let body = json!({
                "workOrderNumber": format!("WO-{number}"),
                "title": "Benchmark",
                "description": "x".repeat(DESCRIPTION),
            });
            let key = &self.keys[number % self.keys.len()];
            let sent = self.start.elapsed();
            let status = connection.post("/api/webhook/workorder", key, &body).await;
            if status == StatusCode::OK {
                posts.lock().unwrap().push(Post { number, sent, answered: self.start.elapsed() });
            }
        }
    }
}

/// Subscribes `url` to the events of new work orders.
pub(crate) async fn create_endpoint(system: SocketAddr, key: &str, url: &str) {
    let body = json!({ "url": url, "events": ["workorder.created"] });
    let status = Connection::open(system).await.post("/api/endpoints", key, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{url}");
}

/// A connection that is kept.
struct Connection {
    system: SocketAddr,
    requests: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(system: SocketAddr) -> Self {
        let stream = TcpStream::connect(system).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { system, requests }
    }

    /// Posts, and returns the status of the answer.
    async fn post(&mut self, path: &str, key: &str, body: &Value) -> StatusCode {
        let request = Request::post(path)
            .header("host", self.system.to_string())
            .header("x-api-key", key)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        self.requests.ready().await.unwrap();
        let answer = self.requests.send_request(request).await.unwrap();
        let status = answer.status();
        answer.into_body().collect().await.unwrap();
        status
    }
}
