//! Answers, and the one log line that each leaves.

use domain::events::EventName;
use domain::ids::is_id;
use domain::json;
use domain::models::Kind;
use domain::refusal::{MAX_DEFECTS, NamedRecord, own_name};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use telemetry::causes::causes;

use crate::headers::keep_private;
use crate::problem::Problem;

/// A good answer: a status and JSON.
#[derive(Debug, Clone)]
pub struct Reply {
    /// 2xx.
    pub status: StatusCode,
    /// JSON text; empty with 204.
    pub body: String,
    /// `Location` and the like.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What the log line says about the call.
    pub facts: Facts,
    /// Parts of the call that were refused, though the call was not: records of a batch.
    pub refused: Vec<Refused>,
    /// Whether it is the last word about the call, which is kept under an idempotency key. One that asks for a part of the call
    /// again is not.
    pub is_final: bool,
}

/// A part of a call that was refused.
#[derive(Debug, Clone)]
pub struct Refused {
    /// `req_` + ULID, the `requestId` of its result.
    pub request_id: String,
    /// The record that it is about.
    pub subject: Option<NamedRecord>,
    /// Why.
    pub problem: Problem,
}

/// What the log line of a request says beyond caller, path and status: names and codes, never values of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What was done: `created`, `updated`, `unchanged`.
    pub action: Option<&'static str>,
    /// Natural key of the record.
    pub number: Option<String>,
    /// Id of the record, event or endpoint.
    pub id: Option<String>,
    /// How many events it raised.
    pub events: usize,
    /// How many records a batch had.
    pub records: Option<usize>,
    /// How many of them were refused.
    pub refused: Option<usize>,
}

impl Reply {
    /// 200 with `body` as JSON.
    #[must_use]
    pub fn ok(body: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// Any status with `body` as JSON.
    #[must_use]
    pub fn new(status: StatusCode, body: &impl Serialize) -> Self {
        Self::with_body(status, json::write(body))
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self::with_body(StatusCode::NO_CONTENT, String::new())
    }

    fn with_body(status: StatusCode, body: String) -> Self {
        let (headers, refused) = (Vec::new(), Vec::new());
        Self { status, body, headers, facts: Facts::default(), refused, is_final: true }
    }

    /// Adds a header; one that can't be written as a header is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// Adds [`Facts`] for the log line.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = if self.body.is_empty() { Body::Empty } else { Body::from(self.body) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        keep_private(headers);
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.headers {
            // Replaces a header of ours: `extend` would add a second one.
            headers.insert(name, value);
        }
        response
    }
}

/// One request, as its log line needs it.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) function: &'a str,
    pub(super) request_id: &'a str,
    pub(super) trace_id: &'a str,
    pub(super) account: Option<&'a str>,
    pub(super) key_id: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) is_dry_run: bool,
    pub(super) started: std::time::Instant,
}

impl Line<'_> {
    pub(super) fn write(&self, status: StatusCode, outcome: Result<&Facts, &Problem>) {
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (facts, code, fields) = match outcome {
            Ok(facts) => (facts.clone(), None, None),
            Err(problem) => (Facts::default(), Some(problem.code.as_str()), field_names(problem)),
        };
        // A macro, since the level of a line is fixed where it is written.
        macro_rules! line {
            ($level:ident $(, $field:ident)?) => {
                tracing::$level!(
                    function = self.function,
                    request_id = self.request_id,
                    trace_id = self.trace_id,
                    account = self.account,
                    key_id = self.key_id,
                    method = self.method,
                    path = loggable(self.path),
                    status = status.as_u16(),
                    duration_ms,
                    action = facts.action,
                    number = facts.number,
                    id = facts.id,
                    events = facts.events,
                    records = facts.records,
                    refused = facts.refused,
                    dry_run = self.is_dry_run.then_some(true),
                    code,
                    fields,
                    $($field,)?
                    "request {status}", status = status.as_u16(),
                )
            };
        }
        let cause = outcome.err().and_then(|problem| problem.cause.as_ref());
        if status.is_server_error() {
            let detail = outcome.err().map(|problem| problem.detail.clone());
            let error = cause.map(|cause| causes(cause)).or(detail).unwrap_or_default();
            line!(error, error);
        } else {
            line!(info);
        }
    }
}

