//! Deliveries that can't be signed because a secret or the custom headers of their endpoint can't be opened. Nothing is
//! sent and nothing is lost: they come again, and a person is alerted if that takes more than a few minutes.

use domain::alert::{Alert, AlertKind};
use domain::delivery::DeliveryStatus;
use jiff::{SignedDuration, Timestamp};
use store::seal::SealError;
use telemetry::causes::causes;

use super::decision::WAIT_FOR_ENDPOINT;
use super::{Deliverer, Ready, TaskError};

/// How late a delivery that can't be signed is when a person is alerted.
const TELL_AFTER: SignedDuration = SignedDuration::from_mins(5);

impl Deliverer {
    /// What becomes of a delivery that can't be signed: its message stays in the queue. When it is some minutes late,
    /// its endpoint counts as failing and a person is alerted, once until the endpoint recovers. If the secret
    /// can never be opened, the delivery fails after some days.
    pub(super) async fn unsigned(
        &self,
        Ready { delivery, endpoint, recorder, .. }: Ready<'_>,
        error: SealError,
        claim: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let hopeless = matches!(error, SealError::Unopenable);
        if hopeless && now.duration_since(delivery.created_at) >= WAIT_FOR_ENDPOINT {
            return Ok(recorder.end(delivery, DeliveryStatus::Failed, claim, now).await?);
        }
        let due = delivery.next_attempt_at.unwrap_or(delivery.created_at);
        if now.duration_since(due) >= TELL_AFTER {
            let alert = Alert {
                message: message(&endpoint.id, &error),
                ..Alert::about(AlertKind::EndpointFailing, delivery, delivery.last_attempt, now)
            };
            let told = self.endpoints.mark_unsigned(&delivery.account, &endpoint.id, now, (&self.alerts, &alert)).await;
            if let Err(error) = told {
                let error = causes(&error);
                tracing::error!(error, endpoint_id = endpoint.id, "an alert about unsigned deliveries was not stored");
            }
        }
        Err(error.into())
    }
}

/// The alert's message: what happened and what to do.
fn message(endpoint: &str, error: &SealError) -> String {
    match error {
        SealError::Unopenable => format!(
            "Deliveries to {endpoint} can't be signed, because its secret or its custom headers can't be decrypted. \
             They wait. Restore the key that these were sealed with, or rotate the secret with overlapHours 0 and set the \
             headers again."
        ),
        SealError::Kms { .. } => format!(
            "Deliveries to {endpoint} can't be signed, because KMS refuses to decrypt its secret or does not respond. \
             They are sent when KMS responds again; the log of the deliverer has its error."
        ),
    }
}
