//! What a process saw last of the lines of endpoints.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::pace::Line;
use jiff::Timestamp;

/// How many lines are remembered before those that are over are forgotten.
const MANY: usize = 1_000;

/// Lines by the key of their item. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Mutex<HashMap<String, Line>>>);

impl Lines {
    pub(super) fn last(&self, key: &str) -> Option<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    pub(super) fn remember(&self, key: &str, line: Option<Line>, now: Timestamp) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= MANY {
            lines.retain(|_, line| line.slot.max(line.end) > now.as_microsecond());
        }
        match line {
            Some(line) => lines.insert(key.to_owned(), line),
            None => lines.remove(key),
        };
    }
}
