//! `--since`: a time, or how long ago.

use jiff::{SignedDuration, Timestamp};

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

impl Since {
    /// Reads `2026-11-20T00:00:00Z`, or `90s`, `30m`, `2h`, `7d`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let wrong =
            || "it must be a time such as 2026-11-20T00:00:00Z, or how long ago, such as 30m, 2h or 7d".to_owned();
        let (number, unit) = text.split_at(text.floor_char_boundary(text.len().saturating_sub(1)));
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u32 = number.parse().map_err(|_| wrong())?;
        Ok(Self::Ago(SignedDuration::from_secs(i64::from(number) * seconds)))
    }

    /// The time that is meant.
    pub(crate) fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(long) => now.checked_sub(long).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_how_long_ago() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let read = |text| Since::read(text).map(|since| since.time(now).to_string());
        assert_eq!(read("2025-10-20T00:00:00-05:00").unwrap(), "2025-10-20T05:00:00Z");
        assert_eq!(read("90m").unwrap(), "2025-10-20T13:00:00Z");
        assert_eq!(read("7d").unwrap(), "2025-10-13T14:30:00Z");
        for wrong in ["", "h", "1", "-1h", "yesterday", "2h30m", "1\u{e9}"] {
            assert!(Since::read(wrong).is_err(), "{wrong}");
        }
    }
}
