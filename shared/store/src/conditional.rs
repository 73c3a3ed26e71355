//! Conditional writes: a condition that does not hold is an outcome, not an error.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::result::CreateUnhandledError;

use crate::StoreError;

/// What a conditional write returned; `None` when its condition did not hold, and nothing was written.
pub(crate) fn unless_refused<O, E, R>(
    outcome: Result<O, SdkError<E, R>>,
    call: &'static str,
) -> Result<Option<O>, StoreError>
where
    E: Error + ProvideErrorMetadata + CreateUnhandledError + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    match outcome.map_err(SdkError::into_service_error) {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(StoreError::operation(call, error)),
    }
}