/// The path without segments that can't be one of ours or an id: somebody may have put a key, a secret, a number or a name
/// there. What is asked for as a record may be no number.
pub(super) fn loggable(path: &str) -> String {
    if let Some(rest) = path.strip_prefix("/api/records/") {
        let (kind, record) = rest.split_once('/').map_or((rest, None), |(kind, record)| (kind, Some(record)));
        let kind = Kind::of_segment(kind).map_or("[redacted]", Kind::segment);
        let tail = if record.is_some_and(|record| record.ends_with("/timeline")) { "/timeline" } else { "" };
        let record = if record.is_some() { "/[record]" } else { "" };
        return format!("/api/records/{kind}{record}{tail}");
    }
    let is_shown = if path.starts_with("/api/") { is_of_the_api } else { is_of_a_page };
    let segments = path.split('/').enumerate();
    let segments = segments.map(|(place, segment)| if is_shown(place, segment) { segment } else { "[redacted]" });
    segments.collect::<Vec<_>>().join("/")
}

/// Ids, events, the last words of our paths; and what may be the misspelt word of a resource, where one stands.
fn is_of_the_api(place: usize, segment: &str) -> bool {
    const LAST: [&str; 7] = ["secret", "rotate", "promote", "test", "replay", "retry", "batch"];
    const DEEPEST_RESOURCE: usize = 3;
    const LONGEST_RESOURCE: usize = 30;
    let is_resource = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (place <= DEEPEST_RESOURCE && segment.len() <= LONGEST_RESOURCE && is_resource(segment))
        || LAST.contains(&segment)
        || segment.parse::<EventName>().is_ok()
        || segment.find('_').is_some_and(|at| is_id(segment, &segment[..=at]))
}

fn is_of_a_page(_: usize, segment: &str) -> bool {
    let is_word = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let is_secret =
        |segment: &str| segment.len() > 60 || ["wsk_", "wsl_", "whsec_"].iter().any(|begin| segment.contains(begin));
    is_word(segment) && !is_secret(segment)
}

/// Names of the fields at fault, with their codes: `title required, materials[0].quantity out_of_range`.
fn field_names(problem: &Problem) -> Option<String> {
    let names = problem.errors.iter().take(MAX_DEFECTS).map(|defect| match own_name(defect) {
        Some(field) => format!("{field} {}", defect.code),
        None => defect.code.to_string(),
    });
    Some(names.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use domain::defect::{DefectCode, Defects};

    use super::*;

    #[test]
    fn of_a_record_that_is_asked_for_only_the_type_is_logged() {
        assert_eq!(loggable("/api/records/employee/Ruiz"), "/api/records/employee/[record]");
        assert_eq!(loggable("/api/records/project/2025/014/timeline"), "/api/records/project/[record]/timeline");
        assert_eq!(loggable("/api/records/Ruiz/1"), "/api/records/[redacted]/[record]");
        assert_eq!(loggable("/api/records/Ruiz"), "/api/records/[redacted]");
        assert_eq!(loggable("/api/records/employee"), "/api/records/employee");
        assert_eq!(loggable("/api/records"), "/api/records");
    }

    #[test]
    fn of_other_paths_words_and_ids_are_logged() {
        for path in [
            "/",
            "/api/webhook/work-orders",
            "/api/webhook/employee/batch",
            "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG/secret/rotate",
            "/api/event-types/workorder.created",
            "/docs/samples/verify.py",
        ] {
            assert_eq!(loggable(path), path);
        }
        for (path, logged) in [
            ("/api/webhook/employee/555-123-4567", "/api/webhook/employee/[redacted]"),
            ("/api/employees/JohnSmith", "/api/employees/[redacted]"),
            ("/api/wsk_live_abc", "/api/[redacted]"),
            ("/api/portal-links/wsl_live_abc", "/api/portal-links/[redacted]"),
            ("/portal/wsl_live_abc", "/portal/[redacted]"),
            ("/docs/jane@doe", "/docs/[redacted]"),
        ] {
            assert_eq!(loggable(path), logged);
        }
    }

    #[test]
    fn a_name_that_a_sender_chose_is_not_logged() {
        let mut defects = Defects::default();
        defects.push("limit", DefectCode::OutOfRange, "");
        defects.push("wsk_live_secret", DefectCode::UnknownParameter, "");
        defects.push("ssn 123-45-6789", DefectCode::UnknownField, "");
        let line = field_names(&Problem::invalid(defects));
        assert_eq!(line.as_deref(), Some("limit out_of_range, unknown_field, unknown_parameter"));
    }
}
