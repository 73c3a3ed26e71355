//! How far `listen` has come, in a file: a place in the feed, and which events of the page behind it are done. The feed
//! gives places for pages only; so an event is never sent twice because a page was not finished.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Surroundings;
use crate::api::Api;
use crate::failure::Failure;
use crate::feed::Place;
use crate::files;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    /// The deployment: a place in the feed of another one means nothing.
    url: String,
    place: Place,
    done: HashSet<String>,
}

/// A position that is written down whenever it changes. No other run has it meanwhile.
#[derive(Debug)]
pub(super) struct Position {
    path: PathBuf,
    stored: Stored,
    _lock: File,
}

/// The file for a deployment, a key and a receiver. The key stands for its account.
pub(super) fn default_path(api: &Api, forward: &str, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    let digest = Sha256::new()
        .chain_update(api.url())
        .chain_update("\n")
        .chain_update(api.key()?.fingerprint())
        .chain_update("\n")
        .chain_update(forward)
        .finalize();
    Ok(files::state_directory(surroundings)?.join(format!("listen-{}.json", hex::encode(&digest[..8]))))
}

impl Position {
    /// The position in the file. `begin` replaces it; where there is neither, it is `now`, and is written down at once, so
    /// that an interruption before the first event loses nothing.
    pub(super) fn open(path: &Path, url: &str, begin: Option<Timestamp>, now: Timestamp) -> Result<Self, Failure> {
        let lock = files::lock(path)?;
        let kept = match fs::read_to_string(path) {
            Ok(text) => Some(read(&text, path, url)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::file("the file", path, &error)),
        };
        let new = |at| Stored { url: url.to_owned(), place: Place::Since(at), done: HashSet::new() };
        let stored = match (begin, kept) {
            (None, Some(stored)) => stored,
            (begin, _) => new(begin.unwrap_or(now)),
        };
        let position = Self { path: path.to_owned(), stored, _lock: lock };
        position.write()?;
        Ok(position)
    }

    pub(super) const fn place(&self) -> &Place {
        &self.stored.place
    }

    /// Whether the event was dealt with before.
    pub(super) fn is_done(&self, event_id: &str) -> bool {
        self.stored.done.contains(event_id)
    }

    /// The event is dealt with.
    pub(super) fn note(&mut self, event_id: &str) -> Result<(), Failure> {
        self.stored.done.insert(event_id.to_owned());
        self.write()
    }

    /// Everything before `place` is dealt with.
    pub(super) fn go_on(&mut self, place: Place) -> Result<(), Failure> {
        if place == self.stored.place {
            return Ok(());
        }
        self.stored.place = place;
        self.stored.done.clear();
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        files::write_whole(&self.path, &domain::json::write(&self.stored))
    }
}

fn read(text: &str, path: &Path, url: &str) -> Result<Stored, Failure> {
    let stored: Stored = serde_json::from_str(text)
        .map_err(|_| Failure::Usage(format!("{} holds no position; delete it to begin anew", path.display())))?;
    if stored.url == url {
        return Ok(stored);
    }
    Err(Failure::Usage(format!("{} holds a position at {}, not at {url}", path.display(), stored.url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://webhooks.example.com";

    fn now() -> Timestamp {
        "2025-10-20T14:30:00Z".parse().unwrap()
    }

    #[test]
    fn a_position_outlives_its_run() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("position.json");
        let mut position = Position::open(&path, URL, None, now()).unwrap();
        position.note("evt_1").unwrap();
        drop(position);
        let later = now() + jiff::SignedDuration::from_hours(1);
        let mut position = Position::open(&path, URL, None, later).unwrap();
        assert_eq!((position.place(), position.is_done("evt_1")), (&Place::Since(now()), true));
        position.go_on(Place::After("cursor".to_owned())).unwrap();
        drop(position);
        let position = Position::open(&path, URL, None, later).unwrap();
        assert_eq!((position.place(), position.is_done("evt_1")), (&Place::After("cursor".to_owned()), false));
        drop(position);
        let position = Position::open(&path, URL, Some(now()), later).unwrap();
        assert_eq!(position.place(), &Place::Since(now()), "a time that is asked for replaces it");
    }

    #[test]
    fn a_position_of_another_deployment_or_run_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("position.json");
        let position = Position::open(&path, URL, None, now()).unwrap();
        let second = Position::open(&path, URL, None, now()).unwrap_err();
        assert!(matches!(second, Failure::Impossible(_)), "{second}");
        drop(position);
        let other = Position::open(&path, "https://other.example.com", None, now()).unwrap_err();
        assert!(matches!(other, Failure::Usage(_)), "{other}");
        fs::write(&path, "").unwrap();
        let damaged = Position::open(&path, URL, None, now()).unwrap_err().to_string();
        assert!(damaged.contains("delete it to begin anew"), "{damaged}");
    }
}
