//! `Content-Type` of bodies (RFC 9110, section 8.3).

use lambda_http::http::{HeaderMap, header};

/// Whether it is `application/json`, with any parameters, as long as a charset among them is UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return false };
    let value = String::from_utf8_lossy(value.as_bytes());
    let mut parts = split(&value).into_iter().map(str::trim);
    parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json")) && parts.all(is_allowed)
}

/// The parts between semicolons outside of quoted strings.
fn split(value: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    value
        .split(|c: char| {
            let separates = c == ';' && !quoted;
            quoted ^= c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
            separates
        })
        .collect()
}

/// Whether a parameter is acceptable: only a charset other than UTF-8 is not.
fn is_allowed(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return true };
    if !name.trim().eq_ignore_ascii_case("charset") {
        return true;
    }
    let value = value.trim();
    let charset = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        let json = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_bytes(value.as_bytes()).unwrap())]))
        };
        for yes in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON;charset=\"UTF-8\"",
            "application/json; charset=UTF8",
            "application/json;CharSet=\"utf8\";",
            "application/json; profile=\"x\"; charset=UTF8",
            "application/json; odata.metadata=minimal; IEEE754Compatible=true; charset=utf-8",
            "application/json; a=\"; charset=latin1; \\\" ; charset=x\"; charset=utf-8",
            "application/json; note=\"é\"",
            "application/json ; flag",
        ] {
            assert!(json(yes), "{yes}");
        }
        for no in [
            "text/plain",
            "application/json; charset=latin1",
            "application/json; profile=\"x\"; charset=utf-16",
            "application/json; charset=utf-8; charset=iso-8859-1",
            "application/json; a=\"\\\\\"; charset=latin1",
            "application/json; charset=",
            "application/json; charset=\"utf-8",
            "application/json; charset='utf-8'",
            "application/jsonp",
            "application/problem+json",
            "application/json, text/plain",
            "",
        ] {
            assert!(!json(no), "{no}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
