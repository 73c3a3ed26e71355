//! Alerts with something that is not published yet: new ones, those that SNS refused before, and those that have grown.
//!
//! Each delivery that fails has left an alert of its own. These are rolled up into one alert per endpoint, of which people
//! are told at once and then at most once an hour while it grows.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::alert::{Alert, AlertKind};
use futures_util::future::join_all;
use jiff::Timestamp;
use store::alerts::{MAX_ROLLED, Unpublished};
use store::shard::Shard;

use crate::{SweepError, Sweeper, is_over};

/// How many alerts are read of a shard at a time.
const PAGE: i32 = 100;
/// How many alerts are published in parallel.
const AT_ONCE: usize = 10;

/// A place in a shard: the id behind which the next page begins.
type Place = (Shard, Option<String>);

/// What was read of all shards.
#[derive(Default)]
struct Batch {
    /// Alerts about one failed delivery each, by account and endpoint, oldest first.
    failures: BTreeMap<(String, String), Vec<Alert>>,
    /// Alerts that roll up failures, and those of other kinds, with their accounts.
    others: Vec<(String, Alert)>,
}

impl Batch {
    fn add(&mut self, account: String, alert: Alert) {
        match &alert.endpoint_id {
            Some(endpoint) if alert.kind == AlertKind::DeliveryFailed && alert.rolling.is_none() => {
                self.failures.entry((account, endpoint.clone())).or_default().push(alert);
            }
            _ => self.others.push((account, alert)),
        }
    }

    /// Puts an alert in the place of what was read of it before it was changed.
    fn put(&mut self, account: &str, alert: Alert) {
        self.others.retain(|(_, other)| other.id != alert.id);
        self.others.push((account.to_owned(), alert));
    }
}

/// What a sweep has done so far.
#[derive(Default)]
struct Swept {
    published: usize,
    /// The last error; what it is about is left to the next sweep.
    failed: Option<SweepError>,
}

impl Swept {
    fn note<T>(&mut self, outcome: Result<T, impl Into<SweepError>>) -> Option<T> {
        match outcome {
            Ok(done) => Some(done),
            Err(error) => {
                self.failed = Some(error.into());
                None
            }
        }
    }
}

impl Sweeper {
    /// Rolls up failures, publishes alerts, and returns how many. What SNS or DynamoDB refuses does not stop the others;
    /// the last error is returned at the end.
    pub(crate) async fn sweep_alerts(&self, now: Timestamp) -> Result<usize, SweepError> {
        let (began, mut swept) = (Instant::now(), Swept::default());
        let mut places: Vec<Place> = Shard::all().map(|shard| (shard, None)).collect();
        while !places.is_empty() && !is_over(began) {
            let batch = self.read(&mut places, &mut swept).await;
            self.sweep_batch(batch, now, &mut swept).await;
        }
        swept.failed.map_or(Ok(swept.published), Err)
    }

    /// Reads a page of each shard, and leaves the places where there is more.
    async fn read(&self, places: &mut Vec<Place>, swept: &mut Swept) -> Batch {
        let mut batch = Batch::default();
        for (shard, after) in std::mem::take(places) {
            let page = swept.note(self.alerts.unpublished(shard, after.as_deref(), PAGE).await);
            let Unpublished { alerts, next } = page.unwrap_or_default();
            places.extend(next.map(|next| (shard, Some(next))));
            for (account, alert) in alerts {
                batch.add(account, alert);
            }
        }
        for failures in batch.failures.values_mut() {
            failures.sort_by(|one, other| one.id.cmp(&other.id));
        }
        batch
    }

    async fn sweep_batch(&self, mut batch: Batch, now: Timestamp, swept: &mut Swept) {
        for ((account, _), failures) in std::mem::take(&mut batch.failures) {
            let mut grown = None;
            for some in failures.chunks(MAX_ROLLED) {
                grown = swept.note(self.alerts.roll_up(&account, some, now).await).flatten().or(grown);
            }
            if let Some(alert) = grown {
                batch.put(&account, alert);
            }
        }
        self.note_recoveries(&mut batch, swept).await;
        for some in batch.others.chunks(AT_ONCE) {
            for outcome in join_all(some.iter().map(|(account, alert)| self.tell(account, alert, now))).await {
                swept.published += usize::from(swept.note(outcome).unwrap_or_default());
            }
        }
    }

    /// Notes which endpoints work again in the alerts about their failures. A recovery that can't be noted is left to the
    /// next sweep, which publishes it then.
    async fn note_recoveries(&self, batch: &mut Batch, swept: &mut Swept) {
        let is_recovery = |(_, alert): &&(String, Alert)| alert.kind == AlertKind::EndpointRecovered;
        for (account, recovery) in batch.others.iter().filter(is_recovery).cloned().collect::<Vec<_>>() {
            let endpoint = recovery.endpoint_id.as_deref().unwrap_or_default();
            match swept.note(self.alerts.recovered(&account, endpoint, recovery.created_at).await) {
                Some(None) => {}
                Some(Some(changed)) => batch.put(&account, changed),
                None => batch.others.retain(|(_, other)| other.id != recovery.id),
            }
        }
    }

    /// Publishes an alert, unless its time has not come, and returns whether it did. That it was published is recorded
    /// second, so that it may be published twice, but is never lost.
    async fn tell(&self, account: &str, alert: &Alert, now: Timestamp) -> Result<bool, SweepError> {
        if alert.rolling.as_ref().is_some_and(|rolling| !rolling.is_due(now)) {
            return Ok(false);
        }
        self.topic.publish(account, alert).await?;
        match alert.rolling {
            Some(_) => self.alerts.told(account, alert, now).await.map(drop)?,
            None => self.alerts.published(account, &alert.id).await?,
        }
        Ok(true)
    }
}
