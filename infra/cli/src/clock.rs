//! The time: that of the machine, or of a test, which advances it instead of waiting.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// A wait that ends.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and lets it pass. Clones share one clock.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    wait: Arc<dyn Fn(Duration) -> Wait + Send + Sync>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn of_machine() -> Self {
        Self::new(domain::clock::now, |time| Box::pin(tokio::time::sleep(time)))
    }

    /// A clock that shows what `now` returns; whoever waits, waits for what `wait` returns.
    #[must_use]
    pub fn new(
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        wait: impl Fn(Duration) -> Wait + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), wait: Arc::new(wait) }
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Returns after `time`, at once if that is none.
    pub(crate) async fn wait(&self, time: Duration) {
        if !time.is_zero() {
            (self.wait)(time).await;
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}
