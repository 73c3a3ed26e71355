//! Sealing the headers that a subscriber has sent along.

use domain::endpoint::{OwnHeaders, SealedHeaders, StoredHeaders, headers_context};

use crate::seal::{SealError, Sealer};

/// Seals `headers` for the account's endpoint, all in one envelope.
///
/// # Errors
/// When KMS can't be used.
pub async fn seal_headers(
    headers: &OwnHeaders,
    sealer: &Sealer,
    account: &str,
    endpoint_id: &str,
) -> Result<StoredHeaders, SealError> {
    if headers.is_empty() {
        return Ok(StoredHeaders::None);
    }
    let text = serde_json::to_vec(headers).map_err(|_| SealError::Unopenable)?;
    let envelope = sealer.seal(&text, &headers_context(account, endpoint_id)).await?;
    let masked = headers.iter().map(|(name, value)| (name.clone(), value.masked())).collect();
    Ok(StoredHeaders::Sealed(SealedHeaders { sealed: envelope, masked }))
}
