//! What becomes of a task and of an attempt: pure functions of what was read, what was answered, the clock and a random
//! fraction. Nothing is read or written here; `apply.rs` does what is decided.

use domain::attempt::Answer;
use domain::delivery::{Delivery, DeliveryStatus, DeliveryTask, Trigger};
use domain::endpoint::{Candidate, Endpoint, EndpointStatus, Lane};
use domain::filter::Filters;
use domain::ids::ulid_of;
use domain::outbox::{Outbox, StoredEvent};
use domain::schedule::{LOOK_AGAIN, RetrySchedule, Verdict, judge};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;

/// A message that comes this much before its due time is as good as due.
pub(super) const EARLY_MILLISECONDS: i64 = 50;
/// How long a delivery waits for its disabled endpoint to be enabled again, or for a secret that can be opened.
pub(super) const WAIT_FOR_ENDPOINT: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What a function decides by, the same for all its tasks.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) schedule: RetrySchedule,
    /// How long events are kept.
    pub(super) kept: SignedDuration,
    /// The queue that the function reads.
    pub(super) lane: Lane,
    /// Those of endpoints, compiled.
    pub(super) filters: Filters,
}

impl Policy {
    /// Whether the event of a delivery is still there at a time. Without it nothing can be sent, and nobody would be told: what
    /// would come later fails now.
    pub(super) fn keeps_until(&self, delivery: &Delivery, at: Timestamp) -> bool {
        let raised = ulid_of(&delivery.id).and_then(|id| i64::try_from(id.timestamp_ms()).ok());
        let raised = raised.and_then(|raised| Timestamp::from_millisecond(raised).ok());
        at.duration_since(raised.unwrap_or(delivery.created_at)) < self.kept
    }
}

/// What was read for a task. What can't be read matters only if the decision depends on it.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) endpoint: Result<Option<&'a Endpoint>, StoreError>,
    pub(super) outbox: Result<Option<&'a Outbox>, StoreError>,
}

/// What is to be done about a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step<'a> {
    /// Nothing: its delivery has ended, or the attempt that it is for was made already.
    Drop,
    /// It comes again at this time, by way of the queue of later attempts.
    PutOff(Timestamp),
    /// It comes again at once, by way of the queue of slow endpoints.
    PassToSlow,
    /// Its delivery ends without an attempt.
    End(DeliveryStatus),
    /// Its endpoint is disabled; it looks again at this time.
    WaitForEndpoint(Timestamp),
    /// The attempt is made, unless the endpoint is crowded or another worker has claimed it.
    Attempt { endpoint: &'a Endpoint, event: Option<&'a StoredEvent> },
}

/// Decides about a task at `now`.
pub(super) fn next_step<'a>(
    task: &DeliveryTask,
    loaded: Loaded<'a>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Step<'a>, StoreError> {
    let Loaded { delivery, endpoint, outbox } = loaded;
    let current = delivery.attempt_count == task.attempt_count && delivery.series == task.series;
    if delivery.status.is_final() || !current {
        return Ok(Step::Drop);
    }
    if let Some(until) = delivery.claimed(now) {
        // The attempt under way decides, even if its endpoint has been deleted or disabled since.
        return Ok(Step::PutOff(until));
    }
    let Some(endpoint) = endpoint? else { return Ok(Step::End(DeliveryStatus::Cancelled)) };
    let due = policy.schedule.due(delivery, now);
    if due.as_millisecond() > now.as_millisecond() + EARLY_MILLISECONDS {
        return Ok(Step::PutOff(due));
    }
    let event = outbox?.and_then(|outbox| Some((outbox, outbox.event(&delivery.event_id)?)));
    let is_unwanted =
        |(outbox, event)| is_unwanted(delivery, &Candidate::new(outbox, event), endpoint, &policy.filters);
    if event.is_some_and(is_unwanted) {
        return Ok(Step::End(DeliveryStatus::Cancelled));
    }
    let event = event.map(|(_, event)| event);
    if endpoint.status == EndpointStatus::Disabled {
        return Ok(for_disabled(delivery, policy, now));
    }
    Ok(match (policy.lane, endpoint.health.lane(now)) {
        (Lane::First | Lane::Later, Lane::Slow) => Step::PassToSlow,
        (Lane::First, Lane::Later) => Step::PutOff(due),
        _ => Step::Attempt { endpoint, event },
    })
}

