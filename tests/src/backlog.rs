//! Work that waits: a test must do it, or claim it, before it ends.

use aws_sdk_sqs::types::QueueAttributeName;
use local::System;
use local::functions::{DELIVERY, RETRY, SLOW};

/// The messages of one queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Could be received now.
    pub visible: usize,
    /// Received and not deleted.
    pub in_flight: usize,
    /// Not due yet.
    pub delayed: usize,
}

impl Depth {
    pub(crate) async fn of(system: &System, queue: &str) -> Self {
        let sqs = aws_sdk_sqs::Client::new(system.sdk_config());
        let request = sqs.get_queue_attributes().queue_url(system.queue_url(queue).unwrap());
        let attributes = request.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        let number = |name| attributes[&name].parse().unwrap();
        Self {
            visible: number(QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            delayed: number(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        }
    }

    const fn is_work(self) -> bool {
        self.visible + self.in_flight > 0
    }
}

/// What waits in the stream and in the queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Records of the stream that were not dispatched.
    pub stream: usize,
    /// The queue of first attempts.
    pub delivery: Depth,
    /// The queue of later attempts.
    pub retry: Depth,
    /// The queue of attempts at slow endpoints.
    pub slow: Depth,
    /// The dead-letter queue of the delivery queue.
    pub delivery_dead: Depth,
    /// The dead-letter queue of the retry queue.
    pub retry_dead: Depth,
    /// The dead-letter queue of the slow queue.
    pub slow_dead: Depth,
}

impl Backlog {
    pub(crate) async fn of(system: &System) -> Self {
        Self {
            stream: system.waiting_in_stream().await.unwrap(),
            delivery: Depth::of(system, DELIVERY.name).await,
            retry: Depth::of(system, RETRY.name).await,
            slow: Depth::of(system, SLOW.name).await,
            delivery_dead: Depth::of(system, DELIVERY.dead_letter).await,
            retry_dead: Depth::of(system, RETRY.dead_letter).await,
            slow_dead: Depth::of(system, SLOW.dead_letter).await,
        }
    }

    /// Whether something could be done now, or was moved to a dead-letter queue. Delayed messages do not count.
    #[must_use]
    pub const fn is_work(self) -> bool {
        self.stream > 0
            || self.delivery.is_work()
            || self.retry.is_work()
            || self.slow.is_work()
            || self.delivery_dead.is_work()
            || self.retry_dead.is_work()
            || self.slow_dead.is_work()
    }
}
