//! The checkpoint of the event stream: how far it has been read, in a file.

use std::io;
use std::path::PathBuf;

use tokio::sync::watch;

use crate::data_dir;

/// How many digits a sequence number has at most.
const LONGEST: usize = 40;

/// The sequence number behind which the reader goes on.
///
/// A file that can't be used, or that belongs to another stream, loses no event: the reader starts over from the
/// beginning, and hands on again what it has handed on before.
#[derive(Debug)]
pub struct Checkpoint {
    file: Option<PathBuf>,
    /// The number in the file, until the stream has been asked whether it has that record.
    unchecked: Option<String>,
    position: watch::Sender<Option<String>>,
    /// Whether the last write of the file failed.
    stuck: bool,
}

impl Checkpoint {
    /// The checkpoint in this file; without a file, one in memory.
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

    /// The sequence number up to which, inclusively, records have been handed on.
    #[must_use]
    pub fn position(&self) -> Option<String> {
        self.position.borrow().clone()
    }

    /// A receiver of the position, which follows it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<String>> {
        self.position.subscribe()
    }

    /// The number in the file, while it is not known yet whether it belongs to this stream.
    pub(super) fn unchecked(&self) -> Option<&str> {
        self.unchecked.as_deref()
    }

    /// Starts behind the number in the file if the stream has that record, and at the beginning otherwise.
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
        tracing::warn!(file, reason, "the stream's checkpoint can't be used: the stream is read from its beginning");
    }

    /// Moves the checkpoint on. A file that can't be written does not stop the reader: with an old one, records are
    /// only handed on again after the next start.
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
