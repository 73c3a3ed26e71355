//! The connections to each server: kept while they are idle, passed on as they come free, and not more of them than the
//! server's answers need.
//!
//! Deliveries come in bursts. If each attempt of a burst that finds no idle connection opened one, a receiver that
//! answers in a millisecond would be sent a hundred handshakes for a hundred requests that ten connections carry in ten
//! milliseconds. So an attempt waits a moment for a connection that is in use, and opens one when none has come free:
//! the number of connections grows to what answers of this length need, and falls as the unused ones expire. It grows
//! in steps, since a thousand handshakes at once would take either side's processor for longer than they may last.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::connection::{CONNECT_TIMEOUT, Connection};

#[cfg(test)]
mod tests;

/// How long an unused connection is kept. Less than the 5 seconds after which common servers (Node.js, Apache) close
/// theirs: a request on a connection that is just being closed has to be sent twice. It also bounds the idle
/// connections, to as many as were in use at once in the last few seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How often expired connections are closed.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// How many connections to a server are opened without a wait for one that is in use: as many as a batch of the queue
/// has deliveries.
const UNHURRIED: usize = 10;

/// The shortest and the longest wait for a connection that is in use. Where answers take so long that even the longest
/// would be too short for one, there is no wait.
const WAIT: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(50));

/// How many connections to a server are being opened at a time, beyond the first.
const OPENING: usize = 20;

/// The longest wait for the others that are being opened: as long as one of them may take. A server that can't be reached
/// answers none.
const OPENING_WAIT: Duration = CONNECT_TIMEOUT;

/// The connections. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Servers>>);

#[derive(Default)]
struct Servers {
    /// By scheme, host and port.
    by_name: HashMap<Arc<str>, Server>,
    /// Whether a task that closes expired connections is running.
    swept: bool,
}

struct Server {
    /// The most recently used last.
    idle: Vec<(Instant, Connection)>,
    /// How many places are taken.
    taken: usize,
    /// The attempts that wait for a place; the one that has waited longest first.
    waiting: VecDeque<oneshot::Sender<Grant>>,
    /// The moving average of how long requests have occupied a connection.
    answer_time: Option<Duration>,
    /// Permits to open connections.
    opening: Arc<Semaphore>,
}

impl Default for Server {
    fn default() -> Self {
        let opening = Arc::new(Semaphore::new(OPENING));
        Self { idle: Vec::new(), taken: 0, waiting: VecDeque::new(), answer_time: None, opening }
    }
}

/// A place among those who use connections to a server, until it is dropped or [kept](Place::keep).
pub(super) struct Place {
    pool: Pool,
    server: Arc<str>,
    /// When the connection got its request.
    since: Instant,
    /// Whether it still has to be given back.
    held: bool,
    /// While the connection is being opened.
    opening: Option<OwnedSemaphorePermit>,
}

/// A place, with a connection that was used before; without one, a connection is to be opened.
pub(super) type Grant = (Place, Option<Connection>);

/// When an attempt gets its place.
enum Turn {
    Now(Grant),
    /// When one comes free, or when it may open one after this time.
    Later(oneshot::Receiver<Grant>, Duration, Arc<Semaphore>),
}

impl Pool {
    /// A place among those who use connections to `server`, after a short wait if there are many and answers are quick.
    pub(super) async fn place(&self, server: &str) -> Grant {
        match self.turn(server) {
            Turn::Now(grant) => grant,
            Turn::Later(granted, patience, opening) => tokio::select! {
                biased;
                Ok(grant) = granted => grant,
                permit = permit(patience, opening) => self.open_another(server, permit),
            },
        }
    }

    /// The most recently used idle connection, or a place to open one, or a wait for either.
    fn turn(&self, name: &str) -> Turn {
        let mut servers = lock(&self.0);
        let name = self.entry(&mut servers, name);
        let server = servers.by_name.entry(Arc::clone(&name)).or_default();
        while let Some((since, connection)) = server.idle.pop() {
            if usable(since, &connection) {
                server.taken += 1;
                return Turn::Now((self.taken(name), Some(connection)));
            }
        }
        if server.taken < UNHURRIED {
            server.taken += 1;
            return Turn::Now((self.taken(name), None));
        }
        let (grant, granted) = oneshot::channel();
        server.waiting.push_back(grant);
        Turn::Later(granted, patience(server.answer_time), Arc::clone(&server.opening))
    }

