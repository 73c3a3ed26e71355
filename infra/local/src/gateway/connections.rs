//! The open connections: which are idle, since when, and which of them has to go when there are too many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So many file descriptors stay free for the data, the answers of name servers, and deliveries.
const RESERVED: u64 = 32;
/// So many connections are kept at least.
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
    /// It waits for a request, since then.
    Idle(Instant),
    /// A request is being answered.
    Working,
    /// The answer is made, and not all of it is taken.
    Answering,
}

impl Connections {
    /// As many as the process may open files, but for some.
    pub(super) fn within_limits() -> Arc<Self> {
        let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX);
        let limit = (files / 2).min(files.saturating_sub(RESERVED)).max(FEWEST);
        Self::at_most(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    fn at_most(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// A connection more, in whose place the longest idle one is closed if there are too many.
    pub(super) fn open(self: &Arc<Self>) -> Place {
        if self.lock().by_number.len() >= self.limit {
            self.close_longest_idle();
        }
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        let close = CancellationToken::new();
        open.by_number.insert(number, Connection { state: State::Idle(Instant::now()), close: close.clone() });
        Place { number, close, connections: Arc::clone(self) }
    }

    /// Closes the connection that has had nothing to do for longest. Whether there was one.
    pub(super) fn close_longest_idle(&self) -> bool {
        let open = self.lock();
        let idle = open.by_number.values().filter(|connection| !connection.close.is_cancelled());
        let idle = idle.filter_map(|connection| match connection.state {
            State::Idle(since) => Some((since, connection)),
            State::Working | State::Answering => None,
        });
        idle.min_by_key(|(since, _)| *since).map(|(_, connection)| connection.close.cancel()).is_some()
    }

    /// Tells every connection to make room, whatever it is doing.
    #[cfg(test)]
    pub(super) fn close_all(&self) {
        self.lock().by_number.values().for_each(|connection| connection.close.cancel());
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection among the others; it is given up when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    connections: Arc<Connections>,
    /// Told to make room.
    pub(super) close: CancellationToken,
}

impl Place {
    /// A request has come.
    pub(super) fn work(&self) {
        self.become_of(|_| State::Working);
    }

    /// Its answer is made and has to be written.
    pub(super) fn answer(&self) {
        self.become_of(|_| State::Answering);
    }

    /// All that was written is taken: the answer, or what goes before it.
    pub(super) fn taken(&self) {
        self.become_of(|state| match state {
            State::Answering => State::Idle(Instant::now()),
            State::Idle(_) | State::Working => state,
        });
    }

    /// Whether a request has come whose answer is not taken.
    pub(super) fn is_busy(&self) -> bool {
        let open = self.connections.lock();
        open.by_number.get(&self.number).is_some_and(|connection| !matches!(connection.state, State::Idle(_)))
    }

    fn become_of(&self, next: impl FnOnce(State) -> State) {
        if let Some(connection) = self.connections.lock().by_number.get_mut(&self.number) {
            connection.state = next(connection.state);
        }
    }
}

impl Drop for Place {
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
        for place in [&first, &fifth, &sixth] {
            place.work();
        }
        assert!(!connections.close_longest_idle(), "none is idle");
        assert!(!connections.open().close.is_cancelled(), "the new one stays");
    }
}
