//! Upkeep of the table in which the embedded database keeps its stream records.
//!
//! The database lacks two things that a system which keeps running needs: it finds the next sequence number by reading
//! all records of the stream, so that each write takes longer than the one before, and it never deletes a record. An
//! index solves the first, trimming the second.

use rusqlite::{Connection, params};

const INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_records_by_number \
                     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Keeps the newest record in any case: the next sequence number is one more than the largest.
const TRIM: &str = "DELETE FROM _stream_records \
                    WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2 \
                    AND id IN (SELECT id FROM _stream_records \
                               WHERE table_name = ?1 ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?3)";

/// How many records one call deletes at most, so that requests wait for milliseconds only.
pub(super) const TRIM_LIMIT: usize = 1_000;

/// What AWS adds to the stored number to show it with 21 digits.
const PUBLIC_OFFSET: u128 = 100_000_000_000_000_000_000;

/// Indexes the records of this database.
pub(super) fn index(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(INDEX)
}

/// Deletes up to [`TRIM_LIMIT`] records of the table's stream that are older than the sequence number, and returns how
/// many.
pub(super) fn trim(database: &Connection, table: &str, before: &str) -> rusqlite::Result<usize> {
    let stored = before.parse::<u128>().ok().and_then(|number| number.checked_sub(PUBLIC_OFFSET));
    let Some(Ok(stored)) = stored.map(i64::try_from) else { return Ok(0) };
    let limit = i64::try_from(TRIM_LIMIT).unwrap_or(i64::MAX);
    database.prepare_cached(TRIM)?.execute(params![table, stored, limit])
}
