//! The health of endpoints after recorded attempts, and its alerts.
//!
//! Each transition alerts once: the conditional write that changes the state and the alert are one transaction.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::alert::{Alert, AlertKind};
use domain::clock::is_recent;
use domain::delivery::{Delivery, LastAttempt};
use domain::endpoint::{Endpoint, FAILING_AFTER, HealthState, LastError};
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::endpoints::{Cause, Endpoints, Failure, Success};
use telemetry::causes::causes;

use super::Deliverer;
use super::decision::EndpointNews;

/// A success of a healthy endpoint is stored at most this often.
const NOTE_SUCCESS_SECONDS: i64 = 60;

/// That an endpoint is slow is stored at most this often.
const NOTE_SLOW_SECONDS: i64 = 60;

/// The most endpoints that are remembered; when full, all are forgotten.
const MAX_PENDING: usize = 10_000;

/// Endpoints for which this process has stored a failure and no success since. An endpoint is read once per batch,
/// before the batch stores anything: without this set, failures between successes would count as failures in a row.
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

    /// Returns whether it was in the set.
    fn remove(&self, endpoint_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(endpoint_id)
    }
}

impl Deliverer {
    /// Notes what a recorded attempt says about its endpoint. What can't be noted is in the log only: the delivery
    /// itself is safe, and the next attempt notes it again.
    pub(super) async fn follow_up(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        news: EndpointNews,
        now: Timestamp,
    ) {
        let noted = match news {
            EndpointNews::Works => self.note_success(delivery, endpoint, Success::Delivery, now).await,
            EndpointNews::Probed => self.note_success(delivery, endpoint, Success::Probe, now).await,
            EndpointNews::Fails { first } => Box::pin(self.note_failure(delivery, endpoint, last, first, now)).await,
            // What is gone was disabled before the attempt was recorded.
            EndpointNews::Gone { .. } | EndpointNews::Nothing => Ok(()),
        };
        if let Err(error) = noted {
            let error = causes(&error);
            tracing::error!(error, endpoint_id = endpoint.id, "the health of an endpoint was not noted");
        }
    }

    /// Notes that an attempt takes long, while it is under way: those that come after it are kept apart. Best effort, like
    /// all of an endpoint's health.
    pub(super) async fn note_slow(&self, delivery: &Delivery, endpoint: &Endpoint, now: Timestamp) {
        if endpoint.health.last_slow_at.is_some_and(|at| is_recent(at, now, NOTE_SLOW_SECONDS)) {
            return;
        }
        if let Err(error) = self.endpoints.note_slow(&delivery.account, endpoint, now).await {
            let error = causes(&error);
            tracing::error!(error, endpoint_id = endpoint.id, "that an endpoint is slow was not noted");
        }
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
        // Forgotten before the success is written, while a failure is remembered after it is written: one that is
        // written beside this is remembered after this forgot, and the next success notes itself.
        let health_writes = self.health_writes.remove(&endpoint.id);
        if known && health.is_clean() && !health_writes {
            return Ok(());
        }
        let noted = Box::pin(settle(&self.endpoints, &self.alerts, delivery, success, now)).await;
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
        first: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let error = LastError::of(delivery, last);
        let what = Failure { counts: first, error: error.as_ref() };
        let noted = self.endpoints.note_failure(&delivery.account, &endpoint.id, what, now).await;
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

    /// Disables an endpoint that answered 410; `first` if that was a first attempt.
    pub(super) async fn disable_gone(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        first: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let error = LastError::of(delivery, last);
        let what = Failure { counts: first, error: error.as_ref() };
        self.disable(delivery, endpoint, last, Cause::Gone(what), now).await
    }

    /// Disables an endpoint, unless its people have changed it since it was read: what happened was not about what they
    /// made of it.
    async fn disable(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        last: LastAttempt,
        cause: Cause<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let alert = Alert::about(AlertKind::EndpointDisabled, delivery, Some(last), now);
        self.endpoints.disable(&delivery.account, endpoint, cause, now, (&self.alerts, &alert)).await
    }
}

/// Resets the failure count of the endpoint of a successful delivery, with an alert if the endpoint was failing.
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
