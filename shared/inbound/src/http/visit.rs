//! One request on its way through the gate.

use std::time::Instant;

use domain::refusal::NamedRecord;
use domain::trace::{TraceContext, hops_in};
use jiff::Timestamp;
use lambda_http::{Request, RequestExt as _};

use super::caller::Caller;
use super::rate_limit::{Allowance, RateLimit};

/// One request, and what is known of it so far: its answer and its line in the log need that even when it is refused.
pub(super) struct Visit<'a> {
    pub(super) request: &'a Request,
    pub(super) request_id: String,
    pub(super) trace: TraceContext,
    pub(super) started: Instant,
    pub(super) now: Timestamp,
    pub(super) caller: Option<Caller>,
    pub(super) allowance: Allowance,
    pub(super) rate: Option<RateLimit>,
    /// Whether it is known to be only tried.
    pub(super) is_dry_run: bool,
    /// The record that its body is about.
    pub(super) subject: Option<NamedRecord>,
}

/// What a function reads of a request while the call is counted.
pub(crate) trait ReadAhead {
    /// The record that the body is about, as far as it could be read.
    fn subject(&self) -> Option<NamedRecord>;
}

impl ReadAhead for () {
    fn subject(&self) -> Option<NamedRecord> {
        None
    }
}

impl<'a> Visit<'a> {
    pub(super) fn new(request: &'a Request, allowance: Allowance, now: Timestamp) -> Self {
        let request_id = domain::ids::new_id("req_", now);
        let (trace, started) = (trace_of(request), Instant::now());
        Self {
            request,
            request_id,
            trace,
            started,
            now,
            caller: None,
            allowance,
            rate: None,
            is_dry_run: false,
            subject: None,
        }
    }
}

/// The request's step of a trace: of the caller's, if it sent one valid `traceparent`, without which no `tracestate` counts; else of Lambda's, which X-Ray shows; else
/// of a new one.
fn trace_of(request: &Request) -> TraceContext {
    let mut sent = request.headers().get_all("traceparent").iter();
    let traceparent = sent.next().filter(|_| sent.next().is_none()).and_then(|value| value.to_str().ok());
    if let Some(Ok(caller)) = traceparent.map(TraceContext::parse) {
        let tracestate = request.headers().get_all("tracestate").iter().filter_map(|value| value.to_str().ok());
        return caller.child().with_hops(hops_in(tracestate));
    }
    let lambda = request.lambda_context_ref().and_then(|context| context.xray_trace_id.as_deref());
    lambda.and_then(TraceContext::from_xray).map_or_else(TraceContext::start, TraceContext::child)
}
