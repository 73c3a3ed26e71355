//! The embedded DynamoDB: `dynoxide` on one `SQLite` file, with group commit, and with a shorter way for the requests of
//! the hot path (`direct`).
//!
//! `dynoxide` commits each request by itself and would wait for the disk each time. Here one thread carries out the
//! requests that are waiting, in one transaction of `SQLite`, and another brings the log to the disk (the database runs
//! in WAL mode with `synchronous = NORMAL`, in which a commit is in the log but not yet on the disk) and only then
//! answers them. Meanwhile the next group is carried out. No caller ever sees an answer (success, conflict or read)
//! that a power failure could take back, but for counts of calls in rate windows. See `docs/adr/`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::Bytes;
use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use tokio::sync::oneshot;

use self::engine::Engine;
use self::flusher::{Flusher, Log};
use self::worker::Worker;
use super::stream_records::TRIM_LIMIT;
use super::{Answer, Calls};

mod direct;
mod engine;
mod expiry;
mod flusher;
mod worker;

/// Why the embedded database can't be opened.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OpenError {
    #[error("the database can't be opened")]
    Database(#[source] DynoxideError),
    #[error("the database's settings can't be changed")]
    Settings(#[source] rusqlite::Error),
    #[error("the database's log can't be opened")]
    Log(#[source] io::Error),
    #[error("the database's path is not UTF-8")]
    Path,
}

/// The database has been closed, or has stopped because the disk failed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the embedded database is closed")]
pub struct Closed;

/// A handle on the database's thread. Clones share it, and the last one closes the database.
#[derive(Debug, Clone)]
pub struct DynamoDb(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    jobs: mpsc::Sender<Job>,
    file: Option<PathBuf>,
    left: Calls,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Close(None));
    }
}

/// One request of the API.
#[derive(Debug)]
struct Call {
    operation: String,
    body: Bytes,
    reply: oneshot::Sender<Answer>,
}

#[derive(Debug)]
enum Job {
    Call(Call),
    Trim {
        table: String,
        before: String,
        reply: oneshot::Sender<usize>,
    },
    SweepTtl(oneshot::Sender<usize>),
    /// This many groups of answers have been given out, after a flush.
    Flushed(usize),
    /// The disk failed.
    Stop,
    Close(Option<oneshot::Sender<()>>),
}

impl DynamoDb {
    /// Opens or creates the database file.
    ///
    /// # Errors
    /// The file can't be opened, or is not a database of this version.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let storage = Storage::new(file.to_str().ok_or(OpenError::Path)?).map_err(OpenError::Database)?;
        let engine = Engine::new(storage).map_err(OpenError::Settings)?;
        let log = Log::open(file).map_err(OpenError::Log)?;
        Ok(Self::start(engine, Some((file.to_owned(), log))))
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// `SQLite` refuses, which it does only when there is no memory.
    pub fn memory() -> Result<Self, OpenError> {
        let storage = Storage::memory().map_err(OpenError::Database)?;
        Ok(Self::start(Engine::new(storage).map_err(OpenError::Settings)?, None))
    }

    fn start(engine: Engine, disk: Option<(PathBuf, Log)>) -> Self {
        let (jobs, waiting) = mpsc::channel();
        let (file, log) = disk.unzip();
        let left = engine.left().clone();
        let flusher = log.map(|log| Flusher::start(log, jobs.clone()));
        // Detached: it ends with `close`, or when the last handle is dropped.
        thread::spawn(move || Worker::new(engine, flusher).run(&waiting));
        Self(Arc::new(Handle { jobs, file, left }))
    }

    /// How many requests of each operation were left to `dynoxide`: all but those of the hot path.
    #[must_use]
    pub fn left(&self) -> &Calls {
        &self.0.left
    }

    /// Carries out one operation of the API.
    pub(super) async fn call(&self, operation: &str, body: Bytes) -> Result<Answer, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Call(Call { operation: operation.to_owned(), body, reply }))?;
        answer.await.map_err(|_| Closed)
    }

    /// Drops the table's stream records that are older than this sequence number.
    ///
    /// # Errors
    /// The database is closed.
    pub async fn trim_stream(&self, table: &str, before: &str) -> Result<(), Closed> {
        loop {
            let (reply, trimmed) = oneshot::channel();
            self.send(Job::Trim { table: table.to_owned(), before: before.to_owned(), reply })?;
            if trimmed.await.map_err(|_| Closed)? < TRIM_LIMIT {
                return Ok(());
            }
        }
    }

    /// Deletes items whose time to live has passed, in the background and in small steps. The receiver, which may be
    /// dropped, gets how many there were.
    #[must_use]
    pub fn sweep_ttl(&self) -> oneshot::Receiver<usize> {
        let (reply, swept) = oneshot::channel();
        match self.0.file.clone() {
            Some(file) => {
                let jobs = self.0.jobs.clone();
                thread::spawn(move || expiry::sweep(&file, &jobs, reply));
            }
            None => drop(self.send(Job::SweepTtl(reply))),
        }
        swept
    }

    /// Finishes the requests that are waiting, and closes the file.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.send(Job::Close(Some(reply))).is_ok() {
            let _ = closed.await;
        }
    }

    fn send(&self, job: Job) -> Result<(), Closed> {
        self.0.jobs.send(job).map_err(|_| Closed)
    }
}
