//! The data directory: what the local system keeps between runs, and the lock that keeps a second process out.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why a data directory can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DataDirError {
    #[error("another process is using the data directory {}; stop it, or choose another with --data-dir", .0.display())]
    InUse(PathBuf),
    #[error("the data directory {} can't be used", .0.display())]
    Unusable(PathBuf, #[source] io::Error),
    #[error("{} is not a key of 64 hexadecimal digits", .0.display())]
    BadKey(PathBuf),
}

/// A data directory that belongs to this process until it is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if need be and locks it.
    ///
    /// # Errors
    /// Another process has it, or it can't be written.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |error| DataDirError::Unusable(path.to_owned(), error);
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::options().create(true).append(true).open(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    /// The key that seals secrets, made at the first start. Without it the signing secrets in the database are lost, so
    /// that it is on the disk before it is used.
    ///
    /// # Errors
    /// The key file can't be read or written, or holds something else.
    pub fn seal_key(&self) -> Result<[u8; 32], DataDirError> {
        let file = self.path.join("seal-key");
        let unusable = |error| DataDirError::Unusable(self.path.clone(), error);
        match fs::read_to_string(&file) {
            Ok(text) => {
                let mut key = [0; 32];
                hex::decode_to_slice(text.trim(), &mut key).map_err(|_| DataDirError::BadKey(file))?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random_key().map_err(unusable)?;
                self.write_secret(&file, &hex::encode(key)).map_err(unusable)?;
                Ok(key)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    fn write_secret(&self, file: &Path, secret: &str) -> io::Result<()> {
        let new = file.with_extension("new");
        let mut options = File::options();
        options.create(true).write(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut writer = options.open(&new)?;
        writer.write_all(secret.as_bytes())?;
        writer.sync_all()?;
        fs::rename(&new, file)?;
        File::open(&self.path)?.sync_all()
    }

    /// The file with the API key of the first start, readable by its owner only.
    #[must_use]
    pub fn api_key(&self) -> PathBuf {
        self.path.join("api-key")
    }

    /// Writes the API key of the first start.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write_api_key(&self, key: &str) -> Result<(), DataDirError> {
        let written = self.write_secret(&self.api_key(), &format!("{key}\n"));
        written.map_err(|error| DataDirError::Unusable(self.path.clone(), error))
    }

    /// The file of the event stream's checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("stream-checkpoint")
    }
}

/// A new key.
///
/// # Errors
/// The machine gives no random bytes.
pub fn random_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("there are no random bytes"))?;
    Ok(key)
}