/// A disabled endpoint may be repaired and enabled again: its deliveries wait for some days, then they have failed.
fn for_disabled<'a>(delivery: &Delivery, policy: &Policy, now: Timestamp) -> Step<'a> {
    let too_long = |since| now.duration_since(since) >= WAIT_FOR_ENDPOINT;
    match delivery.waiting_since {
        Some(since) if too_long(since) => Step::End(DeliveryStatus::Failed),
        _ if !policy.keeps_until(delivery, now + LOOK_AGAIN) => Step::End(DeliveryStatus::Failed),
        _ => Step::WaitForEndpoint(now + LOOK_AGAIN),
    }
}

/// Whether the endpoint was changed since, so that it no longer subscribes to this event. What people send again
/// themselves is sent all the same.
fn is_unwanted(delivery: &Delivery, event: &Candidate<'_>, endpoint: &Endpoint, filters: &Filters) -> bool {
    delivery.trigger == Trigger::Scheduled && !endpoint.selects(event, filters)
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    /// The delivery's status. A person is alerted to each that fails.
    pub(super) status: DeliveryStatus,
    /// When the next attempt is due, if there is one.
    pub(super) next_attempt_at: Option<Timestamp>,
    /// What the attempt says about the endpoint.
    pub(super) endpoint: EndpointNews,
}

/// What an attempt says about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointNews {
    /// It took a delivery.
    Works,
    /// It took a test or a replay, which shows that it works but is no traffic.
    Probed,
    /// It did not take a delivery. `first`: this was the delivery's first attempt, so it is one more delivery that
    /// failed.
    Fails { first: bool },
    /// It answered 410 and is disabled. `counts`: the delivery is not yet counted among those that failed.
    Gone { counts: bool },
    /// Nothing: a test or a replay failed. Whether an endpoint fails is judged by new deliveries only, not by what
    /// people send once more.
    Nothing,
}

/// Decides what follows from the answer to the next attempt of `delivery`, which ended at `ended`. `jitter` is a random
/// fraction, see [`judge`].
pub(super) fn after_attempt(
    delivery: &Delivery,
    answer: &Answer,
    policy: &Policy,
    ended: Timestamp,
    jitter: f64,
) -> Decision {
    let in_series = delivery.attempt_count - delivery.series_start + 1;
    let (first, scheduled) = (delivery.attempt_count == 0, delivery.trigger == Trigger::Scheduled);
    let is_probe = matches!(delivery.trigger, Trigger::Test | Trigger::Replay);
    let verdict = match judge(&policy.schedule, in_series, answer, ended, jitter) {
        Verdict::RetryAt(at) if !policy.keeps_until(delivery, at) => Verdict::Exhausted,
        verdict => verdict,
    };
    let (status, next_attempt_at) = match verdict {
        Verdict::Delivered => (DeliveryStatus::Delivered, None),
        Verdict::RetryAt(at) => (DeliveryStatus::Retrying, Some(at)),
        Verdict::Exhausted | Verdict::Gone => (DeliveryStatus::Failed, None),
    };
    let endpoint = match verdict {
        Verdict::Delivered if is_probe => EndpointNews::Probed,
        Verdict::Delivered => EndpointNews::Works,
        Verdict::RetryAt(_) | Verdict::Exhausted if is_probe => EndpointNews::Nothing,
        Verdict::RetryAt(_) | Verdict::Exhausted => EndpointNews::Fails { first },
        // A delivery that failed before is counted already, unless people have sent it again since.
        Verdict::Gone => EndpointNews::Gone { counts: first || !scheduled },
    };
    Decision { status, next_attempt_at, endpoint }
}

#[cfg(test)]
mod tests;
