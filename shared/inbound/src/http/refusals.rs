//! The list of refused calls: which of them are kept, and what of each.
//!
//! A refused call is stored before it is answered, since a function stops when it has answered; a call that succeeds has no
//! part in this. What bounds the list, so that a loop of refused calls costs little more than the calls themselves:
//!
//! - each process keeps [`MOST_A_MINUTE`] of a key and minute, so that a key which loops does not hide another, and
//!   [`MOST_OF_ACCOUNT`] of an account;
//! - what is not 429 was let through by its key's limits, in all processes together: of a batch each refused record is one;
//! - of 429s, which no limit holds back, each process keeps one a key and minute.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::clock::whole_seconds;
use domain::refusal::{MAX_DEFECTS, NamedRecord, Refusal, RefusedField};
use jiff::Timestamp;
use lambda_http::Request;
use lambda_http::http::Method;
use store::config::{ConfigError, Environment};
use store::requests::Requests;
use telemetry::causes::causes;

use super::answer::{Refused, loggable};
use super::caller::Caller;
use super::guard::COUNT_PATIENCE;
use super::visit::Visit;
use crate::problem::{Problem, ProblemCode};

/// How many refused calls of a key a process keeps in a minute: as many as a key may make by default.
const MOST_A_MINUTE: usize = 50;
/// How many of an account, whatever keys it makes for itself.
const MOST_OF_ACCOUNT: usize = 500;
/// Longer paths are cut.
const LONGEST_PATH: usize = 200;

/// Keeps refused calls.
#[derive(Debug)]
pub(super) struct RefusalLog {
    requests: Requests,
    /// How long an answer waits for it.
    patience: Duration,
    minute: Mutex<Minute>,
}

/// What this process has kept of the present minute.
#[derive(Debug, Default)]
struct Minute {
    /// In minutes since 1970.
    number: i64,
    /// How many of each key, and of each account.
    kept: HashMap<String, usize>,
    /// Keys of which a 429 was kept.
    limited: HashSet<String>,
}

impl RefusalLog {
    /// Reads `REQUESTS_TABLE`.
    ///
    /// # Errors
    /// When it is not set.
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let patience = environment.count_patience().unwrap_or(COUNT_PATIENCE);
        Ok(Self { requests: environment.requests()?, patience, minute: Mutex::default() })
    }

    /// Stores a call that is answered 4xx, within bounds. That it could not be stored is logged, and changes nothing.
    pub(super) async fn keep(&self, visit: &Visit<'_>, problem: &Problem) {
        self.keep_one(visit, (&visit.request_id, visit.subject.as_ref()), problem).await;
    }

    /// The same for parts of a call, each under its own id. After one that could not be stored no others are tried: the answer
    /// waits for them.
    pub(super) async fn keep_parts(&self, visit: &Visit<'_>, parts: &[Refused]) {
        for Refused { request_id, subject, problem } in parts {
            if !self.keep_one(visit, (request_id, subject.as_ref()), problem).await {
                return;
            }
        }
    }

    /// False when it could not be stored.
    async fn keep_one(&self, visit: &Visit<'_>, part: (&str, Option<&NamedRecord>), problem: &Problem) -> bool {
        let is_kept = !visit.is_dry_run && problem.code.status().is_client_error();
        let Some(caller) = visit.caller.as_ref().filter(|_| is_kept) else { return true };
        let Some(last) = self.admit(caller, problem.code, visit.now) else { return true };
        let refusal = refusal((visit, caller), part, problem, last);
        let cause = match tokio::time::timeout(self.patience, self.requests.put(&caller.account.id, &refusal)).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => causes(&error),
            Err(_) => "it was not stored in time".to_owned(),
        };
        tracing::warn!(error = cause, "a refused call was not kept");
        false
    }

    /// Whether this call is kept; if so, whether one like it may be the last of its minute.
    fn admit(&self, caller: &Caller, code: ProblemCode, now: Timestamp) -> Option<bool> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        minute.admit(&caller.account.id, &caller.key.id, code, now)
    }
}

impl Minute {
    fn admit(&mut self, account: &str, key_id: &str, code: ProblemCode, now: Timestamp) -> Option<bool> {
        let number = now.as_second().div_euclid(60);
        if self.number != number {
            *self = Self { number, ..Self::default() };
        }
        let is_limit = code == ProblemCode::RateLimitExceeded;
        if self.kept_of(account) >= MOST_OF_ACCOUNT || (!is_limit && self.kept_of(key_id) >= MOST_A_MINUTE) {
            return None;
        }
        if is_limit && !self.limited.insert(key_id.to_owned()) {
            return None;
        }
        *self.kept.entry(account.to_owned()).or_default() += 1;
        // That of its limit comes beside the others, which are what has used it up.
        *self.kept.entry(key_id.to_owned()).or_default() += usize::from(!is_limit);
        Some(is_limit || self.kept_of(key_id) == MOST_A_MINUTE || self.kept_of(account) == MOST_OF_ACCOUNT)
    }

    fn kept_of(&self, id: &str) -> usize {
        self.kept.get(id).copied().unwrap_or_default()
    }
}

