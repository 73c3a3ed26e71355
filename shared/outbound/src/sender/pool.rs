//! Idle connections, kept for the next delivery to the same server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection::Connection;

/// How long an unused connection is kept. Less than the 5 seconds after which common servers (Node.js, Apache) close
/// theirs: a request on a connection that is just being closed has to be sent twice. It also bounds the idle
/// connections to the endpoints of the last few seconds, however many endpoints there are.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How often expired connections are closed.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// How many idle connections are kept per server.
const IDLE_PER_SERVER: usize = 128;

/// The idle connections. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Idle>>);

#[derive(Default)]
struct Idle {
    /// By scheme, host and port; the most recently used last.
    servers: HashMap<String, Vec<(Instant, Connection)>>,
    /// Whether a task that closes expired connections is running.
    swept: bool,
}

impl Pool {
    /// Takes the most recently used connection to `server`.
    pub(super) fn take(&self, server: &str) -> Option<Connection> {
        let mut idle = lock(&self.0);
        let waiting = idle.servers.get_mut(server)?;
        while let Some((since, connection)) = waiting.pop() {
            if usable(since, &connection) {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next request to `server`, unless there are enough.
    pub(super) fn put(&self, server: String, connection: Connection) {
        let mut idle = lock(&self.0);
        let waiting = idle.servers.entry(server).or_default();
        if waiting.len() < IDLE_PER_SERVER {
            waiting.push((Instant::now(), connection));
        }
        if !idle.swept {
            idle.swept = true;
            tokio::spawn(self.clone().sweep());
        }
    }

    /// Closes connections as they expire, until none are left.
    async fn sweep(self) {
        loop {
            sleep(SWEEP_PAUSE).await;
            let mut idle = lock(&self.0);
            idle.servers.retain(|_, waiting| {
                waiting.retain(|(since, connection)| usable(*since, connection));
                !waiting.is_empty()
            });
            if idle.servers.is_empty() {
                idle.swept = false;
                return;
            }
        }
    }
}

fn usable(since: Instant, connection: &Connection) -> bool {
    since.elapsed() < IDLE_TIMEOUT && connection.is_ready()
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
