//! The changes that a body asks for, applied to an endpoint.

use std::num::NonZeroU16;

use domain::defect::{DefectCode, Defects};
use domain::endpoint::{Endpoint, EndpointStatus, OwnHeaders};
use domain::format::Format;
use domain::rules::fields::Sent;
use inbound::manage::bodies::ENDPOINT;
use inbound::manage::body::Form;
use inbound::problem::Problem;
use outbound::sender::{UrlDefect, check_endpoint_url};
use serde_json::{Map, Value};
use store::endpoints::Switch;

use crate::conditions::Conditions;
use crate::own_headers;

/// `disabledReason` when a user disabled it.
pub(crate) const BY_REQUEST: &str = "disabled by request";

/// The fields of a body; `None` for absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    url: Option<String>,
    conditions: Conditions,
    description: Sent<String>,
    headers: Option<OwnHeaders>,
    max_per_second: Sent<NonZeroU16>,
    format: Option<Format>,
    status: Option<EndpointStatus>,
}

impl Changes {
    /// Reads a body and reports every defect that can be found without the network: the URL is resolved later.
    pub(crate) fn parse(mut sent: Map<String, Value>, form: Form, allow_private: bool) -> Result<Self, Problem> {
        let mut defects = Defects::default();
        let headers = sent.shift_remove("headers").map(|value| own_headers::read(&value, &mut defects));
        let (mut read, conditions) = Conditions::read(&ENDPOINT, sent, form, &mut defects);
        let url = read.get("url").and_then(Value::as_str).map(str::to_owned);
        if let Some(Err(defect)) = url.as_deref().map(|url| check_endpoint_url(url, allow_private)) {
            defects.push("url", url_code(defect), url_message(defect));
        }
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        Ok(Self {
            url,
            conditions,
            description: Sent::from(read.get("description")).and_then(|value| value.as_str().map(str::to_owned)),
            headers,
            max_per_second: Sent::from(read.get("maxPerSecond")).and_then(per_second),
            // Null is the default, as it is of the status.
            format: read.get("format").map(|value| value.as_str().and_then(Format::parse).unwrap_or_default()),
            status: read.remove("status").map(|value| match value.as_str() {
                Some("disabled") => EndpointStatus::Disabled,
                _ => EndpointStatus::Enabled,
            }),
        })
    }

    /// The headers, if the body sets them.
    pub(crate) fn headers(&self) -> Option<&OwnHeaders> {
        self.headers.as_ref()
    }

    /// Which events it asks for.
    pub(crate) fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Applies the changes, except for the headers, which have to be sealed, and the keys, which have to be looked up. Returns the change of the status, if any.
    pub(crate) fn apply(&self, endpoint: &mut Endpoint) -> Option<Switch> {
        let new = self.clone();
        replace(&mut endpoint.url, new.url);
        new.conditions.apply(endpoint);
        endpoint.description = new.description.over(endpoint.description.take());
        endpoint.max_per_second = new.max_per_second.over(endpoint.max_per_second);
        replace(&mut endpoint.format, new.format);
        let status = new.status.filter(|status| *status != endpoint.status)?;
        endpoint.status = status;
        match status {
            EndpointStatus::Enabled => {
                endpoint.disabled_reason = None;
                Some(Switch::On)
            }
            EndpointStatus::Disabled => {
                endpoint.disabled_reason = Some(BY_REQUEST.to_owned());
                Some(Switch::Off { reason: BY_REQUEST.to_owned() })
            }
        }
    }
}

/// 400 on `url`.
pub(crate) fn unusable(defect: UrlDefect) -> Problem {
    Problem::invalid_field("url", url_code(defect), url_message(defect))
}

fn url_code(defect: UrlDefect) -> DefectCode {
    match defect {
        UrlDefect::TooLong => DefectCode::TooLong,
        UrlDefect::Malformed | UrlDefect::NotHttps | UrlDefect::Credentials | UrlDefect::Fragment | UrlDefect::Port => {
            DefectCode::InvalidFormat
        }
        UrlDefect::PrivateName | UrlDefect::ForbiddenAddress | UrlDefect::Unresolvable => DefectCode::InvalidValue,
    }
}

fn url_message(defect: UrlDefect) -> String {
    match defect {
        UrlDefect::Unresolvable => {
            format!("{defect}; check its spelling, or send it again when its DNS record is published")
        }
        _ => defect.to_string(),
    }
}

/// A number that the table has checked.
fn per_second(value: &Value) -> Option<NonZeroU16> {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).and_then(NonZeroU16::new)
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

#[cfg(test)]
mod tests;
