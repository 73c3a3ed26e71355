//! Events that the stream lost, or that the dispatcher could not dispatch, and deliveries whose first message was lost.
//!
//! A marker says that an account has raised events in some five minutes. A while after these the events are compared
//! with their deliveries. What is missing is set going; the marker goes when nothing is.

mod compare;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::shard::Shard;

use crate::{SweepError, Sweeper};
use compare::{Comparison, Mode};

/// How long after the end of a marker's five minutes its events are looked at.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// How many markers a query examines, those that are reserved among them.
const PAGE: i32 = 1_000;
/// How many markers are worked on in parallel.
const AT_ONCE: usize = 10;
/// How long after its beginning a sweep begins nothing more; the next one does the rest. A sweep may run for 55 seconds
/// (the template's timeout).
pub(super) const LONGEST: Duration = Duration::from_secs(35);

impl Sweeper {
    /// Sets lost events and deliveries going, and returns how many. A failure does not stop the others; the last error
    /// is returned at the end.
    pub(crate) async fn sweep_events(&self, now: Timestamp) -> Result<usize, SweepError> {
        self.compare_events(Mode::Sweep, now).await
    }

    /// Puts deliveries that wait for their first attempt on the retry queue, however new they are.
    pub(crate) async fn refill_first_attempts(&self, now: Timestamp) -> Result<usize, SweepError> {
        self.compare_events(Mode::Start, now).await
    }

    async fn compare_events(&self, mode: Mode, now: Timestamp) -> Result<usize, SweepError> {
        let (mut resumed, mut failed) = (0, None);
        let (until, began) = (matches!(mode, Mode::Sweep).then_some(now - GRACE), Instant::now());
        let is_over = || mode == Mode::Sweep && began.elapsed() >= LONGEST;
        // Each sweep begins with another shard, so that none is left out when the time does not suffice.
        let first = usize::try_from(now.as_second() / 60).unwrap_or_default() % Shard::COUNT;
        for shard in Shard::all().cycle().skip(first).take(Shard::COUNT) {
            let mut next = None;
            while !is_over() {
                let page = match self.undispatched.overdue(shard, next.take(), until, now, PAGE).await {
                    Ok(page) => page,
                    Err(error) => {
                        failed = Some(error.into());
                        break;
                    }
                };
                for some in page.markers.chunks(AT_ONCE) {
                    if is_over() {
                        break;
                    }
                    let compared =
                        some.iter().map(|marker| Comparison::new(self, marker.clone(), began, now).run(mode));
                    for outcome in join_all(compared).await {
                        match outcome {
                            Ok(count) => resumed += count,
                            Err(error) => failed = Some(error),
                        }
                    }
                }
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        failed.map_or(Ok(resumed), Err)
    }
}
