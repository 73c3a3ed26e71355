//! CloudFront in front of the API (`infra/edge.yaml`): which requests came through it, and from whom.
//!
//! An HTTP API can't be closed to others, and sees CloudFront as the caller. So CloudFront adds a header that only it knows, the
//! functions know its SHA-256, and with it they believe what CloudFront says of the caller. Who finds the API's own address is
//! refused, but has cost an invocation: the throttles of API Gateway hold there.

use std::net::{IpAddr, Ipv6Addr};

use lambda_http::http::HeaderMap;
use sha2::{Digest, Sha256};
use store::config::{ConfigError, Environment};

use crate::problem::{Problem, ProblemCode};

const VARIABLE: &str = "ORIGIN_SECRET_SHA256";
const SECRET: &str = "x-origin-secret";
/// Address and port; CloudFront writes it over what a caller sent.
const VIEWER: &str = "cloudfront-viewer-address";
const NETWORK_V6: u128 = u128::MAX << 64;

/// What requests that came through CloudFront are known by; without a hash no CloudFront is expected.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    /// SHA-256 of the secret, and of the next or the previous one while it is changed.
    hashes: Vec<[u8; 32]>,
}

impl Edge {
    /// Reads `ORIGIN_SECRET_SHA256`: hashes in hex with commas between them. Not set, every request is admitted.
    ///
    /// # Errors
    /// When it is anything else.
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let Some(text) = environment.optional(VARIABLE) else { return Ok(Self::default()) };
        let hash = |text: &str| hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let hashes: Option<Vec<[u8; 32]>> = text.split(',').map(hash).collect();
        let reason = || "it must be SHA-256 hashes in hex, with commas between them".to_owned();
        let hashes = hashes.ok_or_else(|| ConfigError::Invalid { name: VARIABLE, reason: reason() })?;
        Ok(Self { hashes })
    }

    /// Refuses what did not come through CloudFront, where that is expected.
    ///
    /// # Errors
    /// 403.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.hashes.is_empty() || self.is_ours(headers) {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::Forbidden, "Call the API under its public address: this one is not for callers."))
    }

    /// The address of the caller that CloudFront saw, if the request came through it.
    pub(super) fn viewer(&self, headers: &HeaderMap) -> Option<String> {
        let sent = headers.get(VIEWER).filter(|_| self.is_ours(headers))?;
        let (address, _port) = sent.to_str().ok()?.rsplit_once(':')?;
        match address.trim_matches(['[', ']']).parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => Some(address.to_string()),
            // Who has one address of IPv6 has all 2^64 of its network: they count as one caller.
            IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() & NETWORK_V6).to_string()),
        }
    }

    fn is_ours(&self, headers: &HeaderMap) -> bool {
        // Of hashes no time tells anything: who has a hash has no secret.
        headers.get(SECRET).is_some_and(|sent| self.hashes.contains(&Sha256::digest(sent.as_bytes()).into()))
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;
    use store::aws;

    use super::*;

    fn read(value: &str) -> Result<Edge, ConfigError> {
        let variable = (VARIABLE.to_owned(), value.to_owned());
        Edge::from_environment(&Environment::given(&aws::sdk_config(None, None), [variable]))
    }

    fn hash(secret: &str) -> String {
        hex::encode(Sha256::digest(secret))
    }

    fn sent(secret: &'static str, viewer: &'static str) -> HeaderMap {
        [(SECRET, secret), (VIEWER, viewer)]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn without_a_hash_everybody_is_admitted_and_nobody_is_believed() {
        let edge = read("").unwrap();
        assert!(edge.admit(&HeaderMap::new()).is_ok());
        assert_eq!(edge.viewer(&sent("", "198.51.100.10:46532")), None);
    }

    #[test]
    fn only_who_knows_a_secret_is_admitted_and_believed() {
        let edge = read(&format!("{},{}", hash("old"), hash("new"))).unwrap();
        for secret in ["old", "new"] {
            let headers = sent(secret, "198.51.100.10:46532");
            assert!(edge.admit(&headers).is_ok());
            assert_eq!(edge.viewer(&headers).as_deref(), Some("198.51.100.10"));
        }
        for headers in [HeaderMap::new(), sent("", "1.2.3.4:5"), sent("guess", "1.2.3.4:5")] {
            assert_eq!(edge.admit(&headers).map_err(|problem| problem.code), Err(ProblemCode::Forbidden));
            assert_eq!(edge.viewer(&headers), None);
        }
    }

    #[test]
    fn the_port_is_no_part_of_the_address_and_a_network_of_ipv6_is_one_caller() {
        let edge = read(&hash("s")).unwrap();
        let viewer = |text| edge.viewer(&sent("s", text));
        for address in ["2001:db8::1:443", "2001:db8::8000:0:0:1:443", "[2001:db8::1]:443"] {
            assert_eq!(viewer(address).as_deref(), Some("2001:db8::"), "{address}");
        }
        assert_eq!(viewer("2001:db8:0:1::1:443").as_deref(), Some("2001:db8:0:1::"));
        assert_eq!((viewer("198.51.100.10"), viewer(":1"), viewer("host:1")), (None, None, None));
    }

    #[test]
    fn what_is_no_hash_is_refused_at_the_start() {
        for wrong in ["secret", "00", &hash("s")[1..], &format!("{},", hash("s"))] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
