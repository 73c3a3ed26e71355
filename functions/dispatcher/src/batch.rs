//! What the stream hands over.

use std::collections::BTreeMap;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use domain::outbox::Outbox;
use store::events::read_outbox;
use telemetry::causes::causes;

/// The events of one account in a batch of the stream.
pub(super) struct Batch {
    /// The position of the account's first record in the batch.
    pub(super) first: usize,
    pub(super) outboxes: Vec<Outbox>,
}

impl Batch {
    fn starting_at(first: usize) -> Self {
        Self { first, outboxes: Vec::new() }
    }
}

/// What a batch of the stream holds.
pub(super) struct Read {
    pub(super) by_account: BTreeMap<String, Batch>,
    /// The position of a record that can't be read; those behind it were not read.
    pub(super) failed: Option<usize>,
}

impl Read {
    /// Deletions and test sends have nothing to dispatch.
    pub(super) fn of(batch: StreamEvent) -> Self {
        let mut by_account: BTreeMap<String, Batch> = BTreeMap::new();
        for (position, record) in batch.records.into_iter().enumerate() {
            if record.event_name == "REMOVE" {
                continue;
            }
            let sequence = sequence_number(&record);
            match read_outbox(record.change.new_image) {
                Ok(outbox) if outbox.test => {}
                Ok(outbox) => {
                    let account = outbox.account.clone();
                    by_account.entry(account).or_insert_with(|| Batch::starting_at(position)).outboxes.push(outbox);
                }
                Err(error) => {
                    tracing::error!(error = %causes(&error), sequence, "a record of the event stream can't be read");
                    return Self { by_account, failed: Some(position) };
                }
            }
        }
        Self { by_account, failed: None }
    }
}

pub(super) fn sequence_number(record: &EventRecord) -> Option<String> {
    record.change.sequence_number.clone()
}
