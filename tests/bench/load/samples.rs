//! A long run in pieces: what the system takes and how fast it is, from minute to minute.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::percentile;
use crate::process::Process;

/// The process at one time, with its database.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu_seconds: Option<f64>,
    resident_mb: Option<f64>,
    database_mb: Option<f64>,
    free_mb: Option<f64>,
    log_mb: Option<f64>,
}

/// Samples that are taken in the background, one at the start and one at the end of each piece.
pub(crate) struct Samples {
    every: Duration,
    taken: Arc<Mutex<Vec<Sample>>>,
}

impl Samples {
    /// Begins to look at the process, and at the file of its database, once in `every`.
    pub(crate) fn start(process: Process, database: PathBuf, every: Duration) -> Self {
        let taken = Arc::new(Mutex::new(vec![Sample::take(process, &database)]));
        let (samples, began) = (Arc::clone(&taken), Instant::now());
        tokio::spawn(async move {
            for number in 1.. {
                sleep_until(began + every * number).await;
                samples.lock().unwrap().push(Sample::take(process, &database));
            }
        });
        Self { every, taken }
    }

    /// The pieces. `waits`: when each delivery's event was accepted, since the first sample, and how long it then took.
    pub(crate) fn pieces(&self, waits: &[(Duration, Duration)]) -> Vec<Value> {
        let samples = self.taken.lock().unwrap();
        let mut by_piece = vec![Vec::new(); samples.len()];
        for (accepted, wait) in waits {
            let piece = usize::try_from(accepted.as_nanos() / self.every.as_nanos()).unwrap();
            if let Some(waits) = by_piece.get_mut(piece) {
                waits.push(*wait);
            }
        }
        let pieces = samples.windows(2).zip(by_piece);
        pieces.map(|(ends, waits)| self.piece(ends[0], ends[1], waits)).collect()
    }

    fn piece(&self, before: Sample, after: Sample, mut waits: Vec<Duration>) -> Value {
        waits.sort_unstable();
        let cpu = after.cpu_seconds.zip(before.cpu_seconds).map(|(after, before)| after - before);
        json!({
            "delivered": waits.len(),
            "p50_ms": percentile(&waits, 50),
            "p99_ms": percentile(&waits, 99),
            "cpu_percent": cpu.map(|cpu| 100.0 * cpu / self.every.as_secs_f64()),
            "resident_mb": after.resident_mb,
            "database_mb": after.database_mb,
            "free_mb": after.free_mb,
            "log_mb": after.log_mb,
        })
    }
}

impl Sample {
    fn take(process: Process, database: &Path) -> Self {
        let log = database.with_extension("sqlite-wal");
        Self {
            cpu_seconds: process.cpu_seconds(),
            resident_mb: process.resident_mb(),
            database_mb: size_mb(database),
            free_mb: free_mb(database),
            log_mb: size_mb(&log),
        }
    }
}

fn size_mb(file: &Path) -> Option<f64> {
    Some(megabytes(fs::metadata(file).ok()?.len()))
}

/// How much of the database's file is pages in which nothing is stored, as the file's header says: bytes 16 and 17 are
/// the size of a page, bytes 36 to 39 the number of free ones (<https://sqlite.org/fileformat.html#the_database_header>).
fn free_mb(database: &Path) -> Option<f64> {
    let mut header = [0; 40];
    File::open(database).ok()?.read_exact(&mut header).ok()?;
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[36], header[37], header[38], header[39]]);
    Some(megabytes(size * u64::from(pages)))
}

#[expect(clippy::cast_precision_loss, reason = "no file is so large")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
