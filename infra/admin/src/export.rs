//! `accounts export`: everything that is stored for an account, in files.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use store::holdings::{Holding, Line};
use store::tables::API_KEYS;

use crate::arguments::ExportAccount;
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, columns};

/// The files of an export: one of JSON lines for each kind of thing, made with its first line.
struct Files {
    directory: PathBuf,
    open: BTreeMap<&'static str, (BufWriter<File>, usize)>,
}

/// Writes all that an account has to files, without secrets, and lists them.
pub(crate) async fn export(aws: &Aws, wanted: &ExportAccount) -> Result<Report, Failure> {
    let account = &wanted.account.id;
    let unwritable =
        |error: io::Error| Failure::Impossible(format!("{} can't be written: {error}", wanted.output.display()));
    let mut files = Files::within(&wanted.output).map_err(unwritable)?;
    let holdings = aws.environment.holdings()?;
    let owner = holdings.owner(account).await.map_err(aws.on(API_KEYS))?;
    for holding in Holding::ALL {
        let mut next = None;
        loop {
            let part = holdings.lines(&owner, holding, next).await.map_err(aws.on(holding.table()))?;
            part.lines.iter().try_for_each(|line| files.add(line)).map_err(unwritable)?;
            next = part.next;
            if next.is_none() {
                break;
            }
        }
    }
    let lines = files.finish().map_err(unwritable)?;
    if lines.is_empty() {
        return Err(Failure::Impossible(format!("nothing is stored for the account {account}")));
    }
    let rows: Vec<_> = lines.iter().map(|(kind, count)| [file_name(kind), count.to_string()]).collect();
    let json = json!({ "account": account, "directory": wanted.output.display().to_string(), "lines": lines });
    let report = Report::new(json, columns(["FILE", "LINES"], &rows));
    Ok(report.with_note("The files hold personal data. What was written during the export may be in it or not."))
}

impl Files {
    /// Files in a directory that is new or empty, and that only its owner can read if it is new.
    fn within(directory: &Path) -> io::Result<Self> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(directory)?;
        if directory.read_dir()?.next().is_some() {
            return Err(io::Error::other("it is not empty"));
        }
        Ok(Self { directory: directory.to_owned(), open: BTreeMap::new() })
    }

    fn add(&mut self, line: &Line) -> io::Result<()> {
        if !self.open.contains_key(line.kind) {
            let file = private().open(self.directory.join(file_name(line.kind)))?;
            self.open.insert(line.kind, (BufWriter::new(file), 0));
        }
        let Some((file, count)) = self.open.get_mut(line.kind) else { return Ok(()) };
        *count += 1;
        writeln!(file, "{}", line.json)
    }

    /// How many lines each kind has, when all are written.
    fn finish(mut self) -> io::Result<BTreeMap<&'static str, usize>> {
        self.open.values_mut().try_for_each(|(file, _)| file.flush())?;
        Ok(self.open.into_iter().map(|(kind, (_, count))| (kind, count)).collect())
    }
}

fn file_name(kind: &str) -> String {
    format!("{kind}.jsonl")
}

/// For a new file that only its owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true);
    options
}
