//! Manual retries: a new series of attempts that begins now, under the same id, and replaces what was planned.

use std::collections::HashSet;

use domain::defect::Defects;
use domain::delivery::view::DeliveryView;
use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::endpoint::EndpointStatus;
use inbound::http::{Facts, Reply};
use inbound::manage;
use inbound::manage::bodies::RETRY;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::problem::{Problem, ProblemCode};
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde_json::{Map, Value};
use telemetry::causes::causes;

use crate::Call;

impl Call<'_> {
    /// Begins a new series. Concurrent calls begin only one: the later ones find an attempt that is due and report
    /// `unchanged`.
    pub(crate) async fn retry(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let force = force(body)?;
        for _ in 0..manage::MAX_TRIES {
            let delivery = self.read(id).await?;
            check_status(&delivery, force)?;
            if is_under_way(&delivery, self.now) {
                return Ok(accepted(&delivery, "unchanged"));
            }
            self.check_target(&delivery).await?;
            self.function.undispatched.mark_change(&delivery, self.now).await;
            let begun = self.function.deliveries.begin_series(&delivery, Trigger::Manual, self.now).await?;
            if let Some(delivery) = begun {
                self.queue(&delivery).await;
                return Ok(accepted(&delivery, "retried"));
            }
        }
        Err(Problem::contention())
    }

    /// 409 when an attempt could not be made.
    async fn check_target(&self, delivery: &Delivery) -> Result<(), Problem> {
        let Some(endpoint) = self.function.endpoints.get(self.account(), &delivery.endpoint_id).await? else {
            return Err(impossible("The endpoint of this delivery was deleted, so it can't be sent."));
        };
        if endpoint.status == EndpointStatus::Disabled {
            return Err(impossible("The endpoint of this delivery is disabled. Enable it, then retry."));
        }
        if self.function.events.get(self.account(), &delivery.event_id).await?.is_none() {
            return Err(impossible("The event of this delivery is no longer stored, so it can't be sent."));
        }
        Ok(())
    }

    /// A failure is only logged: the retry is stored, and the sweeper queues it.
    async fn queue(&self, delivery: &Delivery) {
        if let Err(error) = self.function.retries.send(&[delivery.task()], self.now).await {
            let error = causes(&error);
            tracing::error!(error, delivery_id = delivery.id, "a manual retry was not queued; the sweeper finds it");
        }
    }
}

fn force(body: Map<String, Value>) -> Result<bool, Problem> {
    let mut defects = Defects::default();
    let read = body::read(&RETRY, body, Form::Change, &mut defects);
    if !defects.is_empty() {
        return Err(Problem::invalid(defects));
    }
    Ok(read.get("force").and_then(Value::as_bool).unwrap_or(false))
}

fn check_status(delivery: &Delivery, force: bool) -> Result<(), Problem> {
    if delivery.test {
        return Err(impossible("This delivery is a test. Tests are not retried; send another one from the endpoint."));
    }
    if delivery.status == DeliveryStatus::Delivered && !force {
        let detail = "The endpoint has accepted this delivery. Send {\"force\": true} to send it once more.";
        return Err(Problem::new(ProblemCode::AlreadyDelivered, detail));
    }
    Ok(())
}

/// Whether the first attempt of a series is due and not recorded yet: it is queued, under way, or waits for an attempt
/// of the previous series.
fn is_under_way(delivery: &Delivery, now: Timestamp) -> bool {
    let begins = delivery.claimed(now).unwrap_or(now);
    !delivery.status.is_final()
        && delivery.attempt_count == delivery.series_start
        && delivery.next_attempt_at.is_some_and(|due| due <= begins)
}

fn impossible(detail: &str) -> Problem {
    Problem::new(ProblemCode::InvalidStateTransition, detail)
}

fn accepted(delivery: &Delivery, action: &'static str) -> Reply {
    let facts = Facts { action: Some(action), id: Some(delivery.id.clone()), ..Facts::default() };
    // The endpoint is enabled, or there would be no retry: the delivery is not held.
    Reply::new(StatusCode::ACCEPTED, &DeliveryView::of(delivery, &HashSet::new())).with_facts(facts)
}
