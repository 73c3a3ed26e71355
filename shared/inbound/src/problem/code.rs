//! What can go wrong with a call, by its word on the wire.

use lambda_http::http::StatusCode;

domain::words! {
    /// What went wrong with a call: `code` of a problem, with a page under `/docs/errors/`. In the order of the statuses.
    pub enum ProblemCode {
        /// The body is not JSON.
        MalformedJson = "malformed_json",
        /// The body has a name twice.
        DuplicateKey = "duplicate_key",
        /// The body, the query or a header has defects.
        ValidationFailed = "validation_failed",
        /// The key is missing, unknown, revoked or expired: the answer doesn't tell which.
        Unauthorized = "unauthorized",
        /// The key lacks the scope.
        Forbidden = "forbidden",
        /// There is no such path, or nothing with this id in the caller's account.
        NotFound = "not_found",
        /// The path has other methods.
        MethodNotAllowed = "method_not_allowed",
        /// The request did not arrive in time.
        RequestTimeout = "request_timeout",
        /// A record to be created exists.
        AlreadyExists = "already_exists",
        /// The record is not of the version that the caller named.
        VersionConflict = "version_conflict",
        /// The status can't follow the stored one.
        InvalidStateTransition = "invalid_state_transition",
        /// Another request of the same person covers these days.
        Overlap = "overlap",
        /// Other records refer to what is to be deleted.
        StillReferenced = "still_referenced",
        /// The field can't change once it is set.
        ImmutableField = "immutable_field",
        /// The number is taken by another record of the caller's system.
        ExternalRefMismatch = "external_ref_mismatch",
        /// The first request with the idempotency key is under way.
        IdempotencyKeyInUse = "idempotency_key_in_use",
        /// The account has reached its limit.
        LimitReached = "limit_reached",
        /// Nobody could manage keys afterwards.
        LastKey = "last_key",
        /// A delivery that arrived is not sent again unless it is forced.
        AlreadyDelivered = "already_delivered",
        /// The body is larger than 131,072 bytes, or 1,048,576 of a batch.
        PayloadTooLarge = "payload_too_large",
        /// The body is not `application/json`, or is compressed.
        UnsupportedMediaType = "unsupported_media_type",
        /// The idempotency key came with another body before.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// A window of the key or of the address is used up.
        RateLimitExceeded = "rate_limit_exceeded",
        /// Our fault, and the same request would fail again.
        InternalError = "internal_error",
        /// Our fault, and the same request may succeed in a moment.
        Unavailable = "unavailable",
    }
}

impl ProblemCode {
    /// HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.status_and_title().0
    }

    /// `title`: the sentence that is the same for every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.status_and_title().1
    }

    /// `type` of the problem: a page of the docs, or the registered type for a used-up quota.
    #[must_use]
    pub fn type_uri(self) -> String {
        match self {
            Self::RateLimitExceeded => "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned(),
            code => format!("/docs/errors/{}", code.as_str()),
        }
    }

    #[rustfmt::skip]
    const fn status_and_title(self) -> (StatusCode, &'static str) {
        match self {
            Self::MalformedJson | Self::DuplicateKey | Self::ValidationFailed => (StatusCode::BAD_REQUEST, "Invalid request body or missing required fields"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Missing or invalid API key"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "The API key may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "The request did not arrive in full"),
            Self::AlreadyExists => (StatusCode::CONFLICT, "The record exists already"),
            Self::VersionConflict => (StatusCode::CONFLICT, "The record has changed"),
            Self::InvalidStateTransition => (StatusCode::CONFLICT, "The status can't change this way"),
            Self::Overlap => (StatusCode::CONFLICT, "Overlaps another request"),
            Self::StillReferenced => (StatusCode::CONFLICT, "The record is still in use"),
            Self::ImmutableField => (StatusCode::CONFLICT, "The field can't be changed"),
            Self::ExternalRefMismatch => (StatusCode::CONFLICT, "The number belongs to another external record"),
            Self::IdempotencyKeyInUse => (StatusCode::CONFLICT, "The first request with this key is still running"),
            Self::LimitReached => (StatusCode::CONFLICT, "The account has reached its limit"),
            Self::LastKey => (StatusCode::CONFLICT, "The last key that manages keys"),
            Self::AlreadyDelivered => (StatusCode::CONFLICT, "The delivery has arrived already"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used for another body"),
            Self::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable"),
        }
    }
}
