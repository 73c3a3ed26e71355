//! Which URLs are allowed for endpoints, judged by their text. The addresses behind them are checked when they are
//! resolved.

use std::net::IpAddr;

use domain::endpoint::LONGEST_URL;
use url::{Host, Url};

use super::address::is_public;

/// Names that are never public (RFC 6761, 6762, 8375, 9476, 7686, and ICANN's `.internal`).
const PRIVATE_SUFFIXES: [&str; 7] = ["localhost", "local", "internal", "home.arpa", "alt", "onion", "localdomain"];

/// Why a URL can't be an endpoint. Displayed, it completes the sentence "url ...".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlDefect {
    /// Longer than [`LONGEST_URL`].
    #[error("must be at most {LONGEST_URL} characters long")]
    TooLong,
    /// Not an absolute URL.
    #[error("must be an absolute URL")]
    Malformed,
    /// Not HTTPS.
    #[error("must begin with https://")]
    NotHttps,
    /// With a user name or a password: they would end up in logs. Custom headers are for credentials.
    #[error("must not contain a user name or password; use a header instead")]
    Credentials,
    /// With a fragment, which is never sent.
    #[error("must not contain a fragment (#)")]
    Fragment,
    /// A well-known port of something that is not HTTPS.
    #[error("must use port 443 or a port from 1024")]
    Port,
    /// A name without a dot, or under a domain that is never public.
    #[error("must have a public host name")]
    PrivateName,
    /// It is, or resolves to, an address that is not public.
    #[error("must lead to public addresses only")]
    ForbiddenAddress,
    /// Its host name does not resolve.
    #[error("must have a host name that resolves")]
    Unresolvable,
}

/// Reads the URL of an endpoint. HTTPS on port 443 or any from 1024, a public host name or address, no credentials, no
/// fragment. With `allow_private` (the local system and its tests) also plain HTTP, any port and any host.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_endpoint_url(text: &str, allow_private: bool) -> Result<Url, UrlDefect> {
    if text.chars().count() > LONGEST_URL {
        return Err(UrlDefect::TooLong);
    }
    let url = Url::parse(text).map_err(|_| UrlDefect::Malformed)?;
    if url.scheme() != "https" && !(allow_private && url.scheme() == "http") {
        return Err(UrlDefect::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlDefect::Credentials);
    }
    if url.fragment().is_some() {
        return Err(UrlDefect::Fragment);
    }
    if url.port() == Some(0) {
        return Err(UrlDefect::Port);
    }
    if allow_private {
        return Ok(url);
    }
    if url.port_or_known_default().is_none_or(|port| port != 443 && port < 1_024) {
        return Err(UrlDefect::Port);
    }
    check_host(&url)?;
    Ok(url)
}

fn check_host(url: &Url) -> Result<(), UrlDefect> {
    // The parser has already converted `0x7f.1`, `2130706433` and the like to addresses.
    let address: IpAddr = match url.host().ok_or(UrlDefect::Malformed)? {
        Host::Domain(name) => return check_name(name),
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.into(),
    };
    if is_public(address) { Ok(()) } else { Err(UrlDefect::ForbiddenAddress) }
}

fn check_name(name: &str) -> Result<(), UrlDefect> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let ends_in = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if !name.contains('.') || PRIVATE_SUFFIXES.into_iter().any(ends_in) {
        return Err(UrlDefect::PrivateName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(text: &str) -> Option<UrlDefect> {
        check_endpoint_url(text, false).err()
    }

    #[test]
    fn public_https_urls_pass() {
        for url in [
            "https://hooks.example.com/workskedge?tenant=7",
            "HTTPS://Hooks.Example.COM",
            "https://example.com:8443/",
            "https://example.com:1024/",
            "https://bücher.example/",
            "https://8.8.8.8/hook",
            "https://[2606:4700:4700::1111]/",
            "https://mylocal.example.com/",
            "https://notlocalhost.com/",
        ] {
            assert_eq!(defect(url), None, "{url}");
        }
    }

    #[test]
    fn every_rule_has_its_defect() {
        for (url, expected) in [
            ("", UrlDefect::Malformed),
            ("/hooks", UrlDefect::Malformed),
            ("https://", UrlDefect::Malformed),
            ("http://example.com", UrlDefect::NotHttps),
            ("ftp://example.com", UrlDefect::NotHttps),
            ("file:///etc/passwd", UrlDefect::NotHttps),
            ("https://user@example.com", UrlDefect::Credentials),
            ("https://:secret@example.com", UrlDefect::Credentials),
            ("https://example.com/#top", UrlDefect::Fragment),
            ("https://example.com:80", UrlDefect::Port),
            ("https://example.com:22", UrlDefect::Port),
            ("https://example.com:1023", UrlDefect::Port),
            ("https://example.com:0", UrlDefect::Port),
            ("https://localhost", UrlDefect::PrivateName),
            ("https://LOCALHOST./", UrlDefect::PrivateName),
            ("https://api.localhost", UrlDefect::PrivateName),
            ("https://printer.local", UrlDefect::PrivateName),
            ("https://metadata.google.internal", UrlDefect::PrivateName),
            ("https://intranet/", UrlDefect::PrivateName),
        ] {
            assert_eq!(defect(url), Some(expected), "{url}");
        }
        assert_eq!(defect(&format!("https://example.com/{}", "a".repeat(2_029))), Some(UrlDefect::TooLong));
        assert_eq!(defect(&format!("https://example.com/{}", "a".repeat(2_028))), None);
    }

    #[test]
    fn addresses_are_seen_through_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "0",
            "169.254.169.254",
            "10.0.0.7",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00:ec2::254]",
            "[64:ff9b::a00:1]",
            "１２７.0.0.1",
        ] {
            assert_eq!(defect(&format!("https://{host}/")), Some(UrlDefect::ForbiddenAddress), "{host}");
        }
    }

    #[test]
    fn the_local_system_may_go_anywhere_but_not_anyhow() {
        assert!(check_endpoint_url("http://127.0.0.1:8080/hook", true).is_ok());
        assert!(check_endpoint_url("http://localhost/", true).is_ok());
        assert_eq!(check_endpoint_url("ftp://localhost/", true), Err(UrlDefect::NotHttps));
        assert_eq!(check_endpoint_url("http://a:b@localhost/", true), Err(UrlDefect::Credentials));
    }
}
