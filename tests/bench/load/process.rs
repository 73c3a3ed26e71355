//! What the kernel says of a process.

use std::fs;

/// How many units of time in `/proc` a second has, on every Linux that this runs on.
const TICKS: f64 = 100.0;

/// A process; its figures are there on Linux only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// The CPU time that it has used.
    pub(crate) fn cpu_seconds(self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // Behind the name, which may have blanks in it: user time and system time are the 12th and 13th fields.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Some(ticks.map(|ticks| f64::from(ticks.unwrap_or_default())).sum::<f64>() / TICKS)
    }

    /// The most memory that it ever had (MB).
    pub(crate) fn peak_mb(self) -> Option<f64> {
        self.memory("VmHWM:")
    }

    /// The memory that it has (MB).
    pub(crate) fn resident_mb(self) -> Option<f64> {
        self.memory("VmRSS:")
    }

    fn memory(self, name: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(f64::from(kilobytes.trim().trim_end_matches(" kB").parse::<u32>().ok()?) / 1_024.0)
    }
}
