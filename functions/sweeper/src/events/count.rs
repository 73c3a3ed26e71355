//! The deliveries of a marker's five minutes, counted for the statistics.

use domain::statistics::Sum;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::deliveries::Filter;
use store::undispatched::{BUCKET, Counting, Marker};

use crate::Sweeper;

/// How many deliveries are read at a time.
const PAGE: i32 = 1_000;
/// How old a count may be that goes on: what changed after it began has a marker which is looked at later than that.
const FRESH: SignedDuration = SignedDuration::from_mins(4);

impl Sweeper {
    /// Counts the deliveries that a marker is about, and sums up their hour. Returns false when `is_over` says that the
    /// time has run out: how far the count has come is in the marker then.
    pub(super) async fn count(
        &self,
        marker: &mut Marker,
        now: Timestamp,
        is_over: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let (account, bucket) = (marker.account.clone(), marker.counts());
        let counting = marker.counting.take().filter(|counting| now.duration_since(counting.began) < FRESH);
        let counting = counting.map(|counting| (counting.began, counting.sum, Some(counting.after)));
        let (began, mut sum, mut after) = counting.unwrap_or_else(|| (now, Sum::default(), None));
        loop {
            after = self.count_page(&account, bucket, after.as_deref(), &mut sum).await?;
            match after.take() {
                None => break,
                Some(after) if is_over() => {
                    marker.counting = Some(Counting { began, after, sum });
                    return Ok(false);
                }
                more => after = more,
            }
        }
        // Time without a sum counts as time without deliveries.
        if !sum.is_empty() {
            self.sums.put_bucket(&account, bucket, &sum).await?;
            self.sum_up(&account, bucket).await?;
        }
        Ok(true)
    }

    async fn sum_up(&self, account: &str, bucket: Timestamp) -> Result<(), StoreError> {
        let unreadable = self.sums.sum_up(account, bucket).await?;
        for bucket in &unreadable {
            let (mut sum, mut after) = (Sum::default(), None);
            loop {
                after = self.count_page(account, *bucket, after.as_deref(), &mut sum).await?;
                if after.is_none() {
                    break;
                }
            }
            self.sums.put_bucket(account, *bucket, &sum).await?;
        }
        if !unreadable.is_empty() {
            self.sums.sum_up(account, bucket).await?;
        }
        Ok(())
    }

    /// Adds a page of the deliveries of a bucket. Returns the delivery behind which the next page begins.
    async fn count_page(
        &self,
        account: &str,
        bucket: Timestamp,
        after: Option<&str>,
        sum: &mut Sum,
    ) -> Result<Option<String>, StoreError> {
        let filter = Filter { since: Some(bucket), until: Some(bucket + BUCKET), ..Filter::default() };
        let page = self.deliveries.page(account, &filter, after, PAGE).await?;
        page.deliveries.iter().for_each(|delivery| sum.add(delivery));
        Ok(page.stopped)
    }
}
