//! The results of a batch, and what the call as a whole is answered.

use domain::refusal::NamedRecord;
use lambda_http::http::StatusCode;
use serde_json::{Map, Value, json};
use telemetry::causes::causes;

use super::receipt::Receipt;
use crate::http::{Facts, Refused, Reply};
use crate::problem::Problem;

/// What came of the records so far.
#[derive(Default)]
pub(super) struct Results {
    /// One for each, in their order.
    each: Vec<Value>,
    /// How many events were raised.
    events: usize,
    /// Those that are answered 4xx.
    refused: Vec<Refused>,
    /// Those that are answered 5xx: they can be sent again.
    failed: Vec<Refused>,
}

impl Results {
    /// Adds the result of the next record, whose id as a request is `request_id`.
    pub(super) fn add(
        &mut self,
        request_id: &str,
        subject: Option<NamedRecord>,
        outcome: Result<Receipt, Problem>,
        is_dry_run: bool,
    ) {
        let mut result = Map::from_iter([("index".to_owned(), json!(self.each.len()))]);
        match outcome {
            Ok(Receipt { body, facts }) => {
                self.events += facts.events;
                result.insert("status".to_owned(), json!(StatusCode::OK.as_u16()));
                result.extend(members(body));
            }
            Err(problem) => {
                let problem = Problem { is_dry_run, ..problem };
                result.extend(members(json!(problem.members(request_id))));
                let is_ours = problem.code.status().is_server_error();
                let list = if is_ours { &mut self.failed } else { &mut self.refused };
                list.push(Refused { request_id: request_id.to_owned(), subject, problem });
            }
        }
        self.each.push(Value::Object(result));
    }

    /// 200, or 207 when a record was not accepted. Where all failed by our fault the call has failed, as that of the first.
    pub(super) fn into_reply(mut self, request_id: &str, is_dry_run: bool) -> Result<Reply, Problem> {
        let records = self.each.len();
        if self.failed.len() == records && !self.failed.is_empty() {
            return Err(self.failed.swap_remove(0).problem);
        }
        self.log();
        let failed = self.refused.len() + self.failed.len();
        let mut body = json!({
            "success": failed == 0,
            "succeeded": records - failed,
            "failed": failed,
            "results": self.each,
            "requestId": request_id,
        });
        if is_dry_run {
            body["dryRun"] = json!(true);
        }
        let status = if failed == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
        let facts = Facts { events: self.events, records: Some(records), refused: Some(failed), ..Facts::default() };
        let reply = Reply::new(status, &body).with_facts(facts);
        Ok(Reply { is_final: self.failed.is_empty(), refused: self.refused, ..reply })
    }

    /// A line for each record that failed inside, and one for those that there was no time for.
    fn log(&self) {
        let (failed, late): (Vec<_>, Vec<_>) = self.failed.iter().partition(|failed| failed.problem.cause.is_some());
        for Refused { request_id, problem, .. } in failed {
            let error = problem.cause.as_ref().map(|cause| causes(cause)).unwrap_or_default();
            tracing::error!(record_request_id = request_id, error, "a record of a batch was not processed");
        }
        if !late.is_empty() {
            tracing::warn!(records = late.len(), "records of a batch are to be sent again");
        }
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
