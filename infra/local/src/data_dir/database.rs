//! What can be told from the database file before it is opened for use: whether it is intact and holds data, and which
//! key its secrets are sealed with.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use store::tables;

/// The size up to which a database is checked at the start (bytes): a check of a larger one would take seconds.
const CHECKED_UP_TO: u64 = 1 << 30;

const SEAL_KEY: &str = "CREATE TABLE IF NOT EXISTS _seal_key (fingerprint TEXT NOT NULL)";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The fingerprint of the key; `None` in a new database, or one from before fingerprints were stored.
    pub(super) fingerprint: Option<String>,
    /// Whether it holds an account.
    pub(super) in_use: bool,
}

/// Looks into the database at `path`, which exists and is not empty.
///
/// # Errors
/// A description of what is wrong with it.
pub(super) fn look(path: &Path) -> Result<Found, String> {
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    let look = || -> rusqlite::Result<Result<Found, String>> {
        let connection = open(path)?;
        if size <= CHECKED_UP_TO {
            let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if verdict != "ok" {
                return Ok(Err(verdict));
            }
        }
        let has = |table: &str| -> rusqlite::Result<bool> {
            connection
                .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?1)", [table], |row| row.get(0))
        };
        let fingerprint = if has("_seal_key")? {
            connection.query_row("SELECT fingerprint FROM _seal_key", [], |row| row.get(0)).optional()?
        } else {
            None
        };
        let accounts = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", tables::API_KEYS.name);
        let in_use = has(tables::API_KEYS.name)? && connection.query_row(&accounts, [], |row| row.get(0))?;
        Ok(Ok(Found { fingerprint, in_use }))
    };
    look().map_err(|error| error.to_string()).flatten()
}

/// Stores which key the secrets are sealed with, unless that is stored already.
///
/// # Errors
/// The database can't be written.
pub(super) fn note_key(path: &Path, fingerprint: &str) -> rusqlite::Result<()> {
    let connection = open(path)?;
    connection.execute_batch(SEAL_KEY)?;
    connection.execute(
        "INSERT INTO _seal_key (fingerprint) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM _seal_key)",
        params![fingerprint],
    )?;
    Ok(())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}
