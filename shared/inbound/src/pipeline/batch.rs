//! A batch: up to 100 records of one resource in one call, each with a result of its own.
//!
//! They are taken one after the other, in their order, each as a call of its own would be: what comes later finds what came
//! before it, also when two are about one record, or one refers to the other. Where one has failed, later ones about the same
//! are left to be sent again with it. What is not begun in time is answered 503, since a function has 15 seconds, and no event
//! may appear in the feed later than that after its time.

use std::collections::HashSet;

use domain::clock::whole_seconds;
use domain::defect::{DefectCode, Defects};
use domain::ids::{self, Place};
use domain::json;
use domain::refusal::NamedRecord;
use domain::resource::Resource;
use domain::schema::join;
use jiff::Timestamp;
use lambda_http::Request;
use serde_json::value::RawValue;
use store::records::RecordKey;
use tokio::time::Instant;

use super::Parts;
use super::control;
use super::lookup::{Loaded, own_keys};
use super::receipt::Receipt;
use super::request::Run;
use super::results::Results;
use crate::http::{Caller, MAX_BODY_BYTES, Reply, json_batch, too_large};
use crate::problem::{Problem, ProblemCode};

/// The most records of a batch.
pub const MAX_RECORDS: u8 = 100;
/// The only field of its body.
const RECORDS: &str = "records";
/// So many unknown fields are told, and that there are more.
const MAX_UNKNOWN: usize = 51;

/// Processes the records of a batch. A dry run stores nothing, and each record finds what those before it would have stored.
pub(super) async fn run<R: Resource>(
    parts: &Parts,
    caller: &Caller,
    request: &Request,
    is_dry: bool,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let records = records(json_batch(request)?)?;
    let mut batch = Batch { parts, is_dry, now, loaded: Loaded::default(), unsettled: HashSet::new() };
    let (began, mut results) = (Instant::now(), Results::default());
    for (index, record) in (0..).zip(records) {
        let place = Place::in_row_of(&caller.request_id, index);
        let request_id = place.map_or_else(|| ids::new_id("req_", now), |place| format!("req_{}", place.new_ulid()));
        let caller = Caller { request_id, ..caller.clone() };
        let is_late = index > 0 && began.elapsed() >= parts.batch_patience;
        let (subject, outcome) = if is_late {
            (None, Err(again("There was no time left for this record. Send it again.")))
        } else {
            batch.process::<R>(&caller, place, record.get()).await
        };
        results.add(&caller.request_id, subject, outcome, is_dry);
    }
    results.into_reply(&caller.request_id, is_dry)
}

/// A batch that is being processed.
struct Batch<'a> {
    parts: &'a Parts,
    is_dry: bool,
    now: Timestamp,
    /// What was read for the present record, and what a dry run of those before it would have stored.
    loaded: Loaded,
    /// Records of which it is not known what became of the latest that was sent about them.
    unsettled: HashSet<RecordKey>,
}

impl Batch<'_> {
    /// Processes one record as a call of its own: what it is about, as far as that can be read, and its result.
    async fn process<R: Resource>(
        &mut self,
        caller: &Caller,
        place: Option<Place>,
        text: &str,
    ) -> (Option<NamedRecord>, Result<Receipt, Problem>) {
        if text.len() > MAX_BODY_BYTES {
            return (None, Err(too_large("record", text.len(), MAX_BODY_BYTES)));
        }
        let parsed = match control::parse::<R>(text.as_bytes(), self.now) {
            Ok(parsed) => parsed,
            Err(problem) => return (None, Err(problem)),
        };
        let (subject, keys): (_, Vec<_>) = (parsed.subject.clone(), own_keys(&parsed).collect());
        // Sent again by itself, the earlier one would undo this one.
        if keys.iter().any(|key| self.unsettled.contains(key)) {
            let detail =
                "An earlier record of the batch about the same was not processed. Send both again, in this order.";
            return (subject, Err(again(detail)));
        }
        let Self { parts, is_dry, now, .. } = *self;
        let run = Run { parts, caller, parsed, received_at: now, now: whole_seconds(now), is_dry, place };
        let outcome = run.process::<R>(&mut self.loaded).await;
        self.loaded.forget();
        if outcome.as_ref().is_err_and(|problem| problem.code.status().is_server_error()) {
            self.unsettled.extend(keys);
        }
        (subject, outcome)
    }
}

