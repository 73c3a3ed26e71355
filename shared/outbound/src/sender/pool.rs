//! Connections that wait for the next delivery to the same server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection::Connection;

/// How long an unused connection is kept. Less than the 5 seconds after which common servers (Node.js, Apache) close
/// theirs: a request on a connection that is just being closed has to be sent twice. It also bounds the idle connections
/// to the endpoints of the last few seconds, however many endpoints there are.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How often those whose time is over are looked for.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// How many unused connections are kept for one server.
const IDLE_PER_SERVER: usize = 128;

/// The unused connections. Cheap to clone; its clones share them.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Idle>>);

#[derive(Default)]
struct Idle {
    /// By scheme, host and port; those that were used last are at the end.
    servers: HashMap<String, Vec<(Instant, Connection)>>,
    /// Whether there is a task that closes those whose time is over.
    swept: bool,
}

impl Pool {
    /// The connection to `server` that was used last.
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

    /// Keeps a connection for the next request to `server`, unless enough of them wait.
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

    /// Closes connections as their time is over, until none are left.
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
