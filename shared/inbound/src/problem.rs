//! Errors as callers see them: RFC 9457 `application/problem+json`, `docs/contract.md#problems`.
//!
//! The only module that knows HTTP status codes of errors. Whatever goes wrong below becomes a [`Problem`] at the edge;
//! its `detail` is a sentence for the caller, never the text of an inner error.

use domain::defect::{Defect, DefectCode, Defects};
use domain::json::BodyError;
use domain::rejection::{ConflictCode, Rejection};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::headers::keep_private;

/// How many defects an answer lists at most.
const MAX_ERRORS: usize = 50;

/// What went wrong with a call. On the wire in `snake_case`, with a page under `/docs/errors/` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "title() says it")]
pub enum ProblemCode {
    MalformedJson,
    DuplicateKey,
    ValidationFailed,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    AlreadyExists,
    VersionConflict,
    InvalidStateTransition,
    Overlap,
    StillReferenced,
    ImmutableField,
    ExternalRefMismatch,
    IdempotencyKeyInUse,
    LimitReached,
    LastKey,
    AlreadyDelivered,
    PayloadTooLarge,
    UnsupportedMediaType,
    IdempotencyKeyReused,
    RateLimitExceeded,
    InternalError,
    Unavailable,
}

impl ProblemCode {
    /// Every code, in the order of its status.
    pub const ALL: &'static [Self] = &[
        Self::MalformedJson,
        Self::DuplicateKey,
        Self::ValidationFailed,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::AlreadyExists,
        Self::VersionConflict,
        Self::InvalidStateTransition,
        Self::Overlap,
        Self::StillReferenced,
        Self::ImmutableField,
        Self::ExternalRefMismatch,
        Self::IdempotencyKeyInUse,
        Self::LimitReached,
        Self::LastKey,
        Self::AlreadyDelivered,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::RateLimitExceeded,
        Self::InternalError,
        Self::Unavailable,
    ];

    /// The HTTP status, the word on the wire and the title, in one row each.
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "malformed_json", INVALID_BODY),
            Self::DuplicateKey => (StatusCode::BAD_REQUEST, "duplicate_key", INVALID_BODY),
            Self::ValidationFailed => (StatusCode::BAD_REQUEST, "validation_failed", INVALID_BODY),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "Missing or invalid API key"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The API key may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request did not arrive whole")
            }
            Self::AlreadyExists => (StatusCode::CONFLICT, "already_exists", "The record exists already"),
            Self::VersionConflict => (StatusCode::CONFLICT, "version_conflict", "The record has changed"),
            Self::InvalidStateTransition => {
                (StatusCode::CONFLICT, "invalid_state_transition", "The status can't change like this")
            }
            Self::Overlap => (StatusCode::CONFLICT, "overlap", "Overlaps another request"),
            Self::StillReferenced => (StatusCode::CONFLICT, "still_referenced", "The record is still in use"),
            Self::ImmutableField => (StatusCode::CONFLICT, "immutable_field", "The field can't be changed"),
            Self::ExternalRefMismatch => {
                (StatusCode::CONFLICT, "external_ref_mismatch", "The number is another foreign record's")
            }
            Self::IdempotencyKeyInUse => {
                (StatusCode::CONFLICT, "idempotency_key_in_use", "The first request with this key is still running")
            }
            Self::LimitReached => (StatusCode::CONFLICT, "limit_reached", "The account has as many as it may have"),
            Self::LastKey => (StatusCode::CONFLICT, "last_key", "The last key that manages keys"),
            Self::AlreadyDelivered => (StatusCode::CONFLICT, "already_delivered", "The delivery has arrived already"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be application/json")
            }
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The idempotency key was used for another body",
            ),
            Self::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "Rate limit exceeded"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable"),
        }
    }

    /// HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The short sentence that is the same for every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// `type` of the problem: a page of ours, or the registered type for a used-up quota.
    #[must_use]
    pub fn type_uri(self) -> String {
        match self {
            Self::RateLimitExceeded => "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned(),
            code => format!("/docs/errors/{}", code.as_str()),
        }
    }
}

const INVALID_BODY: &str = "Invalid request body or missing required fields";

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub code: ProblemCode,
    /// A sentence that the caller can act on.
    pub detail: String,
    /// The single defects (400 and 409).
    pub errors: Vec<Defect>,
    /// Names of the windows that a 429 ran into.
    pub violated_policies: Vec<&'static str>,
    /// Headers that belong to this problem (`Allow`, `Retry-After`).
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem without defects.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), violated_policies: Vec::new(), headers: Vec::new() }
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

    /// 404 for a path or an id of which the caller may know nothing.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// 405 with `Allow`. `allow` are the methods with commas between them; HEAD goes without saying where GET is.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let allow = allow.replace("GET", "GET, HEAD");
        let mut problem = Self::new(ProblemCode::MethodNotAllowed, format!("This path answers to {allow}."));
        problem.headers.extend(HeaderValue::try_from(allow).ok().map(|allow| (header::ALLOW, allow)));
        problem
    }

    /// 500 for what no caller can help.
    #[must_use]
    pub fn panicked() -> Self {
        Self::new(ProblemCode::InternalError, "The request could not be processed. Try again.")
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer: `application/problem+json` with the request's id.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let lists_errors = matches!(self.code.status(), StatusCode::BAD_REQUEST | StatusCode::CONFLICT);
        let body = Wire {
            r#type: self.code.type_uri(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: lists_errors.then(|| &self.errors[..self.errors.len().min(MAX_ERRORS)]),
            truncated: lists_errors.then_some(self.errors.len() > MAX_ERRORS),
            violated_policies: &self.violated_policies,
            request_id,
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
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
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match &error {
            BodyError::NotAnObject => {
                return Self::invalid_field("$", DefectCode::InvalidType, "must be one JSON object");
            }
            BodyError::DuplicateKey { .. } => ProblemCode::DuplicateKey,
            BodyError::Malformed { .. } | BodyError::TooDeep => ProblemCode::MalformedJson,
        };
        Self::new(code, error.to_string())
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
