//! The event source mapping between the events table's stream and the dispatcher.
//!
//! Reads the stream in order, hands batches to the handler as Lambda would, and goes on from the first record that the
//! handler reports as failed, with half as many records. A record that keeps failing is given up, so that it does not
//! hold up the others. A checkpoint file records now and then what has been handed on; after a crash, the records
//! since are handed on again, as may happen in AWS too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::{BoxError, DisplayErrorContext};
use aws_sdk_dynamodbstreams::types::Record;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::backlog::Backlog;

mod checkpoint;
mod place;
mod record;

pub use checkpoint::Checkpoint;

/// A handler of stream records: the same one that Lambda runs.
pub type StreamHandler =
    Arc<dyn Fn(Event) -> Pin<Box<dyn Future<Output = DynamoDbEventResponse> + Send>> + Send + Sync>;

/// How many records a batch has at most.
const BATCH: i32 = 100;
/// How often a batch that fails is tried again, counting the smaller batches that it is split into.
pub const MAXIMUM_RETRY_ATTEMPTS: usize = 10;
/// How long the reader waits at the end of the stream, unless it is told of a change.
pub const REST: Duration = Duration::from_secs(1);
/// The first wait after a failure, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// A page with fewer records than were asked for is the last one, unless it has as many bytes as AWS puts into a page.
const FULL_PAGE: i64 = 512 * 1024;

/// Makes a [`StreamHandler`] of an `async` closure or function.
pub fn stream_handler<F, A>(handler: F) -> StreamHandler
where
    F: Fn(Event) -> A + Send + Sync + 'static,
    A: Future<Output = DynamoDbEventResponse> + Send + 'static,
{
    Arc::new(move |event| Box::pin(handler(event)))
}

/// What one step of the reader did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing to read.
    Idle,
    /// This many records were handed on, and none of them failed.
    Handled(usize),
    /// The handler reported a record as failed; those before it are handled.
    Failed,
}

/// The stream of one table and its handler.
pub struct Stream {
    client: Client,
    arn: String,
    handler: StreamHandler,
    checkpoint: Checkpoint,
    /// The iterator to go on with; `None` at the start and after a failure.
    iterator: Option<String>,
    /// How often in a row the record after the checkpoint failed.
    failures: usize,
    /// Whether the last page went to the end of the stream.
    at_end: bool,
    rest: Duration,
    /// Is told of what waits, if somebody wants to know.
    backlog: Option<Backlog>,
}

impl Stream {
    /// A reader of the stream with this ARN.
    #[must_use]
    pub fn new(client: Client, arn: String, handler: StreamHandler, checkpoint: Checkpoint) -> Self {
        Self { client, arn, handler, checkpoint, iterator: None, failures: 0, at_end: false, rest: REST, backlog: None }
    }

    /// The same reader, which tells `backlog` how old the events are that it hands on.
    #[must_use]
    pub fn reporting(mut self, backlog: Backlog) -> Self {
        self.backlog = Some(backlog);
        self
    }

    /// The same reader with another wait at the end of the stream than [`REST`].
    #[must_use]
    pub fn resting(mut self, rest: Duration) -> Self {
        self.rest = rest;
        self
    }

    /// The sequence number up to which, inclusively, records have been handed on.
    #[must_use]
    pub fn checkpoint(&self) -> Option<String> {
        self.checkpoint.position()
    }

    /// Reads until `stop`; `changed` is notified when there may be new records.
    pub async fn run(&mut self, changed: &Notify, stop: &CancellationToken) {
        let mut unreadable = 0;
        while !stop.is_cancelled() {
            let progress = self.step().await;
            unreadable = if progress.is_ok() { 0 } else { unreadable + 1 };
            match progress {
                Ok(Progress::Handled(_)) if !self.at_end => {}
                // What comes while a page is handled has been notified of by the time that the wait begins.
                Ok(Progress::Handled(_) | Progress::Idle) => tokio::select! {
                    () = changed.notified() => {}
                    () = tokio::time::sleep(self.rest) => {}
                    () = stop.cancelled() => {}
                },
                Ok(Progress::Failed) => wait(backoff(self.failures), stop).await,
                Err(error) => {
                    tracing::error!(error = %DisplayErrorContext(&*error), "the event stream can't be read");
                    self.report(None);
                    wait(backoff(unreadable), stop).await;
                }
            }
            self.checkpoint.save_in_time().await;
        }
        self.checkpoint.save().await;
    }

