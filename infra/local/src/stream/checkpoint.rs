//! The checkpoint of the event stream: how far it has been read, in a file.

use std::io;
use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use crate::data_dir;

/// How many digits a sequence number has at most.
const LONGEST: usize = 40;
/// How often the file is written at most while the stream is being read. What was handed on since is handed on again
/// after a crash, which makes nothing twice.
const PAUSE: Duration = Duration::from_millis(500);

/// The sequence number behind which the reader goes on.
///
/// A file that can't be used, or that belongs to another stream, loses no event: the reader starts over from the
/// beginning, and hands on again what it has handed on before.
#[derive(Debug)]
pub struct Checkpoint {
    file: Option<PathBuf>,
    /// The number in the file, until the stream has been asked whether it has that record.
    unchecked: Option<String>,
    position: Option<String>,
    /// The position that a start would go on from.
    saved: watch::Sender<Option<String>>,
    saving: Saving,
    /// Whether the last write of the file failed.
    stuck: bool,
}

/// The writing of the file.
#[derive(Debug)]
enum Saving {
    /// A write is under way, and of which position.
    UnderWay(String, JoinHandle<io::Result<()>>),
    /// The last write ended at this time.
    Ended(Option<Instant>),
}

impl Checkpoint {
    /// The checkpoint in this file; without a file, one in memory.
    #[must_use]
    pub fn open(file: Option<PathBuf>) -> Self {
        let saved = watch::Sender::new(None);
        let saving = Saving::Ended(None);
        let mut checkpoint = Self { file, unchecked: None, position: None, saved, saving, stuck: false };
        match checkpoint.file.as_ref().map(std::fs::read) {
            Some(Ok(text)) => match sequence_number(&text) {
                Some(number) => checkpoint.unchecked = Some(number),
                None => checkpoint.start_over("it holds no sequence number"),
            },
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => checkpoint.start_over(&error.to_string()),
            _ => {}
        }
        checkpoint
    }

    /// The sequence number up to which, inclusively, records have been handed on.
    #[must_use]
    pub fn position(&self) -> Option<String> {
        self.position.clone()
    }

    /// A receiver of the position that a start would go on from: what lies before it is not needed any more.
    #[must_use]
    pub fn saved(&self) -> watch::Receiver<Option<String>> {
        self.saved.subscribe()
    }

    /// The number in the file, while it is not known yet whether it belongs to this stream.
    pub(super) fn unchecked(&self) -> Option<&str> {
        self.unchecked.as_deref()
    }

    /// Starts behind the number in the file if the stream has that record, and at the beginning otherwise.
    pub(super) fn settle(&mut self, known: bool) {
        let number = self.unchecked.take();
        if known {
            self.position.clone_from(&number);
            self.saved.send_replace(number);
        } else {
            self.start_over("the stream has no such record");
        }
    }

    fn start_over(&self, reason: &str) {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        tracing::warn!(file, reason, "the stream's checkpoint can't be used: the stream is read from its beginning");
    }

    /// Moves the checkpoint on, in memory.
    pub(super) fn advance(&mut self, after: String) {
        self.unchecked = None;
        self.position = Some(after);
    }

    /// Begins to write the file if there is something new and the last write is some time ago. Does not wait for the
    /// disk: the stream is read on meanwhile.
    pub(super) async fn save_in_time(&mut self) {
        match &self.saving {
            Saving::UnderWay(_, write) if !write.is_finished() => {}
            Saving::Ended(Some(last)) if last.elapsed() < PAUSE => {}
            Saving::UnderWay(..) => self.finish().await,
            Saving::Ended(_) => self.begin(),
        }
    }

    /// Writes the file, if there is something new. A file that can't be written does not stop the reader: with an old
    /// one, records are only handed on again after the next start.
    pub async fn save(&mut self) {
        self.finish().await;
        self.begin();
        self.finish().await;
    }

    fn begin(&mut self) {
        let Some(position) = self.position.clone().filter(|_| self.position != *self.saved.borrow()) else { return };
        match self.file.clone() {
            Some(file) => {
                let contents = position.clone();
                let write = spawn_blocking(move || data_dir::replace(&file, contents.as_bytes()));
                self.saving = Saving::UnderWay(position, write);
            }
            None => _ = self.saved.send_replace(Some(position)),
        }
    }

    async fn finish(&mut self) {
        let ended = Saving::Ended(Some(Instant::now()));
        let Saving::UnderWay(position, write) = mem::replace(&mut self.saving, ended) else { return };
        let failed = write.await.map_err(io::Error::from).flatten().err();
        if let Some(error) = failed.as_ref().filter(|_| !self.stuck) {
            let file = self.file.as_ref().map(|file| file.display().to_string());
            tracing::warn!(file, %error, "the stream's checkpoint can't be written");
        }
        self.stuck = failed.is_some();
        self.saved.send_replace(Some(position));
    }
}

fn sequence_number(text: &[u8]) -> Option<String> {
    let text = text.trim_ascii();
    let is_one = (1..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_one.then(|| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_file_is_written_now_and_then_and_at_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("checkpoint");
        let mut checkpoint = Checkpoint::open(Some(file.clone()));
        let saved = checkpoint.saved();
        checkpoint.advance("1".to_owned());
        while saved.borrow().is_none() {
            checkpoint.save_in_time().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"1");
        for number in ["2", "3"] {
            checkpoint.advance(number.to_owned());
            checkpoint.save_in_time().await;
            assert!(matches!(checkpoint.saving, Saving::Ended(_)), "it has just been written");
        }
        tokio::time::advance(PAUSE).await;
        checkpoint.save_in_time().await;
        checkpoint.advance("4".to_owned());
        assert_eq!(saved.borrow().as_deref(), Some("1"), "a write that is under way is not counted on");
        checkpoint.save().await;
        assert_eq!(std::fs::read(&file).unwrap(), b"4");
        assert_eq!(saved.borrow().as_deref(), Some("4"));
    }
}
