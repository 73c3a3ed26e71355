//! Whatever is lost on its way, the sweeper sets going again: one test for each loss.

mod database;
mod queues;
mod secrets;
mod stream;

use std::time::Duration;

use domain::delivery::DeliveryStatus;
use tests::{Receiver, TestApp};

/// Longer than any of the times after which something counts as lost.
pub(crate) const OVERDUE: Duration = Duration::from_mins(11);

async fn assert_delivered_once(app: &TestApp, receiver: &Receiver) {
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}
