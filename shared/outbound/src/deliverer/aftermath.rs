//! What follows from an attempt that was recorded: the endpoint's health and the alerts.
//!
//! Each transition alerts once: the conditional write that changes the state and the alert are one transaction.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::alert::{Alert, AlertKind};
use domain::clock::is_recent;
use domain::delivery::{Attempt, Delivery, LastAttempt, Trigger};
use domain::endpoint::{Endpoint, FAILING_AFTER, HealthState};
use domain::schedule::Verdict;
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::endpoints::{Cause, Endpoints, Success};
use telemetry::causes::causes;

use super::Deliverer;

/// A success of a healthy endpoint is noted at most this often.
const NOTE_SUCCESS_SECONDS: i64 = 60;

/// The most endpoints that are remembered.
const MAX_PENDING: usize = 10_000;

/// Endpoints of which this process has noted a failure and no success since. What a batch read of an endpoint is older
/// than what the batch itself has noted: without this, failures between successes would count as failures in a row.
#[derive(Debug, Default)]
pub(super) struct HealthWritesPending(Mutex<HashSet<String>>);

impl HealthWritesPending {
    fn insert(&self, endpoint_id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= MAX_PENDING {
            ids.clear();
        }
        ids.insert(endpoint_id.to_owned());
    }

    /// Whether it was one.
    fn remove(&self, endpoint_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(endpoint_id)
    }
}

impl Deliverer {
    /// Follows up an attempt that is recorded. What can't be noted now is in the log: the delivery itself is safe, and the
    /// next attempt notes it again.
    pub(super) async fn follow_up(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        verdict: Verdict,
        now: Timestamp,
    ) {
        let probe = matches!(delivery.trigger, Trigger::Test | Trigger::Replay);
        let noted = match verdict {
            Verdict::Delivered if probe => self.note_success(delivery, endpoint, Success::Probe, now).await,
            Verdict::Delivered => self.note_success(delivery, endpoint, Success::Delivery, now).await,
            // That an endpoint fails is judged by what happens to it anew, not by what people send once more.
            Verdict::RetryAt(_) | Verdict::Exhausted if probe => Ok(()),
            Verdict::RetryAt(_) | Verdict::Exhausted => self.note_failure(delivery, endpoint, last, now).await,
            // It is disabled already.
            Verdict::Gone => Ok(()),
        };
        if let Err(error) = noted {
            tracing::error!(error = %causes(&error), endpoint_id = endpoint.id, "the health of an endpoint was not noted");
        }
    }

    /// Disables an endpoint that answered 410, unless its people have changed it since it was read: that answer was not
    /// about what they made of it.
    pub(super) async fn disable_gone(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A delivery that failed at first is counted already, unless people have sent it again since.
        let counts = delivery.attempt_count == 0 || delivery.trigger != Trigger::Scheduled;
        self.disable(delivery, endpoint, LastAttempt::from(attempt), Cause::Gone { counts }, now).await
    }

    async fn note_success(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        success: Success,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let health = &endpoint.health;
        let noted_lately = || health.last_success_at.is_some_and(|at| is_recent(at, now, NOTE_SUCCESS_SECONDS));
        let known = success == Success::Probe || noted_lately();
        // Forgotten before the success is written, while a failure is remembered after it is written: one that is written
        // beside this is remembered after this forgot, and the next success notes itself.
        let health_writes = self.health_writes.remove(&endpoint.id);
        if known && health.is_clean() && !health_writes {
            return Ok(());
        }
        let noted = settle(&self.endpoints, &self.alerts, delivery, success, now).await;
        if noted.is_err() {
            self.health_writes.insert(&endpoint.id);
        }
        noted
    }

    async fn note_failure(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let first = delivery.attempt_count == 0;
        let noted = self.endpoints.note_failure(&delivery.account, &endpoint.id, first, now).await;
        self.health_writes.insert(&endpoint.id);
        let Some(after) = noted? else { return Ok(()) };
        let health = &after.health;
        if health.state == HealthState::Healthy && health.consecutive_failures >= FAILING_AFTER {
            let alert = Alert::about(AlertKind::EndpointFailing, delivery, Some(last), now);
            self.endpoints.mark_failing(&delivery.account, &endpoint.id, now, (&self.alerts, &alert)).await?;
        }
        if health.has_failed_for_days(now) {
            self.disable(delivery, &after, last, Cause::FailedForDays, now).await?;
        }
        Ok(())
    }

    async fn disable(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        cause: Cause,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let alert = Alert::about(AlertKind::EndpointDisabled, delivery, Some(last), now);
        self.endpoints.disable(&delivery.account, endpoint, cause, now, (&self.alerts, &alert)).await
    }
}

/// Ends what failed in a row at the endpoint of a delivery that arrived, with an alert when it counted as failing.
///
/// # Errors
/// When DynamoDB can't be reached.
pub async fn settle(
    endpoints: &Endpoints,
    alerts: &Alerts,
    delivery: &Delivery,
    success: Success,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (account, id) = (&delivery.account, &delivery.endpoint_id);
    if endpoints.note_success(account, id, success, now).await? {
        return Ok(());
    }
    let alert = Alert::about(AlertKind::EndpointRecovered, delivery, None, now);
    endpoints.recover(account, id, success, now, (alerts, &alert)).await
}

/// The alert of a delivery that is marked failed, with what came of its last attempt.
pub(super) fn delivery_failed(delivery: &Delivery, last: Option<LastAttempt>, now: Timestamp) -> Alert {
    Alert::about(AlertKind::DeliveryFailed, delivery, last, now)
}
