//! Where the reader of the stream stands, in a file.

use std::io;
use std::path::PathBuf;

use tokio::sync::watch;

use crate::data_dir;

/// How many digits a sequence number has at most.
const LONGEST: usize = 40;

/// Where the reader stands: after this sequence number.
///
/// A file that says nothing of use, or of another stream, costs no event: the reader starts over from the beginning, and
/// what has been handed on is handed on again.
#[derive(Debug)]
pub struct Checkpoint {
    file: Option<PathBuf>,
    /// What the file says, until the stream has been asked whether it is of it.
    unchecked: Option<String>,
    position: watch::Sender<Option<String>>,
    /// Whether the file could not be written the last time.
    stuck: bool,
}

impl Checkpoint {
    /// A checkpoint that is kept in a file, if one is given.
    #[must_use]
    pub fn open(file: Option<PathBuf>) -> Self {
        let mut checkpoint = Self { file, unchecked: None, position: watch::Sender::new(None), stuck: false };
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

    /// The sequence number up to and with which records have been handed on.
    #[must_use]
    pub fn position(&self) -> Option<String> {
        self.position.borrow().clone()
    }

    /// The position as it moves on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<String>> {
        self.position.subscribe()
    }

    /// What the file says, if it is not known yet whether it is of this stream.
    pub(super) fn unchecked(&self) -> Option<&str> {
        self.unchecked.as_deref()
    }

    /// Starts where the file says, if the stream has that record.
    pub(super) fn settle(&mut self, known: bool) {
        let number = self.unchecked.take();
        if known {
            self.position.send_replace(number);
        } else {
            self.start_over("the stream has no such record");
        }
    }

    fn start_over(&self, reason: &str) {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        tracing::warn!(file, reason, "the stream's checkpoint is of no use: the stream is read from its beginning");
    }

    /// Moves on. That the file can't be written does not stop the reader: an old one only means that records are handed
    /// on again after the next start.
    pub(super) async fn advance(&mut self, after: String) {
        self.unchecked = None;
        self.position.send_replace(Some(after.clone()));
        let Some(file) = self.file.clone() else { return };
        let written = tokio::task::spawn_blocking(move || data_dir::replace(&file, after.as_bytes())).await;
        let failed = written.map_err(io::Error::from).flatten().err();
        if let Some(error) = failed.as_ref().filter(|_| !self.stuck) {
            let file = self.file.as_ref().map(|file| file.display().to_string());
            tracing::warn!(file, %error, "the stream's checkpoint can't be written");
        }
        self.stuck = failed.is_some();
    }
}

fn sequence_number(text: &[u8]) -> Option<String> {
    let text = text.trim_ascii();
    let is_one = (1..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_one.then(|| String::from_utf8_lossy(text).into_owned())
}
