//! `GET /api/source-ips`: the addresses that deliveries come from, for subscribers behind a firewall.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use store::config::{ConfigError, Environment};

use crate::page::Page;

const VARIABLE: &str = "EGRESS_ADDRESSES";

/// The fixed addresses of a deployment; none where deliveries leave from whatever addresses AWS has.
#[derive(Debug, Default)]
pub(crate) struct SourceIps {
    /// CIDR blocks, in the order in which they are configured.
    blocks: Vec<String>,
}

impl SourceIps {
    /// Reads `EGRESS_ADDRESSES`: IPv4 addresses and CIDR blocks with commas between them. The functions that call endpoints have no
    /// IPv6 in their VPC.
    ///
    /// # Errors
    /// When one of them is neither, or not public: subscribers would allow what nothing comes from.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let Some(text) = environment.optional(VARIABLE) else { return Ok(Self::default()) };
        let read = |one: &str| {
            let reason = || format!("{one:?} must be a public IPv4 address, or a block of them such as 52.1.2.0/28");
            block(one).ok_or_else(|| ConfigError::Invalid { name: VARIABLE, reason: reason() })
        };
        Ok(Self { blocks: text.split(',').map(read).collect::<Result<_, _>>()? })
    }

    /// The answer.
    pub(crate) fn page(&self) -> Page {
        Page::json(self.answer().to_string()).uncached()
    }

    fn answer(&self) -> Value {
        json!({ "static": !self.blocks.is_empty(), "ips": self.blocks })
    }
}

/// An address as a block of its own, a block as it is.
fn block(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    let (address, length): (Ipv4Addr, u32) = (address.parse().ok()?, length.parse().ok()?);
    let others = u32::MAX.checked_shr(length).unwrap_or(0);
    let last = Ipv4Addr::from_bits(address.to_bits() | others);
    // A block of more than a /8 is none that anybody has to themselves.
    let fits = (8..=32).contains(&length) && address.to_bits() & others == 0;
    let is_public = |address: Ipv4Addr| outbound::sender::is_public(address.into());
    (fits && is_public(address) && is_public(last)).then(|| format!("{address}/{length}"))
}

#[cfg(test)]
mod tests {
    use store::aws;

    use super::*;

    fn read(value: &str) -> Result<SourceIps, ConfigError> {
        let variable = (VARIABLE.to_owned(), value.to_owned());
        SourceIps::from_environment(&Environment::given(&aws::sdk_config(None, None), [variable]))
    }

    fn answer(value: &str) -> Value {
        read(value).unwrap().answer()
    }

    #[test]
    fn addresses_become_blocks() {
        let ips = json!(["52.1.2.3/32", "52.1.4.0/28"]);
        assert_eq!(answer("52.1.2.3,52.1.4.0/28"), json!({ "static": true, "ips": ips }));
        assert_eq!(answer(""), json!({ "static": false, "ips": [] }));
    }

    #[test]
    fn what_nothing_can_come_from_is_refused_at_the_start() {
        for wrong in
            ["10.0.0.5", "52.1.2.3,", "52.1.2.3, 52.1.2.4", "52.1.2.3/28", "52.0.0.0/7", "52.1.2.3/33", "2a00::1"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
