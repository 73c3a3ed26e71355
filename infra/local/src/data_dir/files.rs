//! Files of the data directory: accessible to their owner only, and replaced atomically.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Creates the directory and those above it, accessible to their owner only. Does nothing if it exists.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Options that create files accessible to their owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file with one that only its owner can access. The new file is written beside the old one, synced and
/// renamed: a crash or a power failure leaves either the old file or the new one.
///
/// # Errors
/// The file can't be written; the old one is unchanged then.
pub fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    // A crash may have left a part of it.
    remove(&new)?;
    let written = private().write(true).create_new(true).open(&new).and_then(|mut writer| {
        writer.write_all(contents)?;
        writer.sync_all()
    });
    written.and_then(|()| fs::rename(&new, file)).inspect_err(|_| _ = fs::remove_file(&new))?;
    sync_directory(file)
}

/// Removes a file, if it exists.
///
/// # Errors
/// It is not a file, or may not be removed.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Syncs the directory of a file, so that its name survives a power failure.
pub(super) fn sync_directory(file: &Path) -> io::Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes everybody's access to a file or directory but its owner's, and logs it when that was necessary.
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
        Ok(()) => tracing::info!(path = %path_shown, "other users had access to this; only its owner has it now"),
        Err(error) => {
            tracing::warn!(path = %path_shown, %error, "other users have access to this, and that can't be changed");
        }
    }
}

#[cfg(not(unix))]
pub(super) fn tighten(_: &Path) {}

/// Whether everybody may create files in a directory, such as `/tmp`.
#[cfg(unix)]
pub(super) fn is_shared(directory: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    directory.permissions().mode() & 0o1002 == 0o1002
}

#[cfg(not(unix))]
pub(super) fn is_shared(_: &fs::Metadata) -> bool {
    false
}
