//! `dynoxide` with many requests in one transaction of `SQLite`.
//!
//! `dynoxide` begins and ends a transaction for each write and has no setting for that. While a group is open, `SQLite`'s
//! authorizer turns these statements into ones that do nothing, and a savepoint takes their place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, ttl};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::direct::Direct;
use crate::embedded::operations::{Kind, execute, failure, finished, kind};
use crate::embedded::{Answer, Calls, stream_records};

/// `temp_store`: what savepoints set aside stays in memory.
const SETTINGS: &str = "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;";
/// How many statements `SQLite` keeps parsed.
const STATEMENTS: usize = 128;

/// The database, used by one thread.
pub(super) struct Engine {
    storage: Storage,
    vectors: VectorIndexLifecycle,
    direct: Direct,
    /// What was left to `dynoxide`.
    left: Calls,
    /// Whether a group is open, so that `dynoxide`'s own transactions must do nothing.
    open: Arc<AtomicBool>,
}

/// `SQLite` has rolled the group back, or can't commit it: nothing of it has happened.
pub(super) struct Lost;

impl Engine {
    pub(super) fn new(storage: Storage) -> rusqlite::Result<Self> {
        let connection = storage.conn();
        connection.execute_batch(SETTINGS)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        stream_records::index(connection)?;
        let open = Arc::new(AtomicBool::new(false));
        let ignore = Arc::clone(&open);
        connection.authorizer(Some(move |context: AuthContext<'_>| match context.action {
            AuthAction::Transaction { .. } if ignore.load(Ordering::Relaxed) => Authorization::Ignore,
            _ => Authorization::Allow,
        }));
        Ok(Self { storage, vectors: VectorIndexLifecycle::new(), direct: Direct::new(), left: Calls::default(), open })
    }

    /// How many requests of each operation were left to `dynoxide`.
    pub(super) fn left(&self) -> &Calls {
        &self.left
    }

    /// Whether a group is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Has `dynoxide` carry out one request in a transaction of its own. A panic in the database answers it with an
    /// error.
    pub(super) fn alone(&mut self, operation: &str, body: &[u8]) -> Answer {
        self.direct.forget_tables();
        caught(|| self.by_dynoxide(operation, body)).unwrap_or_else(|| {
            self.roll_back();
            failure(&DynoxideError::InternalServerError("the database panicked".to_owned()))
        })
    }

    /// Carries out one request as part of the group, which the first write opens. A request that is refused leaves
    /// nothing behind, and the group as it was.
    pub(super) fn together(&mut self, operation: &str, body: &[u8]) -> Result<Answer, Lost> {
        if kind(operation) != Kind::Write {
            return self.run(operation, body).ok_or(Lost);
        }
        if !self.is_open() {
            self.connection().execute_batch("BEGIN IMMEDIATE").map_err(|_| Lost)?;
            self.open.store(true, Ordering::Relaxed);
        }
        self.statement("SAVEPOINT request")?;
        let answer = self.run(operation, body).ok_or(Lost)?;
        if answer.status >= 400 {
            self.statement("ROLLBACK TO request")?;
        }
        self.statement("RELEASE request")?;
        Ok(answer)
    }

    /// Commits the group.
    pub(super) fn commit(&self) -> Result<(), Lost> {
        if !self.open.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        self.connection().execute_batch("COMMIT").map_err(|_| Lost)
    }

    /// Undoes the group.
    pub(super) fn roll_back(&self) {
        self.open.store(false, Ordering::Relaxed);
        if !self.connection().is_autocommit()
            && let Err(error) = self.connection().execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction can't be rolled back");
        }
    }

    /// See [`stream_records::trim`].
    pub(super) fn trim(&self, table: &str, before: &str) -> usize {
        stream_records::trim(self.connection(), table, before).unwrap_or_else(|error| {
            tracing::warn!(%error, table, "stream records can't be trimmed");
            0
        })
    }

    /// Deletes items whose time to live has passed, without letting requests in between, and returns how many.
    pub(super) fn sweep_ttl(&self) -> usize {
        finished(ttl::sweep_expired_items(&self.storage)).unwrap_or_else(|error| {
            tracing::warn!(%error, "items can't be deleted after their time to live");
            0
        })
    }

    fn connection(&self) -> &Connection {
        self.storage.conn()
    }

    /// Carries out a statement of the group. `SQLite` ends the whole transaction after some errors, such as a full disk.
    fn statement(&self, sql: &str) -> Result<(), Lost> {
        let done = self.connection().prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|_| Lost)
    }

    /// One operation as part of a group, or nothing if it panics.
    fn run(&mut self, operation: &str, body: &[u8]) -> Option<Answer> {
        if let Some(answer) = caught(|| self.direct.answer(&self.storage, operation, body))? {
            return Some(answer);
        }
        self.left.count(operation);
        let answer = caught(|| self.by_dynoxide(operation, body));
        self.direct.learn(answer.as_ref());
        answer
    }

    fn by_dynoxide(&self, operation: &str, body: &[u8]) -> Answer {
        execute(&self.storage, &self.vectors, operation, body)
    }
}

/// What `work` returns, or nothing if it panics.
fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests;
