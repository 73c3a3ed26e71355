//! The first start: an account and one key with all scopes, for the person who tries the system.

use std::path::Path;

use domain::account::Account;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::audit::Author;
use jiff::Timestamp;
use store::StoreError;
use store::config::{ConfigError, Environment};

use crate::data_dir::{DataDir, DataDirError};

/// The account of the local system: always the same id, so that it is created once.
const ACCOUNT: &str = "acc_00000000000000000000000000";

/// Why the first start failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FirstStartError {
    #[error("the file of the API key can't be written")]
    KeyFile(#[from] DataDirError),
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    #[error("the first account can't be stored")]
    Store(#[from] StoreError),
}

/// Creates the account and its key, unless they exist. The key is written to its file before it is valid, so that a
/// crash in between leaves no valid key that nobody knows. Returns the key if it is new.
///
/// # Errors
/// The file can't be written or the account can't be stored.
pub async fn make_account(
    environment: &Environment,
    data_dir: Option<&DataDir>,
    now: Timestamp,
) -> Result<Option<NewKey>, FirstStartError> {
    let new = NewKey::generate("local");
    let account = Account {
        id: ACCOUNT.to_owned(),
        name: "Local".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
    };
    let key = ApiKey::new(&new, "first key", Scope::ALL.to_vec(), now);
    let keys = environment.api_keys()?;
    if keys.account(ACCOUNT).await?.is_some() {
        return Ok(None);
    }
    if let Some(data_dir) = data_dir {
        data_dir.write_api_key(new.expose())?;
    }
    let (audit, author) = (environment.audit()?, Author::operator(Some("first start"), now));
    Ok(keys.create_account(&account, &key, audit.of(&author)).await?.then_some(new))
}

/// The message at the terminal after the first start.
#[must_use]
pub fn welcome(key: &NewKey, base_url: &str, file: &Path) -> String {
    let (key, file) = (key.expose(), file.display());
    format!(
        r#"
First start: an account and its API key were created. The key is also in {file}:

  {key}

Send a first work order:

  curl {base_url}/api/webhook/workorder \
    -H "X-API-Key: {key}" -H "Content-Type: application/json" \
    -d '{{"workOrderNumber":"WO-1000","title":"Install HVAC System"}}'

The console is at {base_url}/ and the docs are at {base_url}/docs
"#
    )
}
