//! Sealing an endpoint's own headers: those that its subscriber wants sent with each delivery.

use domain::endpoint::{OwnHeaders, SealedHeaders, StoredHeaders, headers_context};

use crate::seal::{SealError, Sealer};

/// Seals `headers` for the account's endpoint, all in one envelope, with masked values beside it that may be shown.
/// Without headers nothing is sealed.
///
/// # Errors
/// When KMS can't be reached or refuses.
pub async fn seal_headers(
    headers: &OwnHeaders,
    sealer: &Sealer,
    account: &str,
    endpoint_id: &str,
) -> Result<StoredHeaders, SealError> {
    if headers.is_empty() {
        return Ok(StoredHeaders::None);
    }
    let envelope = sealer.seal(domain::json::write(headers).as_bytes(), &headers_context(account, endpoint_id)).await?;
    let masked = headers.iter().map(|(name, value)| (name.clone(), value.masked())).collect();
    Ok(StoredHeaders::Sealed(SealedHeaders { sealed: envelope, masked }))
}