/// What is kept of a call: nothing that its sender has written but the number of the record.
fn refusal(
    (visit, caller): (&Visit<'_>, &Caller),
    (id, subject): (&str, Option<&NamedRecord>),
    problem: &Problem,
    truncated: bool,
) -> Refusal {
    let mut path = loggable(visit.request.uri().path());
    path.truncate(LONGEST_PATH);
    Refusal {
        id: id.to_owned(),
        created_at: whole_seconds(visit.now),
        method: method(visit.request).to_owned(),
        path,
        status: problem.code.status().as_u16(),
        code: problem.code.as_str().to_owned(),
        errors: problem.errors.iter().take(MAX_DEFECTS).map(RefusedField::of).collect(),
        error_count: problem.errors.len(),
        subject: subject.cloned(),
        key_id: caller.key_id().to_owned(),
        key_name: caller.key.name.clone(),
        truncated,
    }
}

/// The method, if it is one that HTTP defines.
fn method(request: &Request) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(request.method()) { request.method().as_str() } else { "other" }
}

#[cfg(test)]
mod tests {
    use domain::defect::{DefectCode, Defects};

    use super::*;
    use crate::http::rate_limit::Allowance;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_760_970_600 + second).unwrap()
    }

    #[test]
    fn a_minute_of_a_key_is_bounded_and_says_so_at_its_end() {
        let mut minute = Minute::default();
        let mut admit = |key: &str, second| minute.admit("acc_1", key, ProblemCode::ValidationFailed, at(second));
        let kept: Vec<Option<bool>> = (0..MOST_A_MINUTE + 10).map(|_| admit("key_1", 0)).collect();
        assert_eq!(kept.iter().flatten().count(), MOST_A_MINUTE);
        assert_eq!((kept[MOST_A_MINUTE - 2], kept[MOST_A_MINUTE - 1]), (Some(false), Some(true)));
        assert_eq!(admit("key_2", 59), Some(false), "another key has its own");
        assert_eq!(admit("key_1", 59), None);
        assert_eq!(admit("key_1", 60), Some(false), "and so has the next minute");
        assert_eq!(admit("key_1", 0), Some(false), "and one to which the clock was set back");
    }

    #[test]
    fn a_limit_is_told_beside_what_used_it_up_and_an_account_is_bounded() {
        let mut minute = Minute::default();
        let (wrong, too_often) = (ProblemCode::ValidationFailed, ProblemCode::RateLimitExceeded);
        for _ in 0..MOST_A_MINUTE {
            assert!(minute.admit("acc_1", "key_1", wrong, at(0)).is_some());
        }
        assert_eq!(minute.admit("acc_1", "key_1", too_often, at(1)), Some(true));
        let keys = (0..MOST_OF_ACCOUNT).map(|number| format!("key_{}", number + 2));
        let kept = keys.filter(|key| minute.admit("acc_1", key, wrong, at(2)).is_some()).count();
        assert_eq!(kept, MOST_OF_ACCOUNT - MOST_A_MINUTE - 1);
        assert_eq!(minute.admit("acc_2", "key_0", wrong, at(2)), Some(false));
    }

    #[test]
    fn of_a_key_that_calls_too_often_one_refusal_a_minute_is_kept() {
        let mut minute = Minute::default();
        let mut admit = |key: &str, code, second| minute.admit("acc_1", key, code, at(second));
        let too_often = ProblemCode::RateLimitExceeded;
        assert_eq!(admit("key_1", too_often, 0), Some(true));
        assert_eq!((admit("key_1", too_often, 1), admit("key_1", too_often, 59)), (None, None));
        assert_eq!(admit("key_2", too_often, 2), Some(true));
        assert_eq!(admit("key_1", ProblemCode::NotFound, 3), Some(false));
        assert_eq!(admit("key_1", too_often, 60), Some(true));
    }

    #[test]
    fn nothing_that_the_sender_wrote_is_kept_but_the_number() {
        let mut request = Request::default();
        *request.uri_mut() = format!("/api/endpoints/jane@doe/{}", "x/".repeat(300)).parse().unwrap();
        *request.method_mut() = Method::from_bytes(b"JANE").unwrap();
        let mut defects = Defects::default();
        for number in 0..30 {
            defects.push(format!("materials[{number}].quantity"), DefectCode::OutOfRange, "not by Jane");
        }
        defects.push("janeDoe", DefectCode::UnknownField, "is not a field; did you mean name?");
        let visit = Visit::new(&request, Allowance::Calls, at(0));
        let kept = refusal((&visit, &caller()), (&visit.request_id, None), &Problem::invalid(defects), false);
        let text = domain::json::write(&kept);
        assert!(!text.to_lowercase().contains("jane"), "{text}");
        assert_eq!((kept.errors.len(), kept.error_count, kept.path.len()), (MAX_DEFECTS, 31, LONGEST_PATH));
        assert_eq!(kept.errors[0], RefusedField { field: None, code: "unknown_field".to_owned() });
        assert!(text.len() < 2_048, "{} bytes", text.len());
    }

    fn caller() -> Caller {
        use domain::account::Account;
        use domain::api_key::{ApiKey, NewKey};
        use domain::trace::TraceContext;

        let words = |text: &str| text.to_owned();
        let (time_zone, currency, country) = (words("America/Chicago"), words("USD"), words("US"));
        Caller {
            account: Account { id: words("acc_1"), name: words("Acme"), time_zone, currency, country },
            key: ApiKey::new(&NewKey::generate("test"), "ERP", Vec::new(), at(0)),
            link: None,
            request_id: words("req_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
            trace: TraceContext::start(),
        }
    }
}