    fn open_another(&self, name: &str, opening: Option<OwnedSemaphorePermit>) -> Grant {
        let mut servers = lock(&self.0);
        let name = self.entry(&mut servers, name);
        servers.by_name.entry(Arc::clone(&name)).or_default().taken += 1;
        let mut place = self.taken(name);
        place.opening = opening;
        (place, None)
    }

    /// The name of `server` as the key of its entry. Whenever there are entries, a task closes what expires.
    fn entry(&self, servers: &mut Servers, server: &str) -> Arc<str> {
        if !servers.swept {
            servers.swept = true;
            tokio::spawn(self.clone().sweep());
        }
        servers.by_name.get_key_value(server).map_or_else(|| Arc::from(server), |(name, _)| Arc::clone(name))
    }

    fn taken(&self, server: Arc<str>) -> Place {
        Place { pool: self.clone(), server, since: Instant::now(), held: true, opening: None }
    }

    /// Gives a place, with its connection if that can be used again, to whoever has waited longest. A place that nobody
    /// waits for is given up, and its connection kept.
    fn pass_on(&self, name: &Arc<str>, mut connection: Option<Connection>, took: Duration) {
        let mut servers = lock(&self.0);
        let Some(server) = servers.by_name.get_mut(name) else { return };
        server.answer_time = Some(server.answer_time.map_or(took, |average| (average * 7 + took) / 8));
        while let Some(waiting) = server.waiting.pop_front() {
            let Err((mut place, unused)) = waiting.send((self.taken(Arc::clone(name)), connection)) else { return };
            // It does not wait any more.
            place.held = false;
            connection = unused;
        }
        server.taken -= 1;
        server.idle.extend(connection.map(|connection| (Instant::now(), connection)));
    }

    /// Closes connections as they expire, until there is no server left.
    async fn sweep(self) {
        loop {
            sleep(SWEEP_PAUSE).await;
            let mut servers = lock(&self.0);
            servers.by_name.retain(|_, server| {
                server.idle.retain(|(since, connection)| usable(*since, connection));
                server.taken > 0 || !server.idle.is_empty()
            });
            if servers.by_name.is_empty() {
                servers.swept = false;
                return;
            }
        }
    }
}

impl Place {
    /// The connection is open, and gets a request now.
    pub(super) fn begin(&mut self) {
        self.since = Instant::now();
        self.opening = None;
    }

    /// Gives up the place, and the connection for the next request to the same server.
    pub(super) fn keep(mut self, connection: Connection) {
        self.held = false;
        self.pool.pass_on(&self.server, Some(connection), self.since.elapsed());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.held {
            self.pool.pass_on(&self.server, None, self.since.elapsed());
        }
    }
}

/// Waits for `patience`, and then for a permit to open a connection; none is there if others take too long.
async fn permit(patience: Duration, opening: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if !patience.is_zero() {
        sleep(patience).await;
    }
    timeout(OPENING_WAIT, opening.acquire_owned()).await.ok()?.ok()
}

/// How long to wait for a connection where answers have taken this long: twice that, within limits.
fn patience(answer_time: Option<Duration>) -> Duration {
    let (shortest, longest) = WAIT;
    let wait = answer_time.map_or(shortest, |average| (average * 2).max(shortest));
    if wait > longest { Duration::ZERO } else { wait }
}

fn usable(since: Instant, connection: &Connection) -> bool {
    since.elapsed() < IDLE_TIMEOUT && connection.is_ready()
}

fn lock(servers: &Mutex<Servers>) -> MutexGuard<'_, Servers> {
    servers.lock().unwrap_or_else(PoisonError::into_inner)
}
