//! Large numbers of endpoints and deliveries, written straight to the tables: calls of the API would take too long.

use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::endpoint::{
    Endpoint, EndpointStatus, EventFilter, Health, PreviousSecrets, SealedSecret, StoredHeaders, secret_context,
};
use domain::events::EventName;
use domain::ids;
use domain::outbox::{Outbox, StoredEvent};
use domain::signing::SigningSecret;
use domain::trace::Origin;
use futures_util::future::join_all;
use jiff::Timestamp;
use local::System;

/// Items that are written concurrently.
const AT_ONCE: usize = 100;

/// Creates endpoints for every event, all at `url`. Returns their ids.
pub(crate) async fn endpoints(system: &System, account: &str, url: &str, count: usize, now: Timestamp) -> Vec<String> {
    let environment = system.environment();
    let (store, sealer) = (environment.endpoints().unwrap(), environment.sealer().unwrap());
    let (store, sealer) = (&store, &sealer);
    let ids: Vec<String> = (0..count).map(|_| ids::new_id("ep_", now)).collect();
    for some in ids.chunks(AT_ONCE) {
        let made = some.iter().map(|id| async move {
            let secret = SigningSecret::from_bytes(ids::random());
            let context = secret_context(account, id);
            let envelope = sealer.seal(secret.expose().as_bytes(), &context).await.unwrap();
            let stored = SealedSecret { sealed: envelope, hint: secret.hint() };
            // The API refuses two endpoints with the same URL: each gets a query of its own.
            store.create(account, &endpoint(id, &format!("{url}?{id}"), stored, now), None).await.unwrap();
        });
        join_all(made).await;
    }
    ids
}

fn endpoint(id: &str, url: &str, secret: SealedSecret, now: Timestamp) -> Endpoint {
    Endpoint {
        id: id.to_owned(),
        url: url.to_owned(),
        events: vec![EventFilter::All],
        project_ids: Vec::new(),
        description: None,
        headers: StoredHeaders::None,
        secret,
        previous_secrets: PreviousSecrets::default(),
        created_at: now,
        updated_at: now,
        version: 1,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        disabled_at: None,
        health: Health::default(),
    }
}

/// Creates deliveries that have arrived: one a second until `now`, to each of `endpoints` in turn.
pub(crate) async fn deliveries(system: &System, account: &str, endpoints: &[String], count: usize, now: Timestamp) {
    let store = system.environment().deliveries().unwrap();
    let all: Vec<usize> = (0..count).collect();
    for some in all.chunks(AT_ONCE) {
        let made = some.iter().map(|number| {
            let ago = jiff::SignedDuration::from_secs(i64::try_from(count - number).unwrap());
            done_delivery(account, &endpoints[number % endpoints.len()], DeliveryStatus::Delivered, now - ago)
        });
        let made: Vec<_> = made.collect();
        let stored = join_all(made.iter().map(|delivery| store.create_one(delivery))).await;
        assert!(stored.into_iter().all(Result::unwrap));
    }
}

/// A delivery as it is stored after one attempt, created and completed at `at`.
#[must_use]
pub fn done_delivery(account: &str, endpoint_id: &str, status: DeliveryStatus, at: Timestamp) -> Delivery {
    let event = StoredEvent {
        id: ids::new_id("evt_", at),
        name: EventName::WorkorderCreated,
        body: String::new(),
        project_id: None,
    };
    let pending = Outbox::of(account, Origin::start("req_1"), event.clone()).delivery(
        &event,
        endpoint_id,
        Trigger::Scheduled,
        at,
    );
    Delivery { status, attempt_count: 1, next_attempt_at: None, completed_at: Some(at), ..pending }
}
