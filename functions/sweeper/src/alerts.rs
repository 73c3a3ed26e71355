//! Alerts that are not published yet: new ones, and those that SNS did not take at first.

use domain::alert::Alert;
use futures_util::future::join_all;
use store::shard::Shard;

use crate::{SweepError, Sweeper};

/// The most alerts per shard in one sweep; the rest is left to the next one.
const PAGE: i32 = 100;
/// Alerts that are published side by side.
const AT_ONCE: usize = 10;

impl Sweeper {
    /// Returns how many were published. One that SNS refuses does not keep the others.
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

    /// Published first and noted second: an alert may be told twice, and never not at all.
    async fn publish(&self, account: &str, alert: &Alert) -> Result<(), SweepError> {
        self.topic.publish(account, alert).await?;
        Ok(self.alerts.published(account, &alert.id).await?)
    }
}
