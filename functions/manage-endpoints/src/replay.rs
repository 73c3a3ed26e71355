//! A replay: what an endpoint missed, or all that it got, is sent again.
//!
//! It goes through the events of a span of time, oldest first, and looks at the delivery of each to the endpoint. A
//! delivery that is under way, or that a replay has sent in the last minutes, is left alone, and a new one has the id
//! that the dispatcher would give it, so that the same replay twice sends nothing twice. The work of one call is
//! bounded; its answer says where the next one begins.

mod wanted;

use std::collections::HashMap;

use domain::clock::whole_seconds;
use domain::delivery::{Delivery, Trigger};
use domain::endpoint::{Candidate, Endpoint, EndpointStatus};
use domain::outbox::Outbox;
use futures_util::future::join_all;
use inbound::http::{Facts, Reply};
use inbound::problem::{Problem, ProblemCode};
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use store::StoreError;
use store::deliveries::MAX_CREATED_AT_ONCE;
use store::events::raised_at;

use crate::Call;
use telemetry::causes::causes;
use wanted::{Stands, Step, Wanted};

/// After so many deliveries a call ends at the next whole second.
const MAX_MATCHED: usize = 1_000;
/// Or after so many events.
const MAX_EXAMINED: usize = 10_000;
/// Outbox items per query.
const PAGE: i32 = 100;
/// Series that are begun side by side.
const AT_ONCE: usize = 25;

/// What a call did, or would do.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replayed {
    dry_run: bool,
    /// Deliveries that match.
    matched: usize,
    /// Deliveries that this call queued: fewer if some were changed concurrently, none in a dry run.
    queued: usize,
    /// Skipped deliveries: pending or retrying, or delivered by a replay in the last minutes.
    under_way: usize,
    /// The `since` of the next call, when this one ended before `until`.
    next_since: Option<Timestamp>,
    #[serde(skip)]
    examined: usize,
}

impl Replayed {
    fn is_full(&self) -> bool {
        self.matched >= MAX_MATCHED || self.examined >= MAX_EXAMINED
    }
}

impl Call<'_> {
    /// Queues the deliveries that match, or counts them.
    pub(crate) async fn replay(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let wanted = Wanted::parse(body, self.now)?;
        let endpoint = self.read(id).await?;
        if endpoint.status == EndpointStatus::Disabled && !wanted.dry_run {
            let detail = "The endpoint is disabled. Enable it, then replay what it missed.";
            return Err(Problem::new(ProblemCode::InvalidStateTransition, detail));
        }
        let replayed = self.run(&endpoint, &wanted).await?;
        let action = if wanted.dry_run { "replay_counted" } else { "replayed" };
        let facts = Facts { action: Some(action), id: Some(id.to_owned()), ..Facts::default() };
        Ok(Reply::new(StatusCode::ACCEPTED, &replayed).with_facts(facts))
    }

    /// Goes through the events until there are no more or the call has done enough. It ends between two seconds, the
    /// finest that `since` can say.
    async fn run(&self, endpoint: &Endpoint, wanted: &Wanted) -> Result<Replayed, StoreError> {
        let mut replayed = Replayed { dry_run: wanted.dry_run, ..Replayed::default() };
        let (mut after, mut reached) = (None, wanted.since);
        loop {
            let (since, until) = (wanted.since, wanted.until);
            let mut page = self.function.events.raised(self.account(), since, until, after.as_deref(), PAGE).await?;
            if replayed.is_full() {
                replayed.next_since = cut(&mut page.outboxes, reached)?;
            }
            if let Some(last) = page.outboxes.last() {
                reached = whole_seconds(raised_at(&last.id)?);
            }
            self.step_through(&page.outboxes, endpoint, wanted, &mut replayed).await?;
            after = page.stopped;
            if after.is_none() || replayed.next_since.is_some() {
                return Ok(replayed);
            }
        }
    }

    /// Counts and queues the matching deliveries of some outbox items.
    async fn step_through(
        &self,
        outboxes: &[Outbox],
        endpoint: &Endpoint,
        wanted: &Wanted,
        replayed: &mut Replayed,
    ) -> Result<(), StoreError> {
        let events = outboxes.iter().flat_map(|outbox| outbox.events.iter().map(move |event| (outbox, event)));
        let events: Vec<_> = events.filter(|(_, event)| wanted.names(event.name)).collect();
        let ids: Vec<&str> = events.iter().map(|(_, event)| event.id.as_str()).collect();
        let found = self.function.deliveries.existing(self.account(), &endpoint.id, &ids).await?;
        let mut found: HashMap<String, Delivery> =
            found.into_iter().map(|found| (found.event_id.clone(), found)).collect();
        let (mut again, mut first) = (Vec::new(), Vec::new());
        for (outbox, event) in events {
            let delivery = found.remove(&event.id);
            // An existing delivery may be sent again, whatever the endpoint subscribes to now.
            let selected = endpoint.selects(&Candidate::new(outbox, event), &self.function.filters);
            let stands = delivery.as_ref().map(|delivery| Stands::of(delivery, endpoint.status, self.now));
            match wanted.step(selected, stands) {
                Step::Leave => {}
                Step::UnderWay => replayed.under_way += 1,
                Step::Again => again.extend(delivery),
                Step::First => first.push(outbox.delivery(event, &endpoint.id, Trigger::Replay, self.now)),
            }
        }
        replayed.examined += outboxes.iter().map(|outbox| outbox.events.len()).sum::<usize>();
        replayed.matched += again.len() + first.len();
        if !wanted.dry_run {
            replayed.queued += self.send_again(&again).await? + self.send_first(&first).await?;
        }
        Ok(())
    }

    /// Begins a new series of each. Deliveries that are changed concurrently are skipped.
    async fn send_again(&self, deliveries: &[Delivery]) -> Result<usize, StoreError> {
        let mut queued = 0;
        for some in deliveries.chunks(AT_ONCE) {
            let store = &self.function.deliveries;
            self.mark_changes(some).await;
            let begun = some.iter().map(|delivery| store.begin_series(delivery, Trigger::Replay, self.now));
            let (begun, failed) = apart(join_all(begun).await);
            let begun: Vec<Delivery> = begun.into_iter().flatten().collect();
            queued += begun.len();
            self.queue(begun.iter()).await;
            failed?;
        }
        Ok(queued)
    }

    /// Stores and queues deliveries that did not exist.
    async fn send_first(&self, deliveries: &[Delivery]) -> Result<usize, StoreError> {
        let mut queued = 0;
        for some in deliveries.chunks(MAX_CREATED_AT_ONCE) {
            self.mark_changes(some).await;
            let stored = self.function.deliveries.create(some).await;
            let stored = some.iter().zip(stored).map(|(delivery, new)| new.map(|new| new.then_some(delivery)));
            let (new, failed) = apart(stored);
            let new: Vec<&Delivery> = new.into_iter().flatten().collect();
            queued += new.len();
            self.queue(new.into_iter()).await;
            failed?;
        }
        Ok(queued)
    }

    /// Those of old events are counted again, for the statistics.
    pub(crate) async fn mark_changes(&self, deliveries: &[Delivery]) {
        let markers = &self.function.undispatched;
        join_all(deliveries.iter().map(|delivery| markers.mark_change(delivery, self.now))).await;
    }

    /// A failure is only logged: the deliveries are stored, and the sweeper queues them.
    async fn queue(&self, deliveries: impl Iterator<Item = &Delivery>) {
        let tasks: Vec<_> = deliveries.map(Delivery::task).collect();
        if let Err(error) = self.function.retries.send(&tasks, self.now).await {
            tracing::error!(error = %causes(&error), "some of a replay was not queued; the sweeper finds it");
        }
    }
}

