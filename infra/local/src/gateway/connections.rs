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
    /// `None` while a request is being answered.
    idle_since: Option<Instant>,
    close: CancellationToken,
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
        open.by_number.insert(number, Connection { idle_since: Some(Instant::now()), close: close.clone() });
        Place { number, close, connections: Arc::clone(self) }
    }

    /// Closes the connection that has had nothing to do for longest. Whether there was one.
    pub(super) fn close_longest_idle(&self) -> bool {
        let open = self.lock();
        let idle = open.by_number.values().filter(|connection| !connection.close.is_cancelled());
        let idle = idle.filter_map(|connection| connection.idle_since.map(|since| (since, connection)));
        idle.min_by_key(|(since, _)| *since).map(|(_, connection)| connection.close.cancel()).is_some()
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
    /// A request has come, or its answer is on the way.
    pub(super) fn busy(&self, busy: bool) {
        if let Some(connection) = self.connections.lock().by_number.get_mut(&self.number) {
            connection.idle_since = (!busy).then(Instant::now);
        }
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        self.connections.lock().by_number.get(&self.number).is_some_and(|connection| connection.idle_since.is_none())
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
        first.busy(true);
        let fourth = connections.open();
        assert!(second.close.is_cancelled(), "the first is busy");
        first.busy(false);
        drop(second);
        let fifth = connections.open();
        assert!(third.close.is_cancelled() && !first.close.is_cancelled(), "the first was busy not long ago");
        for place in [&first, &fourth, &fifth] {
            place.busy(true);
        }
        drop(third);
        assert!(!connections.close_longest_idle(), "none is idle");
        assert!(!connections.open().close.is_cancelled(), "the new one stays");
    }
}
