//! Events that the stream lost, or that the dispatcher could not dispatch, and deliveries whose first message was lost.
//!
//! A marker says that an account has raised events in some five minutes. A while after these the events are compared
//! with their deliveries. What is missing is set going, and what is there is counted for the statistics; the marker goes
//! when nothing is missing.

mod compare;
mod count;
mod refill;

use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use store::shard::Shard;
use store::sums::Progress;
use store::undispatched::{GRACE, Marker, bucket_of};

use crate::{SweepError, Sweeper, is_over};
use compare::{Compared, Comparison, Mode};

/// How many markers a query examines, those that are reserved among them.
const PAGE: i32 = 1_000;
/// How many markers are worked on in parallel.
const AT_ONCE: usize = 10;

/// All markers, one after the other.
struct Pass {
    mode: Mode,
    now: Timestamp,
    began: Instant,
    resumed: usize,
    failed: Option<SweepError>,
    /// The end of the time of which all deliveries are counted, as far as is known; `None` when it is not known, since not
    /// all markers were looked at.
    counted_until: Option<Timestamp>,
}

impl Pass {
    fn is_over(&self) -> bool {
        self.mode == Mode::Sweep && is_over(self.began)
    }

    fn add(&mut self, marker: &Marker, outcome: Result<Compared, SweepError>) {
        let is_counted = match outcome {
            Ok(compared) => {
                self.resumed += compared.resumed;
                compared.is_counted
            }
            Err(error) => {
                self.failed = Some(error);
                false
            }
        };
        // What is to be counted again has been counted.
        if !is_counted && !marker.is_of_older() {
            self.counted_until = self.counted_until.map(|until| until.min(marker.counts()));
        }
    }
}

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
        let counted_until = Some(bucket_of(now - GRACE));
        let mut pass = Pass { mode, now, began: Instant::now(), resumed: 0, failed: None, counted_until };
        // Each sweep begins with another shard, so that none is left out when the time does not suffice.
        let first = usize::try_from(now.as_second() / 60).unwrap_or_default() % Shard::COUNT;
        for shard in Shard::all().cycle().skip(first).take(Shard::COUNT) {
            if let Err(error) = self.compare_shard(shard, &mut pass).await {
                pass.failed = Some(error);
                pass.counted_until = None;
            }
        }
        if let Some(until) = pass.counted_until.filter(|_| mode == Mode::Sweep) {
            // A version of before sums may have deleted the markers of older events.
            let progress = Progress { since: bucket_of(now - GRACE), until };
            if let Err(error) = self.sums.note_progress(progress).await {
                pass.failed = Some(error.into());
            }
        }
        pass.failed.map_or(Ok(pass.resumed), Err)
    }

    async fn compare_shard(&self, shard: Shard, pass: &mut Pass) -> Result<(), SweepError> {
        let (mode, now) = (pass.mode, pass.now);
        let until = matches!(mode, Mode::Sweep).then_some(now - GRACE);
        let mut next = None;
        loop {
            if pass.is_over() {
                pass.counted_until = None;
                return Ok(());
            }
            let page = self.undispatched.overdue(shard, next, until, now, PAGE).await?;
            for some in page.markers.chunks(AT_ONCE) {
                if pass.is_over() {
                    pass.counted_until = None;
                    return Ok(());
                }
                let began = pass.began;
                let compared = some.iter().map(|marker| Comparison::new(self, marker.clone(), began, now).run(mode));
                for (marker, outcome) in some.iter().zip(join_all(compared).await) {
                    pass.add(marker, outcome);
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}
