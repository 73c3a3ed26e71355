//! The calls that carry records. How many go with one call is known here alone.

use std::time::Duration;

use domain::models::{Kind, Model};
use serde_json::Value;

use crate::api::{Api, Call, Trouble, backoff};
use crate::failure::Failure;
use crate::rates::Rates;
use crate::send::Outcome;
use crate::send::rows::Row;

/// How many records a call carries at most.
pub(super) const MOST: usize = 1;
/// How often a call is made whose answer says that it will pass, or that gets none: for some two minutes.
const PATIENCE: u32 = 8;
/// How often a call is made that the API can't answer: it may be the record.
const TRIES: u32 = 3;
/// The first call with an idempotency key is still under way.
const IN_USE: &str = "idempotency_key_in_use";

pub(super) struct Client<'a> {
    api: &'a Api,
    kind: Kind,
    rates: Rates,
}

impl<'a> Client<'a> {
    pub(super) fn new(api: &'a Api, kind: Kind) -> Self {
        Self { api, kind, rates: Rates::default() }
    }

    /// What the records are.
    pub(super) fn model(&self) -> &'static Model {
        self.kind.model()
    }

    /// How long to wait before the next call while so many records are left.
    pub(super) fn pause(&self, records: usize) -> Duration {
        self.rates.pause(u64::try_from(records.div_ceil(MOST)).unwrap_or(u64::MAX))
    }

    /// Sends up to [`MOST`] records after a pause, and returns what came of each. `run` is the same whenever they are sent
    /// again because nobody knows what came of them: the API then answers as it did the first time.
    pub(super) async fn send(
        &mut self,
        records: &[(Row, String)],
        run: &str,
        pause: Duration,
    ) -> Result<Vec<Outcome>, Failure> {
        self.api.clock.wait(pause).await;
        let mut outcomes = Vec::with_capacity(records.len());
        for (row, mark) in records {
            outcomes.push(self.send_one(&Value::Object(row.body.clone()), format!("{run}-{mark}")).await?);
        }
        Ok(outcomes)
    }

    async fn send_one(&mut self, body: &Value, key: String) -> Result<Outcome, Failure> {
        let call = Call::post(format!("/api/webhook/{}", self.kind.segment()), body).once_for(key);
        let mut failures = 0;
        loop {
            let trouble = match self.api.call(&call).await {
                Ok(answer) => {
                    self.rates = answer.rates;
                    let action = answer.body.get("action").and_then(Value::as_str).unwrap_or("accepted");
                    return Ok(Outcome::Accepted(action.to_owned()));
                }
                Err(trouble) => trouble,
            };
            failures += 1;
            match trouble {
                Trouble::Limited(wait) => {
                    failures = 0;
                    self.api.clock.wait(wait.max(Duration::from_secs(1))).await;
                }
                Trouble::Passing(_) if failures < PATIENCE => self.api.clock.wait(backoff(failures)).await,
                Trouble::Refused(problem, _) if problem.code == IN_USE && failures < PATIENCE => {
                    self.api.clock.wait(backoff(failures)).await;
                }
                Trouble::Refused(problem, _) if problem.status >= 500 && failures < TRIES => {
                    self.api.clock.wait(backoff(failures)).await;
                }
                Trouble::Refused(problem, rates) if !problem.is_about_the_key() && problem.code != IN_USE => {
                    self.rates = rates;
                    return Ok(Outcome::Refused(*problem));
                }
                hopeless => return Err(hopeless.into()),
            }
        }
    }
}