fn again(detail: &str) -> Problem {
    Problem::new(ProblemCode::Unavailable, detail)
}

/// The texts of the records in a body.
fn records(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let (mut defects, mut sent) = (Defects::default(), None);
    for (name, value) in json::members(body)? {
        if name == RECORDS {
            sent = Some(value).filter(|value| value.get() != "null");
        } else if defects.len() < MAX_UNKNOWN {
            let message = "is not a field of a batch, which has records only";
            defects.push(join("", &name), DefectCode::UnknownField, message);
        }
    }
    let most = usize::from(MAX_RECORDS);
    let list = sent.map(|value| serde_json::from_str::<Vec<&RawValue>>(value.get()));
    let defect = match list {
        None => (DefectCode::Required, "is required".to_owned()),
        Some(Err(_)) => (DefectCode::InvalidType, "must be a list".to_owned()),
        Some(Ok(list)) if list.is_empty() => (DefectCode::TooFewItems, "must have at least 1 item".to_owned()),
        Some(Ok(list)) if list.len() > most => (DefectCode::TooManyItems, format!("must have at most {most} items")),
        Some(Ok(list)) if defects.is_empty() => return Ok(list),
        Some(Ok(_)) => return Err(Problem::invalid(defects)),
    };
    defects.push(RECORDS, defect.0, defect.1);
    Err(Problem::invalid(defects))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<&str>, Vec<String>> {
        match records(body.as_bytes()) {
            Ok(records) => Ok(records.into_iter().map(RawValue::get).collect()),
            Err(problem) if problem.errors.is_empty() => Err(vec![problem.code.as_str().to_owned()]),
            Err(problem) => {
                Err(problem.errors.iter().map(|defect| format!("{} {}", defect.field, defect.code)).collect())
            }
        }
    }

    fn refused(body: &str, expected: &[&str]) {
        assert_eq!(read(body).unwrap_err(), expected, "{body}");
    }

    #[test]
    fn a_batch_has_1_to_100_records_and_nothing_else() {
        assert_eq!(read(r#"{"records": [{"a": 1}, 2, null, [{}]]}"#).unwrap(), [r#"{"a": 1}"#, "2", "null", "[{}]"]);
        let many = |count: usize| format!(r#"{{"records": [{}]}}"#, vec!["{}"; count].join(","));
        assert_eq!(read(&many(100)).unwrap().len(), 100);
        refused(&many(101), &["records too_many_items"]);
        refused(&many(0), &["records too_few_items"]);
        refused("{}", &["records required"]);
        refused(r#"{"records": null}"#, &["records required"]);
        for other in ["{}", "1", "\"[]\"", "true"] {
            refused(&format!(r#"{{"records": {other}}}"#), &["records invalid_type"]);
        }
        refused(r#"{"records": [{}], "record": []}"#, &["record unknown_field"]);
        refused(r#"{"dryRun": true}"#, &["dryRun unknown_field", "records required"]);
        refused("[{}]", &["$ invalid_type"]);
        refused(r#"{"records": [{}], "records": [{}]}"#, &["duplicate_key"]);
        refused(r#"{"records": [{}"#, &["malformed_json"]);
    }

    #[test]
    fn of_many_unknown_names_some_are_told() {
        let names: Vec<String> = (0..60_000).map(|number| format!(r#""{number}":1"#)).collect();
        let told = read(&format!("{{{}}}", names.join(","))).unwrap_err();
        assert_eq!(told.len(), MAX_UNKNOWN + 1);
    }
}
