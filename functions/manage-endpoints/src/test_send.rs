//! A test send: the catalog's example of an event, or the caller's own data, once and now, whether the endpoint is enabled
//! or not.
//!
//! The response says how the endpoint responded. A failed test has no consequences; a successful one resets the failure
//! count.

use std::time::Duration;

use domain::defect::{DefectCode, Defects};
use domain::delivery::view::AttemptView;
use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::endpoint::{Endpoint, EndpointStatus};
use domain::events::{Event, EventDraft, EventName};
use domain::ids;
use domain::outbox::{Outbox, StoredEvent};
use inbound::http::{Facts, Reply};
use inbound::manage::bodies::TEST;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::manage::event_data;
use inbound::problem::Problem;
use jiff::Timestamp;
use outbound::attempts::AttemptResult;
use outbound::deliverer::settle;
use serde::Serialize;
use serde_json::{Map, Value};
use store::endpoints::Success;
use telemetry::causes::causes;

use crate::Call;

/// How long the endpoint has until its response headers: less than for a delivery, since the caller's own request waits
/// for it, and API Gateway ends that after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(22);

/// The outcome of a test.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestView<'a> {
    delivery_id: &'a str,
    event_id: &'a str,
    event: EventName,
    endpoint_id: &'a str,
    test: bool,
    status: DeliveryStatus,
    attempt: AttemptView<'a>,
}

impl Call<'_> {
    /// Sends one event and responds with the outcome. The event is stored before it is sent, so that everything that
    /// was sent leaves a trace; the delivery is stored afterwards, when it is final.
    pub(crate) async fn test(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let sample = Sample::parse(body)?;
        let endpoint = self.read(id).await?;
        let event = sample.event(self.now);
        let outbox = Outbox::of_test(self.account(), self.caller.origin(), event.clone());
        self.function.events.store(&outbox, self.now).await?;
        let delivery = outbox.delivery(&event, id, Trigger::Test, self.now);
        let trace = self.caller.trace.delivered();
        let made = self.function.attempts.make(&delivery, &event, &endpoint, trace, TIMEOUT, self.now).await?;
        let delivery = finished(delivery, &made);
        self.function.deliveries.create_one(&delivery).await?;
        if delivery.status == DeliveryStatus::Delivered {
            self.note_that_it_works(&delivery, &endpoint, made.ended).await;
        }
        let facts = Facts { action: Some("tested"), id: Some(delivery.id.clone()), ..Facts::default() };
        let view = TestView {
            delivery_id: &delivery.id,
            event_id: &delivery.event_id,
            event: delivery.event,
            endpoint_id: &delivery.endpoint_id,
            test: delivery.test,
            status: delivery.status,
            attempt: AttemptView::of(&made.attempt),
        };
        Ok(Reply::ok(&view).with_facts(facts))
    }

    /// The response is about the test: a failure here is only logged, and the endpoint's next success notes it.
    async fn note_that_it_works(&self, delivery: &Delivery, endpoint: &Endpoint, now: Timestamp) {
        // The health of one that is disabled starts anew when it is enabled.
        if endpoint.status == EndpointStatus::Disabled || endpoint.health.is_clean() {
            return;
        }
        let (endpoints, alerts) = (&self.function.endpoints, &self.function.alerts);
        if let Err(error) = settle(endpoints, alerts, delivery, Success::Probe, now).await {
            let error = causes(&error);
            tracing::error!(error, endpoint_id = endpoint.id, "that an endpoint works again was not noted");
        }
    }
}

/// The delivery after its only attempt.
fn finished(delivery: Delivery, made: &AttemptResult) -> Delivery {
    let status = if made.answer.is_success() { DeliveryStatus::Delivered } else { DeliveryStatus::Failed };
    Delivery {
        status,
        attempt_count: 1,
        next_attempt_at: None,
        completed_at: Some(made.ended),
        last_attempt: Some((&made.attempt).into()),
        attempts: vec![made.attempt.clone()],
        ..delivery
    }
}

/// What a test sends.
struct Sample {
    name: EventName,
    /// In place of the example's.
    data: Option<Map<String, Value>>,
}

impl Sample {
    /// Reads a body. The problem lists all its defects.
    fn parse(mut body: Map<String, Value>) -> Result<Self, Problem> {
        let data = body.shift_remove(event_data::FIELD).filter(|data| !event_data::is_nothing(data));
        let mut defects = Defects::default();
        let read = body::read(&TEST, body, Form::New, &mut defects);
        let name = read.get("event").and_then(Value::as_str).map(str::parse::<EventName>);
        if let Some(Err(unknown)) = &name {
            defects.push("event", DefectCode::InvalidValue, unknown.to_string());
        }
        let Some(Ok(name)) = name else { return Err(Problem::invalid(defects)) };
        let data = data.map(|data| event_data::read(name, &data, &mut defects));
        if defects.is_empty() { Ok(Self { name, data }) } else { Err(Problem::invalid(defects)) }
    }

    /// The event, with an id of its own. The example says when it happened; the caller's own data happen at `now`.
    fn event(self, now: Timestamp) -> StoredEvent {
        let id = ids::new_id("evt_", now);
        match self.data {
            None => StoredEvent::example(id, self.name),
            Some(data) => StoredEvent::new(&Event::new(id, EventDraft::new(self.name, &data, Map::new()), now), None),
        }
    }
}
