//! The data directory: what the local system keeps between runs, and the lock that keeps a second process out.
//!
//! The first start creates the database, then `seal-key`, then `api-key`; `stream-checkpoint` comes with the first
//! event. A file that is missing or empty although a later one exists was lost, and is not replaced: the system refuses
//! to start and says what to do. Losing the checkpoint alone does no harm, and the file with the API key may be moved
//! by its owner.

mod database;
mod files;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::embedded::dynamodb::{DynamoDb, OpenError};
use crate::embedded::kms::Kms;

pub use files::replace;

const DATABASE: &str = "dynamodb.sqlite";
/// The files of `SQLite` beside the database: its write-ahead log, and the index of that.
const LOG: &str = "dynamodb.sqlite-wal";
const LOG_INDEX: &str = "dynamodb.sqlite-shm";
const SEAL_KEY: &str = "seal-key";
const API_KEY: &str = "api-key";
const CHECKPOINT: &str = "stream-checkpoint";
const LOCK: &str = "lock";

/// Why a data directory can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DataDirError {
    #[error("another process is using the data directory {}; stop it, or choose another with --data-dir", .0.display())]
    InUse(PathBuf),
    #[error("the data directory {} can't be used; fix that, or choose another with --data-dir", .0.display())]
    Unusable(PathBuf, #[source] io::Error),
    #[error("{} is no directory; choose another with --data-dir", .0.display())]
    NotADirectory(PathBuf),
    #[error("everybody may write to {}; choose a directory of its own with --data-dir", .0.display())]
    Shared(PathBuf),
    #[error("{} is no file; {RESTORE}", .0.display())]
    NotAFile(PathBuf),
    #[error("{} can't be read or written; fix that, or start over with another --data-dir", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("{} is not a key of 64 hexadecimal digits; {RESTORE}", .0.display())]
    BadKey(PathBuf),
    #[error(
        "the key {} is missing beside {}: no other key decrypts the signing secrets in the data; {RESTORE}",
        .missing.display(), .beside.display()
    )]
    KeyLost { missing: PathBuf, beside: PathBuf },
    #[error("{} is not the key that the data's signing secrets were sealed with; {RESTORE}", .0.display())]
    WrongKey(PathBuf),
    #[error("the database {} is missing or holds nothing, although {} is there; {RESTORE}", .missing.display(), .beside.display())]
    DatabaseLost { missing: PathBuf, beside: PathBuf },
    #[error("the database {} is damaged ({reason}); {RESTORE}", .file.display())]
    DatabaseDamaged { file: PathBuf, reason: String },
    #[error("the fingerprint of the key can't be stored in the database {}", .0.display())]
    Note(PathBuf, #[source] rusqlite::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
}

const RESTORE: &str = "restore it from a backup, or start over with another --data-dir";

