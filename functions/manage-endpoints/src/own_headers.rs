//! Custom headers of an endpoint: an object with names of the subscriber's choice, which is why no table of fields
//! lists them, and how they are sealed.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::endpoint::{Endpoint, HeaderValue, OwnHeaders, StoredHeaders, headers_context, read_opened};
use outbound::sender::{HeaderDefect, LONGEST_NAME, check_own_header};
use serde_json::{Map, Value};
use store::endpoints::seal_headers;
use store::seal::SealError;

use crate::Call;

const FIELD: &str = "headers";
const MAX_HEADERS: usize = 10;

/// Reads `headers`; null and `""` mean none. Use the result only when no defect was found.
pub(crate) fn read(value: &Value, defects: &mut Defects) -> OwnHeaders {
    let sent = match value {
        Value::Null => return OwnHeaders::new(),
        Value::String(text) if text.trim().is_empty() => return OwnHeaders::new(),
        Value::Object(sent) => sent,
        _ => {
            defects.push(FIELD, DefectCode::InvalidType, "must be an object of header names and values");
            return OwnHeaders::new();
        }
    };
    if sent.len() > MAX_HEADERS {
        defects.push(FIELD, DefectCode::TooManyItems, format!("must have at most {MAX_HEADERS} headers"));
        return OwnHeaders::new();
    }
    named(sent, defects)
}

fn named(sent: &Map<String, Value>, defects: &mut Defects) -> OwnHeaders {
    let mut headers = OwnHeaders::new();
    let mut seen = HashSet::new();
    for (name, value) in sent {
        let field = format!("{FIELD}.{}", name.chars().take(LONGEST_NAME).collect::<String>());
        if !seen.insert(name.to_ascii_lowercase()) {
            defects.push(field, DefectCode::DuplicateItem, "is a duplicate: header names are case-insensitive");
            continue;
        }
        // An invalid name is reported even when the value is not a string.
        let text = value.as_str().map_or("-", str::trim);
        match check_own_header(name, text) {
            Err(defect) => defects.push(field, code(defect), defect.to_string()),
            Ok(()) if !value.is_string() => defects.push(field, DefectCode::InvalidType, "must be a string"),
            Ok(()) => _ = headers.insert(name.clone(), HeaderValue::new(text)),
        }
    }
    headers
}

impl Call<'_> {
    /// The headers of a change, if they differ from the endpoint's. Headers that can't be opened count as different:
    /// setting them again repairs the endpoint.
    pub(crate) async fn new_headers<'h>(
        &self,
        endpoint: &Endpoint,
        wanted: Option<&'h OwnHeaders>,
    ) -> Result<Option<&'h OwnHeaders>, SealError> {
        let Some(wanted) = wanted else { return Ok(None) };
        let looks_the_same = StoredHeaders::from(wanted.clone()).masked() == endpoint.headers.masked();
        let has = match &endpoint.headers {
            StoredHeaders::None => wanted.is_empty(),
            StoredHeaders::Plain(headers) => headers == wanted,
            StoredHeaders::Sealed(_) if !looks_the_same => false,
            StoredHeaders::Sealed(stored) => {
                let context = headers_context(self.account(), &endpoint.id);
                match self.function.sealer.open(&stored.sealed, &context).await {
                    Ok(opened) => read_opened(&opened).as_ref() == Some(wanted),
                    Err(SealError::Unopenable) => false,
                    Err(error) => return Err(error),
                }
            }
        };
        Ok((!has).then_some(wanted))
    }

    /// Seals `new` headers into the endpoint. With `None` it keeps its headers, which are sealed if they are not yet.
    pub(crate) async fn seal_headers(
        &self,
        endpoint: &mut Endpoint,
        new: Option<&OwnHeaders>,
    ) -> Result<(), SealError> {
        let plain = match (new, &endpoint.headers) {
            (Some(new), _) | (None, StoredHeaders::Plain(new)) => new,
            (None, StoredHeaders::None | StoredHeaders::Sealed(_)) => return Ok(()),
        };
        endpoint.headers = seal_headers(plain, &self.function.sealer, self.account(), &endpoint.id).await?;
        Ok(())
    }
}

fn code(defect: HeaderDefect) -> DefectCode {
    match defect {
        HeaderDefect::Name | HeaderDefect::Reserved => DefectCode::InvalidKey,
        HeaderDefect::Value => DefectCode::InvalidFormat,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defects(value: &Value) -> Vec<String> {
        let mut defects = Defects::default();
        read(value, &mut defects);
        defects.iter().map(|defect| format!("{} {:?}", defect.field, defect.code)).collect()
    }

    #[test]
    fn headers_are_kept_as_they_were_written() {
        let mut none = Defects::default();
        let headers = read(&json!({"Authorization": " Bearer x ", "X-Tenant": "7", "Api-Key": "k"}), &mut none);
        assert!(none.is_empty());
        let expected = [("Api-Key", "k"), ("Authorization", "Bearer x"), ("X-Tenant", "7")];
        assert!(headers.iter().map(|(name, value)| (name.as_str(), value.expose())).eq(expected));
        assert!(read(&json!(null), &mut none).is_empty() && none.is_empty());
    }

    #[test]
    fn every_wrong_header_is_reported() {
        let sent = json!({"Host": "x", "a b": "x", "X-A": 1, "X-B": "", "X-C": "1", "x-c": "2", "Cookie": null});
        assert_eq!(
            defects(&sent),
            [
                "headers.Host InvalidKey",
                "headers.a b InvalidKey",
                "headers.X-A InvalidType",
                "headers.X-B InvalidFormat",
                "headers.x-c DuplicateItem",
                "headers.Cookie InvalidKey",
            ]
        );
        assert_eq!(defects(&json!(["a"])), ["headers InvalidType"]);
        let many: Map<String, Value> = (0..11).map(|i| (format!("X-{i}"), json!("v"))).collect();
        assert_eq!(defects(&Value::Object(many)), ["headers TooManyItems"]);
    }
}
