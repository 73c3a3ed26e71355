//! What all erasures have in common.

use crate::StoreError;

/// Whether an erasure is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It only counts what it would remove and change.
    Count,
    /// It removes and changes.
    Erase,
}

/// What an erasure has found, and removed or changed unless it only counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many items, or events, were removed.
    pub removed: usize,
    /// How many items were changed.
    pub changed: usize,
    /// Items that can't be read, and are as they were.
    pub unreadable: Vec<StoreError>,
}

impl Tally {
    /// Counts an item that was changed, or was not. One that can't be read is kept for the report.
    ///
    /// # Errors
    /// Any other error than [`StoreError::Unreadable`].
    pub fn changed(&mut self, outcome: Result<bool, StoreError>) -> Result<(), StoreError> {
        match outcome {
            Ok(changed) => self.changed += usize::from(changed),
            Err(unreadable @ StoreError::Unreadable { .. }) => self.unreadable.push(unreadable),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
