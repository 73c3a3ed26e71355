//! Large numbers of endpoints and deliveries, written straight to the tables: calls of the API would take too long.

use domain::audit::Author;
use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::endpoint::{
    Endpoint, EndpointStatus, EventFilter, Health, PreviousSecrets, SealedSecret, StoredHeaders, secret_context,
};
use domain::events::EventName;
use domain::format::Format;
use domain::ids;
use domain::outbox::{Outbox, StoredEvent};
use domain::signing::SigningSecret;
use domain::statistics::Sum;
use domain::trace::{Origin, TraceContext};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use local::System;
use store::deliveries::Filter;
use store::sums::Progress;
use store::undispatched::{BUCKET, bucket_of};

/// Items that are written concurrently.
const AT_ONCE: usize = 100;

/// Creates endpoints for every event, all at `url`. Returns their ids.
pub(crate) async fn endpoints(system: &System, account: &str, url: &str, count: usize, now: Timestamp) -> Vec<String> {
    let environment = system.environment();
    let (store, sealer) = (environment.endpoints().unwrap(), environment.sealer().unwrap());
    let (audit, author) = (environment.audit().unwrap(), Author::operator(Some("test"), now));
    let (store, sealer, log) = (&store, &sealer, audit.of(&author));
    let ids: Vec<String> = (0..count).map(|_| ids::new_id("ep_", now)).collect();
    for some in ids.chunks(AT_ONCE) {
        let made = some.iter().map(|id| async move {
            let secret = SigningSecret::from_bytes(ids::random());
            let context = secret_context(account, id);
            let envelope = sealer.seal(secret.expose().as_bytes(), &context).await.unwrap();
            let stored = SealedSecret { sealed: envelope, hint: secret.hint() };
            // The API refuses two endpoints with the same URL: each gets a query of its own.
            store.create(account, &endpoint(id, &format!("{url}?{id}"), stored, now), None, log).await.unwrap();
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
        filter: None,
        changed: Vec::new(),
        skip_keys: Vec::new(),
        description: None,
        headers: StoredHeaders::None,
        max_per_second: None,
        format: Format::Full,
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

/// Creates deliveries that have arrived, one every `apart` until `now`, to each of `endpoints` in turn.
pub(crate) async fn deliveries(
    system: &System,
    account: &str,
    endpoints: &[String],
    count: usize,
    (now, apart): (Timestamp, SignedDuration),
) {
    let store = system.environment().deliveries().unwrap();
    let all: Vec<usize> = (0..count).collect();
    for some in all.chunks(AT_ONCE) {
        let made = some.iter().map(|number| {
            let ago = apart * i32::try_from(count - number).unwrap();
            done_delivery(account, &endpoints[number % endpoints.len()], DeliveryStatus::Delivered, now - ago)
        });
        let made: Vec<_> = made.collect();
        let stored = join_all(made.iter().map(|delivery| store.create_one(delivery))).await;
        assert!(stored.into_iter().all(Result::unwrap));
    }
}

/// Counts the deliveries of an account from `since` on, as the sweeper does, until ten minutes ago.
pub(crate) async fn count(system: &System, account: &str, since: Timestamp, now: Timestamp) {
    let (store, sums) = (system.environment().deliveries().unwrap(), system.environment().sums().unwrap());
    let (mut bucket, until) = (bucket_of(since), bucket_of(now - BUCKET * 2));
    while bucket < until {
        let filter = Filter { since: Some(bucket), until: Some(bucket + BUCKET), ..Filter::default() };
        let (mut sum, mut after) = (Sum::default(), None);
        loop {
            let page = store.page(account, &filter, after.as_deref(), 1_000).await.unwrap();
            page.deliveries.iter().for_each(|delivery| sum.add(delivery));
            after = page.stopped;
            if after.is_none() {
                break;
            }
        }
        sums.put_bucket(account, bucket, &sum).await.unwrap();
        sums.sum_up(account, bucket).await.unwrap();
        bucket += BUCKET;
    }
    sums.note_progress(Progress { since: bucket_of(since), until }).await.unwrap();
}

/// A delivery as it is stored after one attempt, created and completed at `at`.
#[must_use]
pub fn done_delivery(account: &str, endpoint_id: &str, status: DeliveryStatus, at: Timestamp) -> Delivery {
    let event = StoredEvent {
        id: ids::new_id("evt_", at),
        name: EventName::WorkorderCreated,
        body: String::new(),
        project_id: None,
        subject: None,
    };
    let pending = Outbox::of(
        account,
        Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
        event.clone(),
    )
    .delivery(&event, endpoint_id, Trigger::Scheduled, at);
    Delivery { status, attempt_count: 1, next_attempt_at: None, completed_at: Some(at), ..pending }
}