    /// Hands on all records that are in the stream, and returns how many there were. Stops at a record that fails.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn drain(&mut self) -> Result<usize, BoxError> {
        let mut handled = 0;
        while let Progress::Handled(records) = self.step().await? {
            handled += records;
        }
        self.checkpoint.save().await;
        Ok(handled)
    }

    /// Moves on by one batch without handing it on.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn skip(&mut self) -> Result<(), BoxError> {
        let page = self.client.get_records().shard_iterator(self.find_place().await?).limit(BATCH).send().await?;
        self.iterator = page.next_shard_iterator;
        let last = page.records.as_ref().and_then(|records| records.last()).and_then(record::sequence_number);
        if let Some(last) = last {
            self.done_with(last.to_owned());
        }
        self.checkpoint.save().await;
        Ok(())
    }

    /// How many records there are after the checkpoint, up to one batch.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn waiting(&mut self) -> Result<usize, BoxError> {
        let page = self.client.get_records().shard_iterator(self.find_place().await?).limit(BATCH).send().await?;
        Ok(page.records().len())
    }

    /// Hands on one batch.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn step(&mut self) -> Result<Progress, BoxError> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => self.find_place().await?,
        };
        let limit = (BATCH >> self.failures.min(BATCH.ilog2() as usize)).max(1);
        let page = self.client.get_records().shard_iterator(iterator).limit(limit).send().await?;
        let next = page.next_shard_iterator;
        let records = page.records.unwrap_or_default();
        let bytes: i64 = records.iter().filter_map(|record| record.dynamodb.as_ref()?.size_bytes).sum();
        self.at_end = records.len() < usize::try_from(limit).unwrap_or_default() && bytes < FULL_PAGE;
        let Some(last) = records.last().and_then(record::sequence_number) else {
            self.iterator = next;
            self.report(None);
            return Ok(Progress::Idle);
        };
        let (last, count) = (last.to_owned(), records.len());
        self.report(records.first().filter(|_| self.failures == 0));
        if let Some(failed) = self.hand_on(&records).await? {
            self.report(None);
            self.go_back(&records, failed.as_deref(), last);
            return Ok(Progress::Failed);
        }
        self.report(records.last().filter(|_| !self.at_end));
        self.done_with(last);
        self.iterator = next;
        Ok(Progress::Handled(count))
    }

    /// Hands on these records. Returns the first that failed, if one did; one without a sequence number means all of
    /// them.
    async fn hand_on(&self, records: &[Record]) -> Result<Option<Option<String>>, BoxError> {
        let event = record::event(records, &self.arn)?;
        // A panic of the handler fails the whole batch, as it does in Lambda.
        let handler = Arc::clone(&self.handler);
        Ok(match tokio::spawn(async move { handler(event).await }).await {
            Ok(response) => response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).min(),
            Err(_) => Some(None),
        })
    }

    /// Tells that this is the oldest record that waits, and none is if it is not there. Behind a record that fails,
    /// others wait too, but not for want of time.
    fn report(&self, oldest: Option<&Record>) {
        if let Some(backlog) = &self.backlog {
            backlog.set(oldest.and_then(record::raised_at));
        }
    }

    /// Makes the next step begin with the record that failed; one without a sequence number means all of them. A record
    /// that failed by itself as often as is allowed is given up.
    fn go_back(&mut self, records: &[Record], failed: Option<&str>, last: String) {
        let done =
            records.iter().filter_map(record::sequence_number).take_while(|number| failed.is_some_and(|f| *number < f));
        if let Some(done) = done.last() {
            self.done_with(done.to_owned());
        }
        self.failures += 1;
        if records.len() == 1 && self.failures > MAXIMUM_RETRY_ATTEMPTS {
            tracing::error!(
                sequence_number = last,
                "a record of the event stream is given up; the sweeper finds its events"
            );
            self.done_with(last);
        }
    }

    fn done_with(&mut self, last: String) {
        self.failures = 0;
        self.checkpoint.advance(last);
    }

    /// Writes the checkpoint's file.
    pub async fn save(&mut self) {
        self.checkpoint.save().await;
    }
}

/// How long to wait after so many failures in a row.
fn backoff(failures: usize) -> Duration {
    let (first, longest) = BACKOFF;
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    if failures == 0 { Duration::ZERO } else { first.saturating_mul(2_u32.saturating_pow(doublings)).min(longest) }
}

async fn wait(time: Duration, stop: &CancellationToken) {
    let _ = stop.run_until_cancelled(tokio::time::sleep(time)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_failures_in_a_row() {
        let waits = [0, 1, 2, 7, 8, 1_000].map(|failures| backoff(failures).as_millis());
        assert_eq!(waits, [0, 100, 200, 6_400, 10_000, 10_000]);
    }
}
