//! The open connections: which are idle, since when, and which one is closed when there are too many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many file descriptors are kept free for the data, name lookups and deliveries.
const RESERVED: u64 = 32;
/// How many connections may be open in any case.
const FEWEST: u64 = 16;

/// All connections that are open.
#[derive(Debug)]
pub(super) struct Connections {
    limit: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    state: State,
    close: CancellationToken,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy)]
enum State {
    /// It has waited for a request since this time.
    Idle(Instant),
    /// A request is being answered.
    Working,
    /// The answer is being written, and the client has not read all of it.
    Answering,
}

impl Connections {
    /// Connections up to half the files that the process may open, with some kept free.
    pub(super) fn within_limits() -> Arc<Self> {
        let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX);
        let limit = (files / 2).min(files.saturating_sub(RESERVED)).max(FEWEST);
        Self::at_most(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    fn at_most(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// Adds a connection; if there are too many, the one that has been idle for longest is closed.
    pub(super) fn open(self: &Arc<Self>) -> Slot {
        if self.lock().by_number.len() >= self.limit {
            self.close_longest_idle();
        }
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        let close = CancellationToken::new();
        open.by_number.insert(number, Connection { state: State::Idle(Instant::now()), close: close.clone() });
        Slot { number, close, connections: Arc::clone(self) }
    }

    /// Closes the connection that has been idle for longest. Returns whether there was one.
    pub(super) fn close_longest_idle(&self) -> bool {
        let open = self.lock();
        let idle = open.by_number.values().filter(|connection| !connection.close.is_cancelled());
        let idle = idle.filter_map(|connection| match connection.state {
            State::Idle(since) => Some((since, connection)),
            State::Working | State::Answering => None,
        });
        idle.min_by_key(|(since, _)| *since).map(|(_, connection)| connection.close.cancel()).is_some()
    }

    /// Tells every connection to close, whatever it is doing.
    #[cfg(test)]
    pub(super) fn close_all(&self) {
        self.lock().by_number.values().for_each(|connection| connection.close.cancel());
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the open connections, until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    number: u64,
    connections: Arc<Connections>,
    /// Cancelled when the connection has to close.
    pub(super) close: CancellationToken,
}

impl Slot {
    /// A request has begun.
    pub(super) fn work(&self) {
        self.change(|_| State::Working);
    }

    /// The handler has answered, and the answer is being written.
    pub(super) fn answer(&self) {
        self.change(|_| State::Answering);
    }

    /// The client has read all that was written: the answer, or an interim one before it.
    pub(super) fn taken(&self) {
        self.change(|state| match state {
            State::Answering => State::Idle(Instant::now()),
            State::Idle(_) | State::Working => state,
        });
    }

    /// Whether there is a request whose answer the client has not read.
    pub(super) fn is_busy(&self) -> bool {
        let open = self.connections.lock();
        open.by_number.get(&self.number).is_some_and(|connection| !matches!(connection.state, State::Idle(_)))
    }

    fn change(&self, next: impl FnOnce(State) -> State) {
        if let Some(connection) = self.connections.lock().by_number.get_mut(&self.number) {
            connection.state = next(connection.state);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_makes_room() {
        let connections = Connections::at_most(3);
        let (first, second, third) = (connections.open(), connections.open(), connections.open());
        first.work();
        let fourth = connections.open();
        assert!(second.close.is_cancelled(), "the first is busy");
        drop(second);
        first.answer();
        let fifth = connections.open();
        assert!(third.close.is_cancelled() && !first.close.is_cancelled(), "the first's answer is not taken");
        drop(third);
        first.taken();
        let sixth = connections.open();
        assert!(fourth.close.is_cancelled() && !first.close.is_cancelled(), "the first was busy not long ago");
        drop(fourth);
        for slot in [&first, &fifth, &sixth] {
            slot.work();
        }
        assert!(!connections.close_longest_idle(), "none is idle");
        assert!(!connections.open().close.is_cancelled(), "the new one stays");
    }
}
