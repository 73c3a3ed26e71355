//! Trace context, by which a request, its events and their deliveries are one trace in anybody's tracing: W3C Trace
//! Context, level 1 (<https://www.w3.org/TR/trace-context/>).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids;

/// The request that an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `req_` + ULID.
    pub request_id: &'a str,
    /// Its place in a trace.
    pub trace: TraceContext,
}

impl<'a> Origin<'a> {
    /// A request that starts a trace.
    #[must_use]
    pub fn start(request_id: &'a str) -> Self {
        Self { request_id, trace: TraceContext::start() }
    }
}

/// One step of a trace: what stands in a header `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

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
        Self { trace_id: ids::random(), span_id: ids::random(), flags: SAMPLED }
    }

    /// The next step of the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: ids::random(), ..self }
    }

    /// The step that a header `traceparent` names. A version that is not known is read like the first, as the
    /// recommendation asks for.
    ///
    /// # Errors
    /// When it is not one. A caller's is then ignored, never refused.
    pub fn parse(text: &str) -> Result<Self, NotATraceparent> {
        let mut parts = text.split('-');
        let mut part = || parts.next().unwrap_or_default();
        let (version, trace_id, span_id, flags) = (part(), part(), part(), part());
        let [version] = bytes(version)?;
        let (trace_id, span_id, [flags]) = (bytes(trace_id)?, bytes(span_id)?, bytes(flags)?);
        let ends = version > 0 || parts.next().is_none();
        if version == 0xff || !ends || trace_id == [0; 16] || span_id == [0; 8] {
            return Err(NotATraceparent);
        }
        Ok(Self { trace_id, span_id, flags: flags & SAMPLED })
    }

    /// The step that Lambda names for an invocation: `Root=1-<8 hex digits>-<24>;Parent=<16>;Sampled=1`, where the root may
    /// stand alone. X-Ray's two parts are the trace id in one.
    #[must_use]
    pub fn from_xray(text: &str) -> Option<Self> {
        let member = |name: &str| text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (time, unique) = member("Root")?.strip_prefix("1-")?.split_once('-')?;
        let trace_id = bytes(&[time, unique].concat()).ok().filter(|_| time.len() == 8)?;
        let span_id = member("Parent").and_then(|parent| bytes(parent).ok()).unwrap_or_else(ids::random);
        Some(Self { trace_id, span_id, flags: SAMPLED })
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

impl From<TraceContext> for String {
    fn from(trace: TraceContext) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for TraceContext {
    type Error = NotATraceparent;

    fn try_from(text: String) -> Result<Self, NotATraceparent> {
        Self::parse(&text)
    }
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
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_traceparent_is_read_and_written_alike() {
        for flags in ["00", "01"] {
            let text = format!("00-{TRACE}-{SPAN}-{flags}");
            assert_eq!(TraceContext::parse(&text).unwrap().to_string(), text);
        }
        let unknown_flags = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-ff")).unwrap();
        assert_eq!(unknown_flags.to_string(), format!("00-{TRACE}-{SPAN}-01"));
        let later = TraceContext::parse(&format!("cc-{TRACE}-{SPAN}-01-what-comes-later")).unwrap();
        assert_eq!(later.to_string(), format!("00-{TRACE}-{SPAN}-01"));
    }

    #[test]
    fn what_the_recommendation_calls_invalid_is_ignored() {
        let (no_trace, no_span) = ("0".repeat(32), "0".repeat(16));
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-zz"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{no_trace}-{SPAN}-01"),
            format!("00-{TRACE}-{no_span}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-é{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(TraceContext::parse(&text), Err(NotATraceparent), "{text}");
        }
    }

    #[test]
    fn an_invocation_of_lambda_is_a_step_of_the_trace_that_x_ray_shows() {
        let sampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0";
        let trace = TraceContext::from_xray(sampled).unwrap();
        assert_eq!(trace.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        let root = TraceContext::from_xray("Root=1-5759e988-bd862e3fe1be46a994272793").unwrap();
        assert_eq!(root.trace_id(), trace.trace_id());
        for other in [
            "",
            "Root=",
            "Root=1-5759e988",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e98-8bd862e3fe1be46a994272793",
        ] {
            assert_eq!(TraceContext::from_xray(other), None, "{other}");
        }
    }

    #[test]
    fn a_step_is_new_and_its_trace_goes_on() {
        let first = TraceContext::start();
        let next = first.child();
        assert_eq!(first.trace_id(), next.trace_id());
        assert_ne!(first.span_id(), next.span_id());
        assert_ne!(first.trace_id(), TraceContext::start().trace_id());
        assert_eq!(TraceContext::parse(&first.to_string()), Ok(first));
    }
}