/// A data directory, locked for this process until this is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if it does not exist, locks it, and makes it accessible to its owner only.
    ///
    /// # Errors
    /// Another process has it, everybody may write to it, or it can't be used.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |error| DataDirError::Unusable(path.to_owned(), error);
        if fs::metadata(path).is_ok_and(|found| !found.is_dir()) {
            return Err(DataDirError::NotADirectory(path.to_owned()));
        }
        files::create_directory(path).map_err(unusable)?;
        if files::is_shared(&fs::metadata(path).map_err(unusable)?) {
            return Err(DataDirError::Shared(path.to_owned()));
        }
        let lock = path.join(LOCK);
        let lock = files::private().create(true).append(true).open(&lock).map_err(|e| DataDirError::File(lock, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        files::tighten(path);
        for name in [LOCK, DATABASE, LOG, LOG_INDEX, SEAL_KEY, API_KEY, CHECKPOINT] {
            files::tighten(&path.join(name));
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database and the key that its secrets are sealed with; creates both at the first start.
    ///
    /// # Errors
    /// One of them is lost or damaged, or they don't belong together.
    pub fn open(&self) -> Result<(DynamoDb, Kms), DataDirError> {
        let file = self.path.join(DATABASE);
        let found = self.look(&file)?;
        let key = self.read_key()?;
        if key.is_none() {
            self.check_key_never_was(&file, &found)?;
        }
        // `SQLite` would create a file that others can read.
        let made = files::private().create(true).append(true).open(&file);
        made.map_err(|error| DataDirError::File(file.clone(), error))?;
        let database = DynamoDb::open(&file)?;
        let kms = match key {
            Some(key) => Kms::new(key),
            None => Kms::new(self.make_key()?),
        };
        match found.fingerprint {
            Some(fingerprint) if fingerprint != kms.fingerprint() => {
                Err(DataDirError::WrongKey(self.path.join(SEAL_KEY)))
            }
            Some(_) => Ok((database, kms)),
            None => {
                let noted = database::note_key(&file, &kms.fingerprint());
                noted.map_err(|error| DataDirError::Note(file, error))?;
                Ok((database, kms))
            }
        }
    }

    /// Looks into the database, before it is opened.
    fn look(&self, file: &Path) -> Result<database::Found, DataDirError> {
        for name in [DATABASE, LOG, LOG_INDEX] {
            let path = self.path.join(name);
            if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                return Err(DataDirError::NotAFile(path));
            }
        }
        let (found, later): (_, &[&str]) = if fs::metadata(file).is_ok_and(|found| found.len() > 0) {
            let looked = database::look(file);
            let found = looked.map_err(|reason| DataDirError::DatabaseDamaged { file: file.to_owned(), reason })?;
            (found, &[API_KEY, CHECKPOINT])
        } else {
            (database::Found::default(), &[SEAL_KEY, API_KEY, CHECKPOINT, LOG])
        };
        match self.first_of(later) {
            Some(beside) if !found.in_use && found.fingerprint.is_none() => {
                Err(DataDirError::DatabaseLost { missing: file.to_owned(), beside })
            }
            _ => Ok(found),
        }
    }

    /// The first of these files that exists.
    fn first_of(&self, names: &[&str]) -> Option<PathBuf> {
        names.iter().map(|name| self.path.join(name)).find(|path| path.symlink_metadata().is_ok())
    }

    /// The key that seals secrets, if its file exists.
    fn read_key(&self) -> Result<Option<[u8; 32]>, DataDirError> {
        let file = self.path.join(SEAL_KEY);
        match fs::read(&file) {
            Ok(text) => {
                let mut key = [0; 32];
                hex::decode_to_slice(text.trim_ascii(), &mut key).map_err(|_| DataDirError::BadKey(file))?;
                Ok(Some(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataDirError::File(file, error)),
        }
    }

    fn check_key_never_was(&self, database: &Path, found: &database::Found) -> Result<(), DataDirError> {
        let missing = self.path.join(SEAL_KEY);
        if found.in_use || found.fingerprint.is_some() {
            return Err(DataDirError::KeyLost { missing, beside: database.to_owned() });
        }
        self.first_of(&[API_KEY, CHECKPOINT]).map_or(Ok(()), |beside| Err(DataDirError::KeyLost { missing, beside }))
    }

    /// Creates a key, which is on the disk before it is used: without it, the signing secrets in the database are lost.
    fn make_key(&self) -> Result<[u8; 32], DataDirError> {
        let file = self.path.join(SEAL_KEY);
        let made = random_key().and_then(|key| replace(&file, hex::encode(key).as_bytes()).map(|()| key));
        made.map_err(|error| DataDirError::File(file, error))
    }

    /// The path of the file with the API key of the first start, readable by its owner only.
    #[must_use]
    pub fn api_key(&self) -> PathBuf {
        self.path.join(API_KEY)
    }

    /// Writes the API key of the first start.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write_api_key(&self, key: &str) -> Result<(), DataDirError> {
        let file = self.api_key();
        replace(&file, format!("{key}\n").as_bytes()).map_err(|error| DataDirError::File(file, error))
    }

    /// The path of the event stream's checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join(CHECKPOINT)
    }
}

/// A random key of 256 bits.
///
/// # Errors
/// The machine provides no random bytes.
pub fn random_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("there are no random bytes"))?;
    Ok(key)
}