/// What was done, and the first error: what is stored has to be queued, whatever became of the others.
fn apart<T>(results: impl IntoIterator<Item = Result<T, StoreError>>) -> (Vec<T>, Result<(), StoreError>) {
    let (mut done, mut failed) = (Vec::new(), Ok(()));
    for result in results {
        match result {
            Ok(value) => done.push(value),
            Err(error) => failed = failed.and(Err(error)),
        }
    }
    (done, failed)
}

/// Keeps what was raised in the second `reached`, and says when the rest begins.
fn cut(outboxes: &mut Vec<Outbox>, reached: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    for (index, outbox) in outboxes.iter().enumerate() {
        let second = whole_seconds(raised_at(&outbox.id)?);
        if second > reached {
            outboxes.truncate(index);
            return Ok(Some(second));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use domain::trail::Trail;

    use super::*;

    fn outboxes(times: &[&str]) -> Vec<Outbox> {
        let outbox = |at: &&str| Outbox {
            account: "acc_1".to_owned(),
            id: domain::ids::new_ulid(at.parse().unwrap()).to_string(),
            request_id: "req_1".to_owned(),
            trace: None,
            hops: 0,
            key_line: None,
            events: Vec::new(),
            trail: Trail::default(),
            brought_again_at: None,
            test: false,
        };
        times.iter().map(outbox).collect()
    }

    #[test]
    fn what_was_done_is_kept_whatever_failed() {
        let failed = |of| Err(StoreError::Contention(of));
        let (done, error) = apart([Ok(1), failed("first"), Ok(2), failed("second")]);
        assert_eq!(done, [1, 2]);
        assert!(error.unwrap_err().to_string().contains("first"));
        assert!(apart([Ok(1)]).1.is_ok());
    }

    #[test]
    fn a_call_ends_between_two_seconds() {
        let reached: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let mut some = outboxes(&["2025-10-20T14:30:00.001Z", "2025-10-20T14:30:00.999Z", "2025-10-20T14:30:02.500Z"]);
        assert_eq!(cut(&mut some, reached).unwrap(), Some("2025-10-20T14:30:02Z".parse().unwrap()));
        assert_eq!(some.len(), 2);
        assert_eq!(cut(&mut some, reached).unwrap(), None);
        assert_eq!(some.len(), 2);
    }
}
