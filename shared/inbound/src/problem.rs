//! Errors as callers see them: RFC 9457 `application/problem+json`, `docs/contract.md#problems`.
//!
//! The only module that maps errors to HTTP statuses. Whatever fails below becomes a [`Problem`] here: its `detail` is a
//! sentence for the caller, never the text of an inner error. That error is the `cause`, which is logged with the request and
//! never sent.

mod code;

use domain::defect::{Defect, DefectCode, Defects};
use domain::json::{self, BodyError};
use domain::rejection::{ConflictCode, Rejection};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use store::StoreError;
use store::seal::SealError;
use telemetry::causes::Cause;

use crate::headers::keep_private;

pub use code::ProblemCode;

/// An answer lists this many defects at most; `truncated` says that there are more.
const MAX_ERRORS: usize = 50;

/// An error on its way to the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    /// `code`, status and title.
    pub code: ProblemCode,
    /// A sentence that the caller can act on.
    pub detail: String,
    /// The single defects (400 and 409).
    pub errors: Vec<Defect>,
    /// Names of the rate limit windows that are used up (429).
    pub violated_policies: Vec<&'static str>,
    /// Headers of the answer, such as `Allow` and `Retry-After`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What failed inside, for the log alone.
    pub cause: Option<Cause>,
    /// Whether the call was only tried, which the answer then says.
    pub is_dry_run: bool,
}

impl Problem {
    /// A problem without defects.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            violated_policies: Vec::new(),
            headers: Vec::new(),
            cause: None,
            is_dry_run: false,
        }
    }

    /// 400 `validation_failed` with all defects.
    #[must_use]
    pub fn invalid(defects: Defects) -> Self {
        let detail = match defects.len() {
            1 => "1 field is invalid".to_owned(),
            n => format!("{n} fields are invalid"),
        };
        Self { errors: defects.into_sorted(), ..Self::new(ProblemCode::ValidationFailed, detail) }
    }

    /// 400 with one defect.
    #[must_use]
    pub fn invalid_field(field: &str, code: DefectCode, message: impl Into<String>) -> Self {
        let mut defects = Defects::default();
        defects.push(field, code, message);
        Self::invalid(defects)
    }

    /// 404. The same for what does not exist and for what belongs to another account. `what` completes "There is no such".
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// 405 with `Allow`. `allow` lists the methods, separated by commas; HEAD is added where there is GET.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let allow = allow.replace("GET", "GET, HEAD");
        let mut problem = Self::new(ProblemCode::MethodNotAllowed, format!("This path supports {allow}."));
        problem.headers.extend(HeaderValue::try_from(allow).ok().map(|allow| (header::ALLOW, allow)));
        problem
    }

    /// 500 after a panic, which the log has already.
    #[must_use]
    pub fn panicked() -> Self {
        Self::new(ProblemCode::InternalError, "The request could not be processed. Try again.")
    }

    /// 500 for what stays wrong until somebody repairs it, such as an item that can't be read.
    #[must_use]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let detail = "An internal error, which sending the request again won't fix. Report its requestId.";
        Self { cause: Some(Cause::new(cause)), ..Self::new(ProblemCode::InternalError, detail) }
    }

    /// 503 for what can succeed in a moment.
    #[must_use]
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let detail = "Send the same request again in a moment. It is safe to repeat.";
        Self { cause: Some(Cause::new(cause)), ..Self::new(ProblemCode::Unavailable, detail) }
    }

    /// 503 when others wrote the same record at each try.
    #[must_use]
    pub fn contention() -> Self {
        Self::new(ProblemCode::Unavailable, "Concurrent updates prevented this change. Send it again in a moment.")
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Its members, with the request's id.
    pub(crate) fn members<'a>(&'a self, request_id: &'a str) -> impl Serialize + 'a {
        let lists_errors = matches!(self.code.status(), StatusCode::BAD_REQUEST | StatusCode::CONFLICT);
        Wire {
            r#type: self.code.type_uri(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: lists_errors.then(|| &self.errors[..self.errors.len().min(MAX_ERRORS)]),
            truncated: lists_errors.then_some(self.errors.len() > MAX_ERRORS),
            violated_policies: &self.violated_policies,
            request_id,
            is_dry_run: self.is_dry_run.then_some(true),
        }
    }

    /// The answer: `application/problem+json` with the request's id.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let text = json::write(&self.members(request_id));
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        keep_private(headers);
        headers.extend(self.headers);
        response
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: ProblemCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [Defect]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<bool>,
    #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
    violated_policies: &'a [&'static str],
    #[serde(rename = "requestId")]
    request_id: &'a str,
    #[serde(rename = "dryRun", skip_serializing_if = "Option::is_none")]
    is_dry_run: Option<bool>,
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match &error {
            BodyError::NotAnObject => {
                return Self::invalid_field("$", DefectCode::InvalidType, "must be one JSON object");
            }
            BodyError::DuplicateKey { .. } => ProblemCode::DuplicateKey,
            BodyError::Malformed { .. } | BodyError::TooDeep { .. } => ProblemCode::MalformedJson,
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_temporary() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Kms { .. } => Self::unavailable(error),
            SealError::Unopenable => Self::internal(error),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Invalid(defects) => Self::invalid(defects),
            Rejection::Conflict { code, detail, errors } => {
                let code = match code {
                    ConflictCode::AlreadyExists => ProblemCode::AlreadyExists,
                    ConflictCode::VersionConflict => ProblemCode::VersionConflict,
                    ConflictCode::InvalidStateTransition => ProblemCode::InvalidStateTransition,
                    ConflictCode::Overlap => ProblemCode::Overlap,
                    ConflictCode::StillReferenced => ProblemCode::StillReferenced,
                    ConflictCode::ImmutableField => ProblemCode::ImmutableField,
                    ConflictCode::ExternalRefMismatch => ProblemCode::ExternalRefMismatch,
                };
                Self { errors: errors.into_sorted(), ..Self::new(code, detail) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_wrong_is_500_and_what_may_pass_is_503() {
        let cause = || Cause::new(std::io::Error::other("a reason"));
        for (error, code) in [
            (StoreError::Call { call: "GetItem", code: None, cause: cause() }, ProblemCode::Unavailable),
            (StoreError::Throttled("GetItem"), ProblemCode::Unavailable),
            (StoreError::Contention("records"), ProblemCode::Unavailable),
            (StoreError::Refused { call: "PutItem", cause: cause() }, ProblemCode::InternalError),
            (
                StoreError::Unreadable {
                    table: "records",
                    key: "acc_1".to_owned(),
                    what: "body".to_owned(),
                    cause: None,
                },
                ProblemCode::InternalError,
            ),
        ] {
            let text = error.to_string();
            let problem = Problem::from(error);
            assert_eq!(problem.code, code, "{text}");
            assert_eq!(problem.cause.as_ref().map(ToString::to_string), Some(text), "for the log");
        }
        assert_eq!(Problem::from(SealError::Unopenable).code, ProblemCode::InternalError);
        let kms = SealError::Kms { call: "Decrypt", cause: cause() };
        let problem = Problem::from(kms);
        assert_eq!(problem.code, ProblemCode::Unavailable);
        let body = problem.into_response("req_1").into_body();
        assert!(!String::from_utf8_lossy(body.as_ref()).contains("a reason"), "a cause is never sent");
    }
}
