//! The database's thread: it carries out requests in groups.

use std::sync::mpsc;

use super::engine::Engine;
use super::flusher::Flusher;
use super::{Call, Closed, Job};
use crate::embedded::Answer;
use crate::embedded::operations::{Kind, is_passing, kind};

/// How many requests a group has at most, which limits how long the first of them waits for the last.
const GROUP: usize = 64;

/// What the database's thread owns.
pub(super) struct Worker {
    engine: Engine,
    /// `None` for a database in memory.
    flusher: Option<Flusher>,
    /// How many groups of answers the flusher has not given out yet.
    flushing: usize,
    /// What has been carried out and not given out.
    group: Vec<(Call, Answer)>,
    /// Whether the group has written anything that a power failure must not take back.
    lasts: bool,
}

impl Worker {
    pub(super) fn new(engine: Engine, flusher: Option<Flusher>) -> Self {
        Self { engine, flusher, flushing: 0, group: Vec::with_capacity(GROUP), lasts: false }
    }

    /// Works until the database is closed or the disk fails.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let closing = self.work(jobs).ok().flatten();
        if let Some(flusher) = self.flusher.take() {
            flusher.finish();
        }
        drop(self);
        if let Some(closed) = closing {
            let _ = closed.send(());
        }
    }

    fn work(&mut self, jobs: &mpsc::Receiver<Job>) -> Result<Option<tokio::sync::oneshot::Sender<()>>, Closed> {
        loop {
            match self.next(jobs)? {
                Some(Job::Call(call)) if kind(&call.operation) != Kind::Schema => self.take(call)?,
                Some(Job::Flushed(groups)) => self.flushing -= groups,
                Some(Job::Stop) => return Err(Closed),
                None => self.end_group()?,
                Some(other) => {
                    self.end_group()?;
                    match other {
                        Job::Close(reply) => return Ok(reply),
                        other => self.alone(other)?,
                    }
                }
            }
        }
    }

    /// The next job, or `None` when it is time to commit the group: at once, unless the group before is still on its way
    /// to the disk. What comes until then joins the group.
    fn next(&self, jobs: &mpsc::Receiver<Job>) -> Result<Option<Job>, Closed> {
        if self.group.is_empty() || (self.flushing > 0 && self.group.len() < GROUP) {
            return jobs.recv().map(Some).map_err(|_| Closed);
        }
        Ok(if self.group.len() < GROUP { jobs.try_recv().ok() } else { None })
    }

    fn take(&mut self, call: Call) -> Result<(), Closed> {
        let Ok(answer) = self.engine.together(&call.operation, &call.body) else {
            self.redo_group();
            let answer = self.engine.alone(&call.operation, &call.body);
            self.group.push((call, answer));
            return self.give_out();
        };
        self.lasts |= kind(&call.operation) == Kind::Write && !is_passing(&call.operation, &call.body);
        if self.group.is_empty() && !self.engine.is_open() && self.flushing == 0 {
            // Nothing that matters of what it may have seen is still on its way to the disk.
            let _ = call.reply.send(answer);
        } else {
            self.group.push((call, answer));
        }
        Ok(())
    }

    /// Carries out the requests of a lost group again, each in a transaction of its own: nobody has seen an answer.
    fn redo_group(&mut self) {
        self.engine.roll_back();
        for (call, answer) in &mut self.group {
            *answer = self.engine.alone(&call.operation, &call.body);
        }
    }

    /// Commits the group, and gives its answers out when they are on the disk.
    fn end_group(&mut self) -> Result<(), Closed> {
        if self.engine.commit().is_err() {
            self.redo_group();
        }
        if self.lasts || self.flushing > 0 {
            return self.give_out();
        }
        self.answer();
        Ok(())
    }

    /// Gives the answers of the group out after a flush.
    fn give_out(&mut self) -> Result<(), Closed> {
        self.lasts = false;
        if let Some(flusher) = self.flusher.as_ref().filter(|_| !self.group.is_empty()) {
            if self.group.len() == 1 && self.flushing == 0 {
                flusher.flush()?;
            } else {
                flusher.give_out(self.group.drain(..).map(|(call, answer)| (call.reply, answer)).collect())?;
                self.flushing += 1;
            }
        }
        self.answer();
        Ok(())
    }

    fn answer(&mut self) {
        for (call, answer) in self.group.drain(..) {
            let _ = call.reply.send(answer);
        }
    }

    /// Carries out a job that can't be part of a group.
    fn alone(&mut self, job: Job) -> Result<(), Closed> {
        match job {
            Job::Call(call) => {
                let answer = self.engine.alone(&call.operation, &call.body);
                self.group.push((call, answer));
                self.give_out()?;
            }
            Job::Trim { table, before, reply } => {
                let _ = reply.send(self.engine.trim(&table, &before));
            }
            Job::SweepTtl(reply) => {
                let _ = reply.send(self.engine.sweep_ttl());
            }
            Job::Flushed(_) | Job::Stop | Job::Close(_) => {}
        }
        Ok(())
    }
}
