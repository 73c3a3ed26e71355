//! Where in the stream the reader goes on.

use aws_sdk_dynamodbstreams::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_dynamodbstreams::types::ShardIteratorType;

use super::{Stream, record};

impl Stream {
    /// An iterator that starts after the checkpoint. The embedded stream has one shard, which never ends.
    pub(super) async fn find_place(&mut self) -> Result<String, BoxError> {
        let description = self.client.describe_stream().stream_arn(&self.arn).send().await?;
        let shards = description.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
        let shard = shards.into_iter().next().and_then(|shard| shard.shard_id).ok_or("the stream has no shard")?;
        if let Some(found) = self.checkpoint.unchecked() {
            let known = self.has(&shard, found).await?;
            self.checkpoint.settle(known);
        }
        let position = self.checkpoint.position();
        let kind = match position {
            Some(_) => ShardIteratorType::AfterSequenceNumber,
            None => ShardIteratorType::TrimHorizon,
        };
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard).shard_iterator_type(kind);
        let found = request.set_sequence_number(position).send().await?;
        found.shard_iterator.ok_or_else(|| "the shard has no iterator".into())
    }

    /// Whether the stream has a record with this sequence number. Trimming keeps the one of the checkpoint.
    async fn has(&self, shard: &str, number: &str) -> Result<bool, BoxError> {
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let request = request.shard_iterator_type(ShardIteratorType::AtSequenceNumber).sequence_number(number);
        let iterator = match request.send().await {
            Ok(found) => found.shard_iterator,
            Err(error) if has_no_such_place(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        match self.client.get_records().set_shard_iterator(iterator).limit(1).send().await {
            Ok(page) => Ok(page.records().first().and_then(record::sequence_number) == Some(number)),
            Err(error) if has_no_such_place(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the stream says that it has no such sequence number.
fn has_no_such_place(error: &impl ProvideErrorMetadata) -> bool {
    matches!(error.code(), Some("ValidationException" | "TrimmedDataAccessException" | "ResourceNotFoundException"))
}
