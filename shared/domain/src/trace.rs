//! Trace context, by which a request, its events and their deliveries are one trace in anybody's tracing: W3C Trace
//! Context, level 1 (<https://www.w3.org/TR/trace-context/>).

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ids;

/// The request that an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `req_` + ULID.
    pub request_id: &'a str,
    /// Its place in a trace.
    pub trace: TraceContext,
    /// Its API key, by the first one of its line: [`crate::api_key::ApiKey::line`].
    pub key_line: &'a str,
}

/// One step of a trace: what stands in a header `traceparent`, and in our member of `tracestate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
    hops: u8,
}

/// The events of a call that so many deliveries led to, one by another, are delivered to nobody: two systems answer each
/// other for ever (`docs/contract.md#loops`).
pub const MAX_HOPS: u8 = 8;
/// What our member of `tracestate` begins with: `workskedge=h:3`.
const MEMBER: &str = "workskedge=h:";

/// Not a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")]
pub struct NotATraceparent;

/// The flag of a step that was recorded. What starts here is: it is in the log. Without the flag, subscribers whose tracing
/// follows the caller's decision would record no delivery at all.
const SAMPLED: u8 = 1;

impl TraceContext {
    /// A trace that starts here.
    #[must_use]
    pub fn start() -> Self {
        // All zeros are not allowed; random bytes of this length are never that.
        Self { trace_id: ids::random(), span_id: ids::random(), flags: SAMPLED, hops: 0 }
    }

    /// The next step of the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: ids::random(), ..self }
    }

    /// The step of a delivery: the next one, a hop further.
    #[must_use]
    pub fn delivered(self) -> Self {
        let next = self.child();
        Self { hops: next.hops.saturating_add(1), ..next }
    }

    /// The same step with so many hops.
    #[must_use]
    pub fn with_hops(self, hops: u8) -> Self {
        Self { hops, ..self }
    }

    /// How many deliveries led to it, one by another.
    #[must_use]
    pub fn hops(self) -> u8 {
        self.hops
    }

    /// Our member of a header `tracestate`.
    #[must_use]
    pub fn tracestate(self) -> String {
        format!("{MEMBER}{}", self.hops)
    }

    /// The step that a header `traceparent` names. A version that is not known is read like the first, as the
    /// recommendation asks for.
    ///
    /// # Errors
    /// When it is not one. A caller's is then ignored, never refused.
    pub fn parse(text: &str) -> Result<Self, NotATraceparent> {
        // A comma joins the values of two headers, of which neither counts.
        if text.contains(',') {
            return Err(NotATraceparent);
        }
        let mut parts = text.split('-');
        let mut part = || parts.next().unwrap_or_default();
        let (version, trace_id, span_id, flags) = (part(), part(), part(), part());
        let [version] = bytes(version)?;
        let (trace_id, span_id, [flags]) = (bytes(trace_id)?, bytes(span_id)?, bytes(flags)?);
        let ends = version > 0 || parts.next().is_none();
        if version == 0xff || !ends || trace_id == [0; 16] || span_id == [0; 8] {
            return Err(NotATraceparent);
        }
        Ok(Self { trace_id, span_id, flags: flags & SAMPLED, hops: 0 })
    }

    /// The step that Lambda names for an invocation: `Root=1-<8 hex digits>-<24>;Parent=<16>;Sampled=1`, where the root may
    /// stand alone. X-Ray's two parts are the trace id in one.
    #[must_use]
    pub fn from_xray(text: &str) -> Option<Self> {
        let member = |name: &str| text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (time, unique) = member("Root")?.strip_prefix("1-")?.split_once('-')?;
        let trace_id = bytes(&[time, unique].concat()).ok().filter(|_| time.len() == 8)?;
        let span_id = member("Parent").and_then(|parent| bytes(parent).ok()).unwrap_or_else(ids::random);
        Some(Self { trace_id, span_id, flags: SAMPLED, hops: 0 })
    }

    /// The id of the whole trace: 32 hex digits.
    #[must_use]
    pub fn trace_id(self) -> String {
        hex::encode(self.trace_id)
    }

    /// The id of this step: 16 hex digits.
    #[must_use]
    pub fn span_id(self) -> String {
        hex::encode(self.span_id)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

/// The hops that headers `tracestate` tell of in our member; 0 without one.
pub fn hops_in<'a>(headers: impl Iterator<Item = &'a str>) -> u8 {
    let mut members = headers.flat_map(|header| header.split(','));
    let hops = members.find_map(|member| member.trim().strip_prefix(MEMBER)?.parse::<u16>().ok());
    hops.map_or(0, |hops| u8::try_from(hops).unwrap_or(u8::MAX))
}

/// Reads a step that may be missing or invalid: no event is held up for the sake of its trace.
pub(crate) fn if_valid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TraceContext>, D::Error> {
    let member = Value::deserialize(deserializer)?;
    Ok(member.as_str().and_then(|text| TraceContext::parse(text).ok()))
}

/// Lower-case hex digits, as many as fill the array.
fn bytes<const N: usize>(text: &str) -> Result<[u8; N], NotATraceparent> {
    let mut bytes = [0; N];
    if text.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return Err(NotATraceparent);
    }
    hex::decode_to_slice(text, &mut bytes).map_err(|_| NotATraceparent)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
