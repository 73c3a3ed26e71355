//! How fast calls may follow each other, by the rate limit headers of answers.

use std::time::Duration;

/// The share of each window that is left to other users of the key: a tenth.
const RESERVED: u64 = 10;

/// The windows of a key after a call, from the header `RateLimit` with `RateLimit-Policy`. None when an answer has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rates(Vec<Window>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    limit: u64,
    remaining: u64,
    /// Seconds until it is full again.
    reset: u64,
}

impl Rates {
    /// Reads `"permin";r=12;t=31,"perhr";r=700;t=1800` and `"permin";q=50;w=60,"perhr";q=1000;w=3600`. What can't be read
    /// is left out.
    pub(crate) fn read(state: &str, policy: &str) -> Self {
        let windows = state.split(',').filter_map(|window| {
            let name = window.split(';').next()?.trim();
            let of_name = |one: &&str| one.split(';').next().is_some_and(|first| first.trim() == name);
            let (remaining, reset) = (parameter(window, "r")?, parameter(window, "t")?);
            let limit = policy.split(',').find(of_name).and_then(|window| parameter(window, "q"));
            Some(Window { limit: limit.unwrap_or(remaining), remaining, reset })
        });
        Self(windows.collect())
    }

    /// How long to wait before the next of `ahead` calls. While all of them fit into a window, it asks for no wait; otherwise
    /// what is left of it is spread over the time until it is full again. A tenth of each window stays free.
    pub(crate) fn pause(&self, ahead: u64) -> Duration {
        self.0.iter().map(|window| window.pause(ahead)).max().unwrap_or_default()
    }

    /// How long to wait before the next of calls that never end, so that they use half of what is left.
    pub(crate) fn pause_of_half(&self) -> Duration {
        let pause = |window: &Window| (window.pause(u64::MAX) * 2).min(Duration::from_secs(window.reset));
        self.0.iter().map(pause).max().unwrap_or_default()
    }
}

impl Window {
    fn pause(&self, ahead: u64) -> Duration {
        let free = self.remaining.saturating_sub(self.limit / RESERVED);
        if ahead <= free {
            return Duration::ZERO;
        }
        // One more: the last of these waits ends with the window.
        Duration::from_millis(self.reset.saturating_mul(1_000) / (free + 1))
    }
}

/// The value of `;name=value`.
fn parameter(window: &str, name: &str) -> Option<u64> {
    let value = |one: &str| one.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok();
    window.split(';').skip(1).find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#""permin";q=50;w=60,"perhr";q=1000;w=3600"#;

    fn pause(state: &str, ahead: u64) -> u128 {
        Rates::read(state, POLICY).pause(ahead).as_millis()
    }

    #[test]
    fn nothing_waits_while_all_fits() {
        assert_eq!(pause(r#""permin";r=49;t=31,"perhr";r=900;t=1800"#, 44), 0);
        assert_eq!(Rates::read("", "").pause(u64::MAX), Duration::ZERO);
        assert_eq!(Rates::read("nonsense;r=x, ;;", POLICY), Rates::default());
    }

    #[test]
    fn calls_are_spread_over_the_window_that_is_too_small_for_them() {
        assert_eq!(pause(r#""permin";r=44;t=40,"perhr";r=900;t=1800"#, 100), 1_000, "39 free in 40 seconds");
        assert_eq!(pause(r#""permin";r=45;t=40,"perhr";r=399;t=1800"#, 1_000), 6_000, "299 free in half an hour");
    }

    #[test]
    fn calls_without_an_end_use_half() {
        let half = |state| Rates::read(state, POLICY).pause_of_half().as_secs();
        assert_eq!(half(r#""permin";r=45;t=60,"perhr";r=999;t=3600"#), 8);
        assert_eq!(half(r#""permin";r=45;t=60,"perhr";r=100;t=600"#), 600, "no longer than until there are more");
    }

    #[test]
    fn a_tenth_is_left_to_others() {
        assert_eq!(pause(r#""permin";r=5;t=31,"perhr";r=900;t=1800"#, 1), 31_000);
        assert_eq!(pause(r#""permin";r=45;t=31,"perhr";r=100;t=1800"#, 1), 1_800_000);
        assert_eq!(Rates::read(r#""permin";r=1;t=9"#, r#""permin";q=2;w=60"#).pause(1), Duration::ZERO);
    }
}
