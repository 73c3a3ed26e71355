//! The embedded DynamoDB: `dynoxide` on one `SQLite` file, with group commit.
//!
//! `dynoxide` commits each request by itself and would wait for the disk each time. Here the database runs in `SQLite`'s
//! WAL mode with `synchronous = NORMAL`, in which a commit is in the log but not yet on the disk, and one thread
//! carries out whatever requests are waiting, brings the log to the disk once, and only then answers them. No caller
//! ever sees an answer (success, conflict or read) that a power failure could take back. See `docs/adr/`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use tokio::sync::oneshot;

use super::Answer;
use super::operations::{Outcome, execute, failure};
use super::stream_records::{StreamRecords, TRIM_LIMIT};

/// How many requests share one trip to the disk at most, which limits how long the first of them waits for the last.
const GROUP: usize = 64;

/// Why the embedded database can't be opened.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OpenError {
    #[error("the database can't be opened")]
    Database(#[source] DynoxideError),
    #[error("the database's stream records can't be indexed")]
    StreamRecords(#[source] rusqlite::Error),
    #[error("the database's log can't be opened")]
    Log(#[source] io::Error),
    #[error("the database's path is not UTF-8")]
    Path,
}

/// The database has been closed, or has stopped because the disk failed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the embedded database is closed")]
pub struct Closed;

/// A handle on the database's thread. Clones share it.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    jobs: mpsc::Sender<Job>,
}

#[derive(Debug)]
enum Job {
    Call { operation: String, body: Bytes, reply: oneshot::Sender<Answer> },
    Trim { table: String, before: String, reply: oneshot::Sender<usize> },
    SweepTtl,
    Close(oneshot::Sender<()>),
}

impl DynamoDb {
    /// Opens or creates the database file.
    ///
    /// # Errors
    /// The file can't be opened, or is not a database of this version.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let database = Database::new(file.to_str().ok_or(OpenError::Path)?).map_err(OpenError::Database)?;
        // Despite its name, this is the one public way to `synchronous = NORMAL`; the other settings are SQLite's own.
        database.disable_bulk_loading().map_err(OpenError::Database)?;
        let stream_records = StreamRecords::open(file).map_err(OpenError::StreamRecords)?;
        let log = Log::open(file).map_err(OpenError::Log)?;
        Ok(Self::start(Worker { database, disk: Some(Disk { log, stream_records }) }))
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// `SQLite` refuses, which it does only when there is no memory.
    pub fn memory() -> Result<Self, OpenError> {
        let database = Database::memory().map_err(OpenError::Database)?;
        Ok(Self::start(Worker { database, disk: None }))
    }

    fn start(worker: Worker) -> Self {
        let (jobs, waiting) = mpsc::channel();
        // Detached: it ends with `close`, or when the last handle is dropped.
        thread::spawn(move || worker.run(&waiting));
        Self { jobs }
    }

    /// Carries out one operation of the API.
    pub(super) async fn call(&self, operation: &str, body: Bytes) -> Result<Answer, Closed> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Call { operation: operation.to_owned(), body, reply }).map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }

    /// Drops the table's stream records that are older than this sequence number.
    ///
    /// # Errors
    /// The database is closed.
    pub async fn trim_stream(&self, table: &str, before: &str) -> Result<(), Closed> {
        loop {
            let (reply, trimmed) = oneshot::channel();
            let job = Job::Trim { table: table.to_owned(), before: before.to_owned(), reply };
            self.jobs.send(job).map_err(|_| Closed)?;
            if trimmed.await.map_err(|_| Closed)? < TRIM_LIMIT {
                return Ok(());
            }
        }
    }

    /// Drops items whose time to live has passed, in the background and in small steps.
    pub fn sweep_ttl(&self) {
        let _ = self.jobs.send(Job::SweepTtl);
    }

    /// Finishes the requests that are waiting, and closes the file.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).is_ok() {
            let _ = closed.await;
        }
    }
}

/// The write-ahead log, which `SQLite` writes and this module syncs to the disk.
struct Log(File);

impl Log {
    fn open(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let log = File::open(PathBuf::from(path))?;
        // The names of the files must survive a power failure too.
        if let Some(directory) = database.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(Self(log))
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

struct Disk {
    log: Log,
    stream_records: StreamRecords,
}

/// The jobs that share one trip to the disk.
struct Group {
    /// Answers that are held back until what was written is on the disk.
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    wrote: bool,
    closing: Option<oneshot::Sender<()>>,
}

/// What the database's thread owns.
struct Worker {
    database: Database,
    disk: Option<Disk>,
}

impl Worker {
    fn run(self, jobs: &mpsc::Receiver<Job>) {
        let mut group = Group { answers: Vec::with_capacity(GROUP), wrote: false, closing: None };
        while group.closing.is_none()
            && let Ok(first) = jobs.recv()
        {
            for job in std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)) {
                self.carry_out(job, &mut group);
            }
            if std::mem::take(&mut group.wrote)
                && let Err(error) = self.sync()
            {
                // After a failed sync nobody knows what the disk holds; the next start finds out. The callers see a
                // closed database.
                tracing::error!(%error, "the database's log can't be written to the disk: the database stops");
                return;
            }
            for (reply, answer) in group.answers.drain(..) {
                let _ = reply.send(answer);
            }
        }
        drop(self);
        if let Some(closed) = group.closing {
            let _ = closed.send(());
        }
    }

    fn carry_out(&self, job: Job, group: &mut Group) {
        match job {
            Job::Call { operation, body, reply } => {
                let outcome = self.call(&operation, &body);
                group.wrote |= outcome.wrote;
                if group.wrote {
                    group.answers.push((reply, outcome.answer));
                } else {
                    // Nothing before it in this group is still on its way to the disk.
                    let _ = reply.send(outcome.answer);
                }
            }
            Job::Trim { table, before, reply } => {
                let _ = reply.send(self.trim(&table, &before));
            }
            Job::SweepTtl => self.sweep_ttl(),
            Job::Close(reply) => group.closing = Some(reply),
        }
    }

    /// One operation. A panic in the database answers that one request with an error.
    fn call(&self, operation: &str, body: &[u8]) -> Outcome {
        let run = std::panic::AssertUnwindSafe(|| execute(&self.database, operation, body));
        std::panic::catch_unwind(run).unwrap_or_else(|_| Outcome {
            answer: failure(&DynoxideError::InternalServerError("the database panicked".to_owned())),
            wrote: true,
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.as_ref().map_or(Ok(()), |disk| disk.log.sync())
    }

    fn trim(&self, table: &str, before: &str) -> usize {
        let Some(disk) = &self.disk else { return 0 };
        disk.stream_records.trim(table, before).unwrap_or_else(|error| {
            tracing::warn!(%error, table, "stream records can't be trimmed");
            0
        })
    }

    /// The sweep has a thread of its own and lets requests in between its pages.
    fn sweep_ttl(&self) {
        let database = self.database.clone();
        thread::spawn(move || match database.sweep_ttl() {
            Ok(0) => {}
            Ok(items) => tracing::debug!(items, "time to live has passed"),
            Err(error) => tracing::warn!(%error, "items can't be dropped after their time to live"),
        });
    }
}
