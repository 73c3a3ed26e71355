//! What is damaged or missing in a data directory is noticed, and nothing in it is for others.

use std::error::Error;
use std::fs;
use std::path::Path;

use local::{Clock, Options, StartError, Storage, System};

async fn start(directory: &Path) -> Result<System, StartError> {
    let storage = Storage::Directory(directory.to_owned());
    System::start(Options { storage, ..Options::for_test(Clock::system()) }).await
}

/// A directory that has been in use.
async fn used() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    start(directory.path()).await.unwrap().shutdown().await;
    fs::write(directory.path().join("stream-checkpoint"), "100000000000000000001").unwrap();
    directory
}

/// What a person is told who starts the system on `directory`.
async fn refusal(directory: &Path) -> String {
    let Err(error) = start(directory).await else { panic!("it starts") };
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

fn other_key(file: &Path) {
    fs::write(file, "42".repeat(32)).unwrap();
}

fn halve(file: &Path) {
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() / 2]).unwrap();
}

fn zero(file: &Path) {
    let size = fs::metadata(file).unwrap().len();
    fs::write(file, vec![0; usize::try_from(size).unwrap()]).unwrap();
}

/// All but the first page, which alone says that it is a database.
fn zero_the_rest(file: &Path) {
    let mut whole = fs::read(file).unwrap();
    whole[4096..].fill(0);
    fs::write(file, whole).unwrap();
}

type Damage = fn(&Path);

const MISSING: Damage = |file| fs::remove_file(file).unwrap();
const EMPTY: Damage = |file| fs::write(file, "").unwrap();
const GARBAGE: Damage = |file| fs::write(file, [0xff; 9_000]).unwrap();
const DIRECTORY: Damage = |file| {
    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
};

#[tokio::test]
async fn a_lost_or_damaged_key_or_database_is_refused_and_never_replaced() {
    let damages: [(&str, &str, Damage, &str); 13] = [
        ("seal-key", "missing", MISSING, "is missing beside"),
        ("seal-key", "empty", EMPTY, "is not a key of 64 hexadecimal digits"),
        ("seal-key", "garbage", GARBAGE, "is not a key of 64 hexadecimal digits"),
        ("seal-key", "half", halve, "is not a key of 64 hexadecimal digits"),
        ("seal-key", "of another", other_key, "is not the key that the data's signing secrets were sealed with"),
        ("seal-key", "a directory", DIRECTORY, "can't be read"),
        ("dynamodb.sqlite", "missing", MISSING, "is missing or holds nothing, although"),
        ("dynamodb.sqlite", "empty", EMPTY, "is missing or holds nothing, although"),
        ("dynamodb.sqlite", "garbage", GARBAGE, "is damaged"),
        ("dynamodb.sqlite", "half", halve, "is damaged"),
        ("dynamodb.sqlite", "zeros", zero, "is damaged"),
        ("dynamodb.sqlite", "zeros but for its head", zero_the_rest, "is damaged"),
        ("dynamodb.sqlite", "a directory", DIRECTORY, "is no file"),
    ];
    for (name, what, damage, told) in damages {
        let directory = used().await;
        let file = directory.path().join(name);
        let good = fs::read(&file).unwrap();
        damage(&file);
        let left = fs::read(&file).ok();
        // It stays refused: the first refusal has made nothing that lets the second start pass.
        for _ in 0..2 {
            let said = refusal(directory.path()).await;
            assert!(said.contains(told) && said.contains(name) && said.contains("--data-dir"), "{name} {what}: {said}");
        }
        let stays = fs::read(&file).ok().filter(|stays| !stays.is_empty());
        assert_eq!(stays, left.filter(|left| !left.is_empty()), "{name} {what}");

        let _ = fs::remove_dir(&file);
        fs::write(&file, good).unwrap();
        let system = start(directory.path()).await.unwrap();
        assert!(system.first_key().is_none(), "{name} {what}: what is put back is what was there");
        system.shutdown().await;
    }
}

#[tokio::test]
async fn a_directory_with_one_file_left_is_not_a_first_start() {
    for left in ["api-key", "stream-checkpoint", "seal-key"] {
        let directory = used().await;
        for file in fs::read_dir(directory.path()).unwrap().map(Result::unwrap) {
            if file.file_name() != left {
                fs::remove_file(file.path()).unwrap();
            }
        }
        let said = refusal(directory.path()).await;
        assert!(said.contains("is missing or holds nothing, although") && said.contains(left), "{said}");
    }
}

#[tokio::test]
async fn an_empty_database_gets_a_key() {
    let directory = tempfile::tempdir().unwrap();
    // As a crash of the first start leaves it.
    fs::write(directory.path().join("dynamodb.sqlite"), "").unwrap();
    fs::write(directory.path().join("seal-key.new"), "12").unwrap();
    let system = start(directory.path()).await.unwrap();
    assert!(system.first_key().is_some());
    system.shutdown().await;
}

#[tokio::test]
async fn a_database_without_a_key_fingerprint_gets_one() {
    let directory = used().await;
    let database = rusqlite::Connection::open(directory.path().join("dynamodb.sqlite")).unwrap();
    database.execute_batch("DROP TABLE _seal_key").unwrap();
    drop(database);
    start(directory.path()).await.unwrap().shutdown().await;
    other_key(&directory.path().join("seal-key"));
    assert!(refusal(directory.path()).await.contains("is not the key"));
    fs::remove_file(directory.path().join("seal-key")).unwrap();
    assert!(refusal(directory.path()).await.contains("is missing beside"));
}

#[tokio::test]
async fn the_file_of_the_api_key_may_be_removed() {
    let directory = used().await;
    fs::remove_file(directory.path().join("api-key")).unwrap();
    start(directory.path()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_file_as_data_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).await.contains("is no directory"));
    assert!(refusal(&file.join("below")).await.contains("can't be used"));
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn modes(directory: &Path) -> Vec<(String, u32)> {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
        files.chain([directory.to_owned()]).map(|path| (path.display().to_string(), mode(&path))).collect()
    }

    fn assert_private(directory: &Path) {
        let found = modes(directory);
        assert!(found.len() > 6, "{found:?}");
        assert!(found.iter().all(|(_, mode)| [0o600, 0o700].contains(mode)), "{found:?}");
    }

    fn open_up(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn directory_and_files_are_for_their_owner_only() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new/data");
        let system = start(&directory).await.unwrap();
        assert_private(&directory);
        system.shutdown().await;
    }

    #[tokio::test]
    async fn what_others_could_use_is_taken_away_from_them() {
        let directory = used().await;
        for file in fs::read_dir(directory.path()).unwrap() {
            open_up(&file.unwrap().path(), 0o644);
        }
        open_up(directory.path(), 0o755);
        let system = start(directory.path()).await.unwrap();
        assert_private(directory.path());
        system.shutdown().await;
        open_up(directory.path(), 0o1777);
        assert!(refusal(directory.path()).await.contains("everybody may write to"));
    }
}
