//! What the log says of an attempt, and whose lines belong together.

use domain::attempt::{AttemptError, ErrorDetail};
use domain::delivery::{Attempt, DeliveryStatus, DeliveryTask};
use domain::outbox::Outbox;
use domain::trace::TraceContext;
use tracing::{Span, field};
use url::Url;

use super::Ready;

/// The step of its event's trace that an attempt is. The span gets the ids of the request that raised the event.
pub(super) fn trace_of(outbox: Option<&Outbox>) -> TraceContext {
    let trace = outbox.map_or_else(TraceContext::start, Outbox::step).delivered();
    if let Some(outbox) = outbox {
        Span::current().record("request_id", &outbox.request_id).record("trace_id", trace.trace_id());
    }
    trace
}

/// What is known of a task before anything is read. `request_id` and `trace_id` will be of the request that raised the event.
pub(super) fn span_of(task: &DeliveryTask) -> Span {
    let (account, delivery_id) = (task.account.as_str(), task.delivery_id.as_str());
    let empty = field::Empty;
    tracing::info_span!("delivery", account, delivery_id, event_id = empty, request_id = empty, trace_id = empty)
}

/// One wide line per attempt, in the span that says whose and which it is: numbers, the record and the endpoint's host, never a
/// body, a secret, or the rest of the URL, which often is one. A success is `DEBUG`: of it there are figures, and of a
/// million events it would be the largest part of the log.
pub(super) fn log(ready: Ready<'_>, attempt: &Attempt, status: DeliveryStatus) {
    let Ready { delivery, endpoint, trace, .. } = ready;
    let url = Url::parse(&endpoint.url).ok();
    let latency_ms = attempt.started_at.as_millisecond() - delivery.created_at.as_millisecond();
    // A macro, since the level of a line is fixed where it is written.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                event = delivery.event.as_str(),
                record_id = delivery.subject.as_ref().map(|subject| subject.id.as_str()),
                record_number = delivery.subject.as_ref().map(|subject| subject.number.as_str()),
                endpoint_id = delivery.endpoint_id,
                span_id = trace.span_id(),
                host = url.as_ref().and_then(Url::host_str),
                attempt = attempt.number,
                status = status.as_str(),
                status_code = attempt.status_code,
                error = attempt.error.map(AttemptError::as_str),
                error_detail = attempt.error_detail.map(ErrorDetail::as_str),
                duration_ms = attempt.duration_ms,
                latency_ms,
                "attempt {number} of {id}: {status}",
                number = attempt.number,
                id = delivery.id,
                status = status.as_str(),
            )
        };
    }
    if status == DeliveryStatus::Delivered { line!(debug) } else { line!(info) }
}
