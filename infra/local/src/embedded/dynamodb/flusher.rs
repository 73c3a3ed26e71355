//! The thread that brings the log to the disk, and then gives out the answers that waited for it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::{Closed, Job};
use crate::embedded::Answer;

/// The answers of one committed group.
pub(super) type Answers = Vec<(oneshot::Sender<Answer>, Answer)>;

/// The write-ahead log, which `SQLite` writes and this module syncs to the disk.
pub(super) struct Log(File);

impl Log {
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let log = File::open(PathBuf::from(path))?;
        // The names of the files must survive a power failure too.
        if let Some(directory) = database.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(Self(log))
    }

    fn flush(&self) -> Result<(), Closed> {
        // After a failed sync nobody knows what the disk holds; the next start finds out. The callers see a closed database.
        self.0.sync_data().map_err(|error| {
            tracing::error!(%error, "the database's log can't be written to the disk: the database stops");
            Closed
        })
    }
}

/// The flusher's thread. It tells the database's thread when it has given out answers, and when the disk failed.
pub(super) struct Flusher {
    log: Arc<Log>,
    groups: mpsc::Sender<Answers>,
    thread: JoinHandle<()>,
}

impl Flusher {
    pub(super) fn start(log: Log, jobs: mpsc::Sender<Job>) -> Self {
        let (groups, committed) = mpsc::channel();
        let log = Arc::new(log);
        let thread = thread::spawn({
            let log = Arc::clone(&log);
            move || {
                if flush(&log, &committed, &jobs).is_err() {
                    let _ = jobs.send(Job::Stop);
                }
            }
        });
        Self { log, groups, thread }
    }

    /// Brings the log to the disk in the caller's thread: for a call that is alone, which two threads would only delay.
    pub(super) fn flush(&self) -> Result<(), Closed> {
        self.log.flush()
    }

    /// Gives these answers out after the next flush. What they say must be committed.
    pub(super) fn give_out(&self, answers: Answers) -> Result<(), Closed> {
        self.groups.send(answers).map_err(|_| Closed)
    }

    /// Waits until all answers have been given out.
    pub(super) fn finish(self) {
        drop(self.groups);
        let _ = self.thread.join();
    }
}

/// Serves one flush after the other, each for all groups that wait for it.
fn flush(log: &Log, committed: &mpsc::Receiver<Answers>, jobs: &mpsc::Sender<Job>) -> Result<(), Closed> {
    while let Ok(first) = committed.recv() {
        let groups: Vec<Answers> = std::iter::once(first).chain(committed.try_iter()).collect();
        log.flush()?;
        // First, so that the database's thread can commit the next group while these callers wake up.
        let _ = jobs.send(Job::Flushed(groups.len()));
        for (reply, answer) in groups.into_iter().flatten() {
            let _ = reply.send(answer);
        }
    }
    Ok(())
}
