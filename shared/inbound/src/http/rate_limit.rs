//! How answers report rate limits: headers on every answer, and the 429.

use domain::rate_limit::{Limits, Usage};
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, HeaderValue, header};

use super::caller::Caller;
use crate::problem::{Problem, ProblemCode};

const HOUR: i64 = 3600;
const MINUTE: i64 = 60;

/// One window after a call.
#[derive(Debug, Clone, Copy)]
struct Window {
    name: &'static str,
    limit: u64,
    remaining: u64,
    /// Seconds until it is full again.
    reset: i64,
    /// Its length in seconds.
    length: i64,
}

/// Which windows of a key a call is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// Those of all calls but batches.
    Calls,
    /// Those of batches.
    Batches,
}

impl Allowance {
    /// The limits of a caller, and under which name its calls are counted. All portal links of a key are counted together, or
    /// whoever makes links would have no limits.
    pub(super) fn of(self, caller: &Caller) -> (Limits, String) {
        let (limits, id) = (caller.key.limits(), caller.key_id());
        match self {
            Self::Calls if caller.link.is_some() => (limits.of_links(), format!("{id}#links")),
            Self::Calls => (limits, id.to_owned()),
            Self::Batches => (limits.of_batches(), format!("{id}#batches")),
        }
    }

    /// The state of its windows after a call at `now`.
    pub(super) fn rate(self, limits: Limits, usage: Usage, now: Timestamp) -> RateLimit {
        match self {
            Self::Calls => RateLimit::new(limits, usage, now),
            Self::Batches => RateLimit::named(("batches", "batch-permin", "batch-perhr"), limits, usage, now),
        }
    }
}

/// Both windows of a caller after a call, for the headers of the answer.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// What is counted, in sentences.
    what: &'static str,
    minute: Window,
    hour: Window,
    now: Timestamp,
    granted: bool,
}

impl RateLimit {
    /// The state after a call at `now`.
    #[must_use]
    pub fn new(limits: Limits, usage: Usage, now: Timestamp) -> Self {
        Self::named(("calls", "permin", "perhr"), limits, usage, now)
    }

    /// The same with these names of what is counted, of the minute and of the hour.
    fn named(names: (&'static str, &'static str, &'static str), limits: Limits, usage: Usage, now: Timestamp) -> Self {
        let (what, minute, hour) = names;
        let window = |name, limit: u64, used: u64, length: i64| Window {
            name,
            limit,
            remaining: limit.saturating_sub(used),
            reset: length - now.as_second().rem_euclid(length),
            length,
        };
        Self {
            what,
            minute: window(minute, limits.per_minute, usage.minute, MINUTE),
            hour: window(hour, limits.per_hour, usage.hour, HOUR),
            now,
            granted: usage.granted,
        }
    }

    /// The 429, if the call was not granted. `who` is the subject of its sentence.
    #[must_use]
    pub fn refusal(&self, who: &str) -> Option<Problem> {
        if self.granted {
            return None;
        }
        let used_up: Vec<_> = [self.minute, self.hour].into_iter().filter(|w| w.remaining == 0).collect();
        let wait = used_up.iter().map(|w| w.reset).max().unwrap_or(1);
        let limits = format!("{} {} a minute and {} an hour", self.minute.limit, self.what, self.hour.limit);
        let mut problem = Problem::new(
            ProblemCode::RateLimitExceeded,
            format!("{who} may make {limits}. Wait {wait} seconds, then send the same request again."),
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from(wait));
        problem.violated_policies = used_up.iter().map(|w| w.name).collect();
        Some(problem)
    }

    /// Adds `X-RateLimit-*` for the window that is nearer to exhaustion, and the IETF draft's two headers for both.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let tighter = if self.minute.share() <= self.hour.share() { self.minute } else { self.hour };
        let reset = self.now.as_second() + tighter.reset;
        let policy = format!("{},{}", self.minute.policy(), self.hour.policy());
        let state = format!("{},{}", self.minute.state(), self.hour.state());
        headers.insert("x-ratelimit-limit", HeaderValue::from(tighter.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(tighter.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

impl Window {
    /// What is left, as a share of the limit.
    #[expect(clippy::cast_precision_loss, reason = "a comparison of shares needs no more")]
    fn share(&self) -> f64 {
        self.remaining as f64 / (self.limit.max(1)) as f64
    }

    fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.limit, self.length)
    }

    fn state(&self) -> String {
        format!("\"{}\";r={};t={}", self.name, self.remaining, self.reset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn headers_show_the_window_nearer_exhaustion_and_both_policies() {
        let usage = Usage { hour: 300, minute: 38, granted: true };
        let mut headers = HeaderMap::new();
        RateLimit::new(Limits::default(), usage, at("2025-10-20T14:30:29Z")).write_headers(&mut headers);
        assert_eq!(headers["x-ratelimit-limit"], "50");
        assert_eq!(headers["x-ratelimit-remaining"], "12");
        assert_eq!(headers["x-ratelimit-reset"], "1760970660");
        assert_eq!(headers["ratelimit-policy"], r#""permin";q=50;w=60,"perhr";q=1000;w=3600"#);
        assert_eq!(headers["ratelimit"], r#""permin";r=12;t=31,"perhr";r=700;t=1771"#);
    }

    #[test]
    fn a_refusal_waits_for_the_longest_of_the_used_up_windows() {
        let usage = Usage { hour: 1000, minute: 50, granted: false };
        let problem = RateLimit::new(Limits::default(), usage, at("2025-10-20T14:59:30Z")).refusal("This key").unwrap();
        assert_eq!(problem.violated_policies, ["permin", "perhr"]);
        assert!(problem.headers.iter().any(|(name, value)| name == "retry-after" && value == "30"));
        let usage = Usage { hour: 50, minute: 50, granted: false };
        let problem = RateLimit::new(Limits::default(), usage, at("2025-10-20T14:29:01Z")).refusal("This key").unwrap();
        assert_eq!(problem.violated_policies, ["permin"]);
    }

    #[test]
    fn batches_have_windows_with_names_of_their_own() {
        let usage = Usage { hour: 10, minute: 10, granted: false };
        let limits = Limits::default().of_batches();
        let rate = Allowance::Batches.rate(limits, usage, at("2025-10-20T14:59:30Z"));
        let mut headers = HeaderMap::new();
        rate.write_headers(&mut headers);
        assert_eq!(headers["ratelimit-policy"], r#""batch-permin";q=10;w=60,"batch-perhr";q=100;w=3600"#);
        assert_eq!(headers["ratelimit"], r#""batch-permin";r=0;t=30,"batch-perhr";r=90;t=30"#);
        let problem = rate.refusal("This key").unwrap();
        assert_eq!(problem.violated_policies, ["batch-permin"]);
        assert!(
            problem.detail.starts_with("This key may make 10 batches a minute and 100 an hour."),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_granted_call_is_not_refused_even_when_it_was_the_last() {
        let usage = Usage { hour: 50, minute: 50, granted: true };
        assert!(RateLimit::new(Limits::default(), usage, at("2025-10-20T14:29:01Z")).refusal("This key").is_none());
    }
}
