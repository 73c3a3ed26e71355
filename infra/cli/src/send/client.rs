//! The calls that carry records. How many go with one call is known here alone.

use std::time::Duration;

use domain::models::{Kind, Model};
use serde_json::{Value, json};

use crate::api::{Answer, Api, Call, Problem, Trouble, backoff};
use crate::failure::Failure;
use crate::rates::Rates;
use crate::send::Outcome;
use crate::send::rows::Row;

/// How many records a call carries at most.
const MOST: usize = 100;
/// How many bytes its body has at most.
const LONGEST: usize = 1_048_576;
/// Its body without records.
const FRAME: &str = r#"{"records":[]}"#;
/// How often a call is made whose answer says that it will pass, or that gets none: for some two minutes.
const PATIENCE: u32 = 8;
/// How often something is tried at which the API fails: it may be the record.
pub(super) const TRIES: u32 = 3;
/// The first call with an idempotency key is still under way.
const IN_USE: &str = "idempotency_key_in_use";

pub(super) struct Client<'a> {
    api: &'a Api,
    kind: Kind,
    /// How many records the next call carries at most: fewer after one that failed as a whole.
    most: usize,
    rates: Rates,
}

/// What a call has done with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Settled(Outcome),
    /// It was not processed: there was no time for it, or what it needs was not reached.
    Again,
    /// The API failed at it.
    Failed(Problem),
}

impl<'a> Client<'a> {
    pub(super) fn new(api: &'a Api, kind: Kind) -> Self {
        Self { api, kind, most: MOST, rates: Rates::default() }
    }

    /// What the records are.
    pub(super) fn model(&self) -> &'static Model {
        self.kind.model()
    }

    /// How long to wait before the next call while so many records are left.
    pub(super) fn pause(&self, records: usize) -> Duration {
        self.rates.pause(u64::try_from(records.div_ceil(self.most)).unwrap_or(u64::MAX))
    }

    /// Waits.
    pub(super) async fn wait(&self, pause: Duration) {
        self.api.clock.wait(pause).await;
    }

    /// How many of these records, the first ones, go with the next call.
    pub(super) fn fitting<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> usize {
        let mut length = FRAME.len();
        let fits = |row: &&Row| {
            length += domain::json::write(&row.body).len() + ",".len();
            length <= LONGEST
        };
        rows.take(self.most).take_while(fits).count().max(1)
    }

    /// Sends a batch, and returns the fate of each of its records. `key` is the same whenever it is sent again because nobody
    /// knows what came of it: the API then answers as it did the first time. Without one it is a dry run.
    pub(super) async fn send(&mut self, rows: &[&Row], key: Option<String>) -> Result<Vec<Fate>, Failure> {
        let records: Vec<&_> = rows.iter().map(|row| &row.body).collect();
        let body = json!({ "records": records });
        let call = Call::post(format!("/api/webhook/{}/batch", self.kind.segment()), &body);
        let call = match key {
            Some(key) => call.once_for(key),
            None => call.with("dryRun", "true"),
        };
        match self.answer(&call).await {
            Ok(answer) => {
                self.rates = answer.rates;
                self.most = (self.most * 2).min(MOST);
                let fates = fates(answer.body).filter(|fates| fates.len() == rows.len());
                fates
                    .ok_or_else(|| Failure::Api(format!("{} answers without a result for each record", self.api.url())))
            }
            Err(Trouble::Refused(problem, rates)) if problem.status >= 500 || problem.status == 413 => {
                self.rates = rates;
                self.most = (rows.len() / 2).max(1);
                // One of many may be the cause. It is found in smaller and smaller batches.
                let alone = rows.len() == 1;
                Ok(if alone { vec![Fate::Settled(Outcome::Refused(*problem))] } else { vec![Fate::Again; rows.len()] })
            }
            Err(Trouble::Refused(problem, _)) if matches!(problem.status, 404 | 405) && !problem.code.is_empty() => {
                Err(Failure::Api(format!("{} takes no batches; it is older than this program", self.api.url())))
            }
            Err(hopeless) => Err(hopeless.into()),
        }
    }

    /// Makes a call, again and again while its trouble may pass.
    async fn answer(&self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let mut failures = 0;
        loop {
            let trouble = match self.api.call(call).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            failures += 1;
            let wait = match &trouble {
                Trouble::Limited(wait) => {
                    failures = 0;
                    (*wait).max(Duration::from_secs(1))
                }
                Trouble::Passing(_) if failures < PATIENCE => backoff(failures),
                Trouble::Refused(problem, _) if problem.code == IN_USE && failures < PATIENCE => backoff(failures),
                Trouble::Refused(problem, _) if problem.status >= 500 && failures < TRIES => backoff(failures),
                _ => return Err(trouble),
            };
            self.api.clock.wait(wait).await;
        }
    }
}

/// The fates of the records in the answer to a batch.
fn fates(mut answer: Value) -> Option<Vec<Fate>> {
    let Value::Array(results) = answer.get_mut("results")?.take() else { return None };
    results.into_iter().map(fate).collect()
}

fn fate(result: Value) -> Option<Fate> {
    let status = result.get("status")?.as_u64()?;
    let problem = |result| serde_json::from_value(result).ok();
    Some(match status {
        200..=299 => Fate::Settled(Outcome::Accepted(result.get("action")?.as_str()?.to_owned())),
        502..=504 => Fate::Again,
        500.. => Fate::Failed(problem(result)?),
        _ => Fate::Settled(Outcome::Refused(problem(result)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_is_the_fate_of_its_record() {
        let answer = json!({ "success": false, "results": [
            { "index": 0, "status": 200, "success": true, "action": "created" },
            { "index": 1, "status": 409, "code": "overlap", "detail": "It overlaps" },
            { "index": 2, "status": 500, "code": "internal_error", "requestId": "req_1" },
            { "index": 3, "status": 503, "code": "unavailable" },
        ]});
        let problem = |status, code: &str| Problem { status, code: code.to_owned(), ..Problem::default() };
        let overlap = Problem { detail: "It overlaps".to_owned(), ..problem(409, "overlap") };
        let failed = Problem { request_id: Some("req_1".to_owned()), ..problem(500, "internal_error") };
        let expected = [
            Fate::Settled(Outcome::Accepted("created".to_owned())),
            Fate::Settled(Outcome::Refused(overlap)),
            Fate::Failed(failed),
            Fate::Again,
        ];
        assert_eq!(fates(answer).unwrap(), expected);
        for other in [json!([]), json!({}), json!({ "results": {} }), json!({ "results": [{ "action": "created" }] })] {
            assert_eq!(fates(other), None);
        }
    }
}
