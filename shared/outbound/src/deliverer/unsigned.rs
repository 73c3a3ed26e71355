//! Deliveries that can't be signed, because a secret or the own headers of their endpoint can't be opened. Nothing is sent
//! and nothing is lost: they come again, and a person is told when that takes more than a few minutes.

use domain::alert::{Alert, AlertKind};
use domain::delivery::{Delivery, DeliveryStatus};
use domain::endpoint::Endpoint;
use jiff::{SignedDuration, Timestamp};
use store::seal::SealError;
use telemetry::causes::causes;

use super::decision::WAIT_FOR_ENDPOINT;
use super::{Deliverer, TaskError};

/// How long a delivery that can't be signed is late before a person is told.
const TELL_AFTER: SignedDuration = SignedDuration::from_mins(5);

impl Deliverer {
    /// What becomes of a delivery that can't be signed: its message stays in the queue. When it is some minutes late, its
    /// endpoint counts as failing and a person is told, once until the endpoint recovers; after days without hope the
    /// delivery has failed.
    pub(super) async fn unsigned(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        error: SealError,
        claim: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let hopeless = matches!(error, SealError::Unopenable);
        if hopeless && now.duration_since(delivery.created_at) >= WAIT_FOR_ENDPOINT {
            return self.end(delivery, DeliveryStatus::Failed, claim, now).await;
        }
        let due = delivery.next_attempt_at.unwrap_or(delivery.created_at);
        if now.duration_since(due) >= TELL_AFTER {
            let alert = Alert {
                message: message(&endpoint.id, &error),
                ..Alert::about(AlertKind::EndpointFailing, delivery, delivery.last_attempt, now)
            };
            let told = self.endpoints.mark_unsigned(&delivery.account, &endpoint.id, now, (&self.alerts, &alert)).await;
            if let Err(error) = told {
                tracing::error!(error = %causes(&error), endpoint_id = endpoint.id, "nobody was told that deliveries can't be signed");
            }
        }
        Err(error.into())
    }
}

/// What happened and what to do.
fn message(endpoint: &str, error: &SealError) -> String {
    match error {
        SealError::Unopenable => format!(
            "{endpoint} gets nothing: its secret or its own headers can't be opened, so that its deliveries can't be \
             signed. They wait. Bring back the key that these were sealed with; or rotate the secret with overlapHours 0, \
             and set the headers again."
        ),
        SealError::Kms { .. } => format!(
            "{endpoint} gets nothing: KMS, which opens its secret, refuses or does not answer, so that its deliveries \
             can't be signed. They wait and go out when it answers; the log of the deliverer says what KMS says."
        ),
    }
}
