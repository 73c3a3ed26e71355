//! The key of the API and signing secrets: from a variable or a file, never from the command line, which other users of
//! the machine can read.

use std::fmt;
use std::path::Path;

use domain::ids;
use domain::signing::SigningSecret;
use reqwest::header::HeaderValue;
use sha2::{Digest as _, Sha256};

use crate::Surroundings;
use crate::failure::Failure;
use crate::files;

/// The deployment's URL.
pub(crate) const URL: &str = "WORKSKEDGE_URL";
/// The key of the API.
pub(crate) const API_KEY: &str = "WORKSKEDGE_API_KEY";
/// The secret that signs, or signed.
pub(crate) const SIGNING_SECRET: &str = "WORKSKEDGE_SIGNING_SECRET";
/// The variables of this module.
pub(crate) const VARIABLES: [&str; 3] = [URL, API_KEY, SIGNING_SECRET];

/// The file of the secret that is made here when there is no other.
const OWN_SECRET: &str = "signing-secret";

/// A key of the API.
#[derive(Clone)]
pub(crate) struct ApiKey(HeaderValue);

impl ApiKey {
    fn read(text: &str, from: &str) -> Result<Self, Failure> {
        let looks_like_one = text.starts_with("wsk_") && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::from_str(text).ok().filter(|_| looks_like_one);
        let mut value =
            value.ok_or_else(|| Failure::Usage(format!("{from} is not an API key, which begins with wsk_")))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The value of the header `X-API-Key`.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// 16 hex digits that tell keys apart and do not reveal them.
    pub(crate) fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.0.as_bytes())[..8])
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// The key in `file`, or else that of `WORKSKEDGE_API_KEY`.
pub(crate) fn api_key(file: Option<&Path>, surroundings: &Surroundings) -> Result<Option<ApiKey>, Failure> {
    if let Some(file) = file {
        let text = files::read_text("the key file", file)?;
        return ApiKey::read(text.trim(), &format!("what {} holds", file.display())).map(Some);
    }
    surroundings.variable(API_KEY).map(|text| ApiKey::read(text.trim(), API_KEY)).transpose()
}

/// A secret as it was given, which need not be one; `None` when none was given. A line break at the end of a file is no part
/// of it.
pub(crate) fn given_secret(file: Option<&Path>, surroundings: &Surroundings) -> Result<Option<String>, Failure> {
    if let Some(file) = file {
        let text = files::read_text("the secret file", file)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()));
    }
    Ok(surroundings.variable(SIGNING_SECRET).map(str::to_owned))
}

/// A secret to sign with, and where a person finds it.
pub(crate) struct SessionSecret {
    pub(crate) secret: SigningSecret,
    /// For stderr.
    pub(crate) note: String,
}

/// The secret that was given; or that of this user on this machine, which is made at its first use and stays the same, so
/// that a receiver need not be told another one each time.
pub(crate) fn session_secret(file: Option<&Path>, surroundings: &Surroundings) -> Result<SessionSecret, Failure> {
    if let Some(text) = given_secret(file, surroundings)? {
        let wrong = |error| Failure::Usage(format!("the signing secret can't be used: {error}"));
        let secret = SigningSecret::parse(text).map_err(wrong)?;
        let note = format!("Deliveries are signed with the secret that was given, {}.", secret.hint());
        return Ok(SessionSecret { secret, note });
    }
    let path = files::state_directory(surroundings)?.join(OWN_SECRET);
    let text = files::read_or_create(&path, || SigningSecret::from_bytes(ids::random()).expose().to_owned())?;
    let wrong = |_| Failure::Usage(format!("{} holds no signing secret; delete it", path.display()));
    let secret = SigningSecret::parse(text.trim().to_owned()).map_err(wrong)?;
    let note = format!("Deliveries are signed with {} (kept in {}).", secret.expose(), path.display());
    Ok(SessionSecret { secret, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        assert!(ApiKey::read("wsk_test_abc", API_KEY).is_ok());
        for wrong in ["", "whsec_abc", "wsk_test_a b", "wsk_test_\u{e9}"] {
            let sentence = ApiKey::read(wrong, API_KEY).unwrap_err().to_string();
            assert_eq!(sentence, "WORKSKEDGE_API_KEY is not an API key, which begins with wsk_.");
        }
    }
}
