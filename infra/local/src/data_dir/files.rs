//! Files of the data directory: for their owner only, and replaced whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Creates the directory and those above it, for their owner only; nothing happens when it is there.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Options that make new files for their owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file, for its owner only. It is written beside, brought to the disk and renamed: a crash or a power cut
/// leaves the old one or the new one, whole.
///
/// # Errors
/// The file can't be written; then the old one is as it was.
pub fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    // What a crash has left may be anything.
    remove(&new)?;
    let written = private().write(true).create_new(true).open(&new).and_then(|mut writer| {
        writer.write_all(contents)?;
        writer.sync_all()
    });
    written.and_then(|()| fs::rename(&new, file)).inspect_err(|_| _ = fs::remove_file(&new))?;
    sync_directory(file)
}

/// Removes a file, if it is there.
///
/// # Errors
/// It is no file, or may not be removed.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Brings the names in a file's directory to the disk.
pub(super) fn sync_directory(file: &Path) -> io::Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Takes a file or directory away from everybody but its owner, and says so in the log when that was needed.
#[cfg(unix)]
pub(super) fn tighten(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let private = mode & 0o700;
    if mode == private {
        return;
    }
    let path_shown = path.display();
    match fs::set_permissions(path, fs::Permissions::from_mode(private)) {
        Ok(()) => tracing::info!(path = %path_shown, "others than its owner could use this; now they can't"),
        Err(error) => {
            tracing::warn!(path = %path_shown, %error, "others than its owner can use this, and that can't be changed");
        }
    }
}

#[cfg(not(unix))]
pub(super) fn tighten(_: &Path) {}

/// Whether everybody may make files in a directory, such as `/tmp`.
#[cfg(unix)]
pub(super) fn is_shared(directory: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    directory.permissions().mode() & 0o1002 == 0o1002
}

#[cfg(not(unix))]
pub(super) fn is_shared(_: &fs::Metadata) -> bool {
    false
}
