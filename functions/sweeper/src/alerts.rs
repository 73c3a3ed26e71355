//! Alerts that are not published yet: new ones, and those that SNS refused before.

use domain::alert::Alert;
use futures_util::future::join_all;
use store::shard::Shard;

use crate::{SweepError, Sweeper};

/// The most alerts per shard in one sweep; the rest is left to the next one.
const PAGE: i32 = 100;
/// How many alerts are published in parallel.
const AT_ONCE: usize = 10;

impl Sweeper {
    /// Publishes alerts and returns how many. One that SNS refuses does not stop the others; the last error is returned
    /// at the end.
    pub(crate) async fn sweep_alerts(&self) -> Result<usize, SweepError> {
        let (mut published, mut failed) = (0, None);
        for shard in Shard::all() {
            let alerts = match self.alerts.unpublished(shard, PAGE).await {
                Ok(alerts) => alerts,
                Err(error) => {
                    failed = Some(error.into());
                    continue;
                }
            };
            for some in alerts.chunks(AT_ONCE) {
                for outcome in join_all(some.iter().map(|(account, alert)| self.publish(account, alert))).await {
                    match outcome {
                        Ok(()) => published += 1,
                        Err(error) => failed = Some(error),
                    }
                }
            }
        }
        failed.map_or(Ok(published), Err)
    }

    /// Publishes first and records it second, so that an alert may be published twice, but is never lost.
    async fn publish(&self, account: &str, alert: &Alert) -> Result<(), SweepError> {
        self.topic.publish(account, alert).await?;
        Ok(self.alerts.published(account, &alert.id).await?)
    }
}
