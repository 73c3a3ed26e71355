//! Origins of pages, as they stand in the header `Content-Security-Policy`.

/// Not an origin that may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin such as https://app.example.com: https, a host and at most a port; http only for localhost")]
pub struct BadOrigin;

/// The origin in `text`, in lower case, as browsers compare it. Exactly one origin: a wildcard would let every page of a domain
/// frame the console, and nothing but letters, digits, `.`, `-` and `:` comes into the header.
///
/// # Errors
/// When it is anything else.
pub fn origin(text: &str) -> Result<String, BadOrigin> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://").ok_or(BadOrigin)?;
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_here = matches!(host, "localhost" | "127.0.0.1");
    let allowed = scheme == "https" || (scheme == "http" && is_here);
    let is_port =
        |port: &str| port.starts_with(|digit: char| ('1'..='9').contains(&digit)) && port.parse::<u16>().is_ok();
    if allowed && is_host(host) && port.is_none_or(is_port) { Ok(text) } else { Err(BadOrigin) }
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, read) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:8443", "https://app.example.com:8443"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(read));
        }
    }

    #[test]
    fn whatever_else_could_come_into_the_header_is_refused() {
        for text in [
            "",
            "*",
            "'self'",
            "app.example.com",
            "https://",
            "https://*.example.com",
            "https://*",
            "http://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com; script-src *",
            "https://a.example https://b.example",
            "https://user@app.example.com",
            "https://app.example.com:0",
            "https://app.example.com:+80",
            "https://app.example.com:99999",
            "https://app.example.com:",
            "https://app..example.com",
            "https://-app.example.com",
            "https://[::1]",
            "https://b\u{fc}cher.example",
            "data:text/html",
            "https://app.example.com\r\nx: y",
        ] {
            assert_eq!(origin(text), Err(BadOrigin), "{text}");
        }
    }
}
