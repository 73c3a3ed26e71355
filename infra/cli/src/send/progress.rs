//! How far `send` is: a bar where stderr is a terminal, a sentence now and then elsewhere.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::output::{Output, grouped};

/// The characters of the bar.
const WIDTH: usize = 24;
/// Goes to the beginning of the line and clears it.
const CLEAR: &str = "\r\u{1b}[K";

pub(super) struct Progress {
    total: usize,
    done: usize,
    began: Timestamp,
    clock: Clock,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(total: usize, clock: Clock) -> Self {
        Self { total, done: 0, began: clock.now(), clock, is_shown: false }
    }

    pub(super) const fn advance(&mut self) {
        self.done += 1;
    }

    /// How many records are left.
    pub(super) const fn left(&self) -> usize {
        self.total - self.done
    }

    /// How many there were.
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// How long it has taken so far.
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().duration_since(self.began).as_secs()).unwrap_or_default()
    }

    /// Draws the bar.
    pub(super) fn show(&mut self, refused: usize, output: &mut Output<'_>) {
        if output.is_terminal {
            let line = line(self.done, self.total, refused, self.seconds());
            let _ = write!(output.err, "{CLEAR}{line}");
            let _ = output.err.flush();
            self.is_shown = true;
        }
    }

    /// Says why nothing happens for a while.
    pub(super) fn waits(&mut self, pause: Duration, output: &mut Output<'_>) {
        let until = in_words(pause.as_secs());
        if output.is_terminal {
            let _ = write!(output.err, "  waits {until} for the rate limit");
            let _ = output.err.flush();
        } else {
            let (done, total) = (grouped(self.done), grouped(self.total));
            output.note(&format!("{done} of {total} are sent; it waits {until} for the rate limit."));
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&mut self, output: &mut Output<'_>) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(output.err, "{CLEAR}");
            let _ = output.err.flush();
        }
    }
}

fn line(done: usize, total: usize, refused: usize, seconds: u64) -> String {
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
    let refused = if refused == 0 { String::new() } else { format!("  {} refused", grouped(refused)) };
    let left = u64::try_from(total - done).unwrap_or_default();
    let each = u64::try_from(done).ok().filter(|done| *done > 0 && seconds > 0);
    let left = each.map(|done| format!("  {} left", in_words(seconds * left / done))).unwrap_or_default();
    format!("[{bar}] {} of {}{refused}{left}", grouped(done), grouped(total))
}

/// `45 s`, `12 min`, `5 h 10 min`.
pub(super) fn in_words(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far_it_is_and_how_long_it_takes() {
        assert_eq!(line(0, 5_000, 0, 0), "[........................] 0 of 5,000");
        assert_eq!(
            line(1_250, 5_000, 3, 3_600),
            "[######..................] 1,250 of 5,000  3 refused  3 h 0 min left"
        );
        assert_eq!(line(1, 1, 0, 1), "[########################] 1 of 1  0 s left");
    }
}
