//! What can go wrong with DynamoDB.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use telemetry::causes::Cause;

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
    /// DynamoDB refused an item as such: it is too large, or an attribute of it is not allowed. It always will.
    #[error("DynamoDB {call} refused an item: {reason}")]
    Refused {
        /// Which call.
        call: &'static str,
        /// DynamoDB's reasons.
        reason: String,
    },
    /// An item lacks an attribute or has it in another form. It stays so until somebody repairs it.
    #[error("item in {table} is unreadable: {what}")]
    Unreadable {
        /// Where it was found.
        table: &'static str,
        /// Which attribute.
        what: String,
        /// Why it can't be read, where that is more than that it is missing.
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

    /// For `map_err` on an SDK call.
    pub(crate) fn call<E, R>(call: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| Self::operation(call, error)
    }

    /// For an operation error that is not one of those which are outcomes.
    pub(crate) fn operation<E>(call: &'static str, error: E) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self::Call { call, code: error.code().map(str::to_owned), cause: Cause::new(error) }
    }

    /// For `map_err` on a request that lacks something.
    pub(crate) fn built(call: &'static str) -> impl FnOnce(BuildError) -> Self {
        move |error| Self::Call { call, code: None, cause: Cause::new(error) }
    }

    /// An attribute of an item in `table` that is missing or has another form.
    pub(crate) fn unreadable(table: &'static str, what: &str) -> Self {
        Self::Unreadable { table, what: what.to_owned(), cause: None }
    }
}
