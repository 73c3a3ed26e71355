//! What is done while something goes wrong.

mod management;
mod records;

use std::time::Duration;

use super::world::World;

pub(super) use records::create;

/// Two items of deliveries, and six messages.
const CROWD: usize = 52;

/// A scenario: what is there before, and what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scenario {
    /// The hot path: one work order, two subscribers.
    Hot,
    /// Three work orders in one batch of the stream.
    Burst,
    /// More subscribers than share an item.
    FanOut,
    /// A record of each resource: created, changed, confirmed, ended.
    WorkOrder,
    Project,
    Employee,
    Vendor,
    TimeOff,
    /// A work order with people on it: several events, and the calendars of others.
    Crew,
    /// A number that is changed, and used again.
    Rename,
    /// A batch, of which the sender sends again what failed.
    Batch,
    /// Published events, one of them twice.
    Publish,
    /// A request that is sent again under its `Idempotency-Key`.
    Idempotency,
    /// A subscriber that fails once.
    Retry,
    /// A subscriber that fails until the delivery does; a manual retry.
    ManualRetry,
    /// A subscriber at which three deliveries fail, which are one alert.
    Failing,
    /// A subscriber that fails until the delivery does; a replay.
    Replay,
    /// Subscribers that are slow, of which one fails once.
    Slow,
    /// A subscriber with a pace, at which the second of two deliveries stands in line.
    Pace,
    /// A subscriber that is gone.
    Gone,
    /// Events that the stream and the queues have lost.
    Sweep,
    /// An endpoint: subscribed, changed, switched off and on, deleted.
    Endpoint,
    /// A secret: replaced, promoted.
    Rotation,
    /// A test send.
    TestSend,
    /// Everything that can be read.
    Reads,
    /// API keys: made, replaced, deleted.
    Keys,
}

impl Scenario {
    pub(super) const ALL: &[Self] = &[
        Self::Hot,
        Self::Burst,
        Self::FanOut,
        Self::WorkOrder,
        Self::Project,
        Self::Employee,
        Self::Vendor,
        Self::TimeOff,
        Self::Crew,
        Self::Rename,
        Self::Batch,
        Self::Publish,
        Self::Idempotency,
        Self::Retry,
        Self::ManualRetry,
        Self::Failing,
        Self::Replay,
        Self::Slow,
        Self::Pace,
        Self::Gone,
        Self::Sweep,
        Self::Endpoint,
        Self::Rotation,
        Self::TestSend,
        Self::Reads,
        Self::Keys,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Burst => "burst",
            Self::FanOut => "fan-out",
            Self::WorkOrder => "workorder",
            Self::Project => "project",
            Self::Employee => "employee",
            Self::Vendor => "vendor",
            Self::TimeOff => "timeoff",
            Self::Crew => "crew",
            Self::Rename => "rename",
            Self::Batch => "batch",
            Self::Publish => "publish",
            Self::Idempotency => "idempotency",
            Self::Retry => "retry",
            Self::ManualRetry => "manual-retry",
            Self::Failing => "failing",
            Self::Replay => "replay",
            Self::Slow => "slow",
            Self::Pace => "pace",
            Self::Gone => "gone",
            Self::Sweep => "sweep",
            Self::Endpoint => "endpoint",
            Self::Rotation => "rotation",
            Self::TestSend => "test-send",
            Self::Reads => "reads",
            Self::Keys => "keys",
        }
    }

    /// A system as it is before anything goes wrong.
    pub(super) async fn prepare(self) -> World {
        let builder = |builder: tests::Builder| match self {
            Self::ManualRetry | Self::Failing | Self::Replay => builder.retry_schedule("60"),
            Self::Slow => builder.slow_after(Duration::ZERO),
            _ => builder,
        };
        let mut world = World::start(builder).await;
        if self == Self::FanOut {
            world.subscribe_crowd(CROWD).await;
            return world;
        }
        world.subscribe().await;
        world.subscribe().await;
        match self {
            Self::Retry => world.subscribers[1].receiver.answer_with([500, 200]),
            Self::ManualRetry | Self::Failing | Self::Replay => world.subscribers[1].receiver.answer_with([500]),
            Self::Slow => {
                records::create(&mut world, "WO-0").await;
                world.app.drain().await;
                world.subscribers[1].receiver.answer_with([500, 200]);
            }
            Self::Pace => management::set_pace(&world).await,
            Self::Gone => world.subscribers[1].receiver.answer_with([410]),
            Self::Sweep => lose(&mut world).await,
            _ => {}
        }
        world
    }

    /// What is done while something goes wrong.
    pub(super) async fn run(self, world: &mut World) {
        match self {
            Self::Hot | Self::Retry | Self::Slow => records::create(world, "WO-1").await,
            Self::Pace => records::two(world).await,
            Self::Burst => records::burst(world).await,
            Self::FanOut => records::fan_out(world).await,
            Self::WorkOrder => records::work_order(world).await,
            Self::Project => records::project(world).await,
            Self::Employee => records::employee(world).await,
            Self::Vendor => records::vendor(world).await,
            Self::TimeOff => records::time_off(world).await,
            Self::Crew => records::crew(world).await,
            Self::Rename => records::rename(world).await,
            Self::Batch => records::batch(world).await,
            Self::Publish => management::publish(world).await,
            Self::Idempotency => management::idempotency(world).await,
            Self::ManualRetry => management::manual_retry(world).await,
            Self::Failing => management::failing(world).await,
            Self::Replay => management::replay(world).await,
            Self::Gone => management::gone(world).await,
            Self::Sweep => {}
            Self::Endpoint => management::endpoint(world).await,
            Self::Rotation => management::rotation(world).await,
            Self::TestSend => management::test_send(world).await,
            Self::Reads => management::reads(world).await,
            Self::Keys => management::keys(world).await,
        }
        world.settle().await;
    }
}

/// Accepts three events: one is not dispatched, one is not queued, and of one the outcome is to be tried again.
async fn lose(world: &mut World) {
    records::create(world, "WO-1").await;
    world.app.system().skip_stream().await.expect("the stream can be read");
    records::create(world, "WO-2").await;
    world.app.drain_stream().await;
    world.app.purge_queues().await;
    world.subscribers[0].receiver.answer_with([500, 200]);
    records::create(world, "WO-3").await;
    world.app.drain().await;
    world.app.purge_queues().await;
    world.app.advance(Duration::from_secs(1)).await;
}
