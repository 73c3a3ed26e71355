//! What can go wrong with DynamoDB.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use domain::json::Malformed;
use telemetry::causes::Cause;

/// DynamoDB's words for having no capacity left.
const THROTTLES: [&str; 3] = ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

/// DynamoDB could not do what was asked, or holds something that this version can't read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The call failed, after the SDK's own retries.
    #[error("DynamoDB {call}")]
    Call {
        /// Which call.
        call: &'static str,
        /// DynamoDB's own word for why, such as `AccessDeniedException`; `None` when it did not answer.
        code: Option<String>,
        /// The SDK's error.
        #[source]
        cause: Cause,
    },
    /// DynamoDB refused the request as such: an item is too large, or an attribute is not allowed. It always will.
    #[error("DynamoDB refused what {call} was to write or to read")]
    Refused {
        /// Which call.
        call: &'static str,
        /// The SDK's error.
        #[source]
        cause: Cause,
    },
    /// An item lacks an attribute or has it in another form. It stays so until somebody repairs it.
    #[error("item {key} in {table} is unreadable: {what}")]
    Unreadable {
        /// Where it was found.
        table: &'static str,
        /// Its key: ids and numbers.
        key: String,
        /// Which attribute.
        what: String,
        /// Where and how it is malformed, never what stands there; `None` when it is missing.
        #[source]
        cause: Option<Cause>,
    },
    /// DynamoDB had no capacity left for a part of a batch, however often it was asked.
    #[error("DynamoDB {0} left out parts of the batch at each try")]
    Throttled(&'static str),
    /// Somebody else changed the item at each try.
    #[error("too much contention on {0}")]
    Contention(&'static str),
}

impl StoreError {
    /// Whether the same call can succeed later without anybody repairing something.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call { .. } | Self::Throttled(_) | Self::Contention(_) => true,
            Self::Refused { .. } | Self::Unreadable { .. } => false,
        }
    }

    /// Whether DynamoDB had no capacity for the call, or for a part of it.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        match self {
            Self::Throttled(_) => true,
            Self::Call { code: Some(code), .. } => THROTTLES.contains(&code.as_str()),
            _ => false,
        }
    }

    /// For `map_err` on an SDK call.
    pub(crate) fn call<E, R>(call: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| Self::operation(call, error)
    }

    /// For an operation error that is not one of those which are outcomes. `ValidationException` is about the request itself,
    /// such as an item over 400 KB: it would be refused again.
    pub(crate) fn operation<E>(call: &'static str, error: E) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        match code.as_deref() {
            Some("ValidationException") => Self::Refused { call, cause: Cause::new(error) },
            // A transaction is writing the same item. The SDK does not try again by itself.
            Some("TransactionConflictException") => Self::Contention(call),
            _ => Self::Call { call, code, cause: Cause::new(error) },
        }
    }

    /// For a transaction that was cancelled for another reason than a condition: what one of its items was refused for, else
    /// that others were writing the same items.
    pub(crate) fn cancelled(call: &'static str, table: &'static str, cancelled: &TransactionCanceledException) -> Self {
        let reasons = cancelled.cancellation_reasons();
        if reasons.iter().any(|reason| reason.code() == Some("ValidationError")) {
            let reasons: Vec<&str> = reasons.iter().filter_map(CancellationReason::message).collect();
            return Self::Refused { call, cause: Cause::new(Reasons(reasons.join("; "))) };
        }
        Self::Contention(table)
    }

    /// For `map_err` on a request that lacks something.
    pub(crate) fn built(call: &'static str) -> impl FnOnce(BuildError) -> Self {
        move |error| Self::Call { call, code: None, cause: Cause::new(error) }
    }

    /// An attribute of the item at `key` in `table` whose JSON can't be read.
    #[must_use]
    pub fn malformed(table: &'static str, key: String, what: &str, error: &serde_json::Error) -> Self {
        Self::Unreadable { table, key, what: what.to_owned(), cause: Some(Cause::new(Malformed::from(error))) }
    }

    /// An attribute of the item at `key` in `table` that is missing or has another form.
    pub(crate) fn unreadable(table: &'static str, key: String, what: &str) -> Self {
        Self::Unreadable { table, key, what: what.to_owned(), cause: None }
    }
}

/// Why DynamoDB refused the items of a transaction.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reasons(String);
