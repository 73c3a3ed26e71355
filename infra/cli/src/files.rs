//! Files that outlive a run: they are written whole, by their owner alone, and read by one run at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use domain::ids;

use crate::Surroundings;
use crate::failure::Failure;

/// The variables that say where a program may keep what it wants to find again.
pub(crate) const VARIABLES: [&str; 3] = ["XDG_STATE_HOME", "HOME", "LOCALAPPDATA"];

/// Where positions and the signing secret are kept: `workskedge` in `XDG_STATE_HOME`, by default `~/.local/state`, on Windows
/// `LOCALAPPDATA`. It is made if need be.
pub(crate) fn state_directory(surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    let [state, home, windows] = VARIABLES.map(|name| surroundings.variable(name));
    let base = state.map(PathBuf::from).or_else(|| windows.map(PathBuf::from));
    let base = base.or_else(|| home.map(|home| Path::new(home).join(".local/state")));
    let base = base.ok_or_else(|| Failure::Usage("neither XDG_STATE_HOME nor HOME is set".to_owned()))?;
    let directory = base.join("workskedge");
    fs::create_dir_all(&directory).map_err(|error| Failure::file("the directory", &directory, &error))?;
    Ok(directory)
}

/// The text of a file.
pub(crate) fn read_text(what: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(what, path, &error))
}

/// The text of a file, which is written first if there is none.
pub(crate) fn read_or_create(path: &Path, text: impl FnOnce() -> String) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = text();
            write_whole(path, &text)?;
            Ok(text)
        }
        Err(error) => Err(Failure::file("the file", path, &error)),
    }
}

/// Replaces a file: whoever reads it, after a crash too, finds all of the old text or all of the new one.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", hex::encode(ids::random::<4>())));
    let beside = path.with_file_name(name);
    let written = private(OpenOptions::new().write(true).create_new(true)).open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::file("the file", path, &error)
    })
}

/// Opens a file to read it and to add to it, or makes it, and takes it for this run.
pub(crate) fn open_own(path: &Path) -> Result<File, Failure> {
    let opened = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path);
    take(opened.map_err(|error| Failure::file("the file", path, &error))?, path)
}

/// Takes a file that is replaced for this run, until what is returned is dropped or the process ends, however it does. The
/// lock is a file beside it, since one that is replaced takes its lock along.
pub(crate) fn lock(path: &Path) -> Result<File, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let opened = private(OpenOptions::new().write(true).create(true).truncate(false)).open(&beside);
    take(opened.map_err(|error| Failure::file("the file", &beside, &error))?, path)
}

fn take(file: File, path: &Path) -> Result<File, Failure> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::Impossible(format!("another workskedge uses {}; end it first", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(Failure::file("the file", path, &error)),
    }
}

/// For the owner's eyes only.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

/// Directories of users are private on other systems.
#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_belongs_to_one_run() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("position.json");
        assert_eq!(read_or_create(&path, || "first".to_owned()).unwrap(), "first");
        assert_eq!(read_or_create(&path, || "other".to_owned()).unwrap(), "first");
        write_whole(&path, "second").unwrap();
        assert_eq!(read_text("the file", &path).unwrap(), "second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");

        let held = lock(&path).unwrap();
        let sentence = lock(&path).unwrap_err().to_string();
        assert!(sentence.starts_with("another workskedge uses "), "{sentence}");
        drop(held);
        lock(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("signing-secret");
        write_whole(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
