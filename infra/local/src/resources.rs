//! Creates the tables and queues of the template in the embedded services, at the start.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{BoxError, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use store::tables::{Index, Table};

/// A key attribute and its type.
type Key = (&'static str, ScalarAttributeType);

/// A queue, with a dead-letter queue beside it.
#[derive(Debug, Clone, Copy)]
pub struct QueueSpec {
    /// The name of the queue.
    pub name: &'static str,
    /// The name of its dead-letter queue.
    pub dead_letter: &'static str,
    /// The variable that holds its URL in the environment of functions.
    pub variable: &'static str,
    /// How long a received message stays hidden (seconds).
    pub visibility_timeout: u32,
    /// How often a message is received before it goes to the dead-letter queue.
    pub max_receive_count: u32,
}

/// Creates the tables that don't exist yet, with their indexes, stream and time to live.
///
/// # Errors
/// The database refuses.
pub async fn create_tables(client: &aws_sdk_dynamodb::Client, tables: &[Table]) -> Result<(), BoxError> {
    for table in tables {
        let create = client
            .create_table()
            .table_name(table.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(attribute_definitions(table)?))
            .set_key_schema(Some(key_schema(&table_keys(table))?))
            .set_global_secondary_indexes(indexes(table)?)
            .set_stream_specification(if table.stream { Some(new_images()?) } else { None });
        match create.send().await {
            Ok(_) => {}
            Err(SdkError::ServiceError(error)) if error.err().is_resource_in_use_exception() => continue,
            Err(error) => return Err(error.into()),
        }
        if let Some(attribute) = table.ttl {
            let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build()?;
            client.update_time_to_live().table_name(table.name).time_to_live_specification(ttl).send().await?;
        }
    }
    Ok(())
}

/// The ARN of the table's stream.
///
/// # Errors
/// The table is missing or has no stream.
pub async fn stream_arn(client: &aws_sdk_dynamodb::Client, table: &str) -> Result<String, BoxError> {
    let description = client.describe_table().table_name(table).send().await?.table;
    description.and_then(|table| table.latest_stream_arn).ok_or_else(|| format!("{table} has no stream").into())
}

/// Creates the queues and their dead-letter queues. Returns their URLs by name.
///
/// # Errors
/// The service refuses.
pub async fn create_queues(
    client: &aws_sdk_sqs::Client,
    queues: &[QueueSpec],
) -> Result<HashMap<&'static str, String>, BoxError> {
    let mut urls = HashMap::new();
    for queue in queues {
        let dead_letter = client.create_queue().queue_name(queue.dead_letter).send().await?;
        urls.insert(queue.dead_letter, dead_letter.queue_url.unwrap_or_default());
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{}", queue.dead_letter),
            "maxReceiveCount": queue.max_receive_count,
        });
        let created = client
            .create_queue()
            .queue_name(queue.name)
            .attributes(QueueAttributeName::VisibilityTimeout, queue.visibility_timeout.to_string())
            .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
            .send()
            .await?;
        urls.insert(queue.name, created.queue_url.unwrap_or_default());
    }
    Ok(urls)
}

/// Partition key and, if there is one, sort key.
fn table_keys(table: &Table) -> Vec<Key> {
    std::iter::once(table.partition).chain(table.sort).map(|name| (name, ScalarAttributeType::S)).collect()
}

fn index_keys(index: &Index) -> Vec<Key> {
    let sort = if index.sort_is_number { ScalarAttributeType::N } else { ScalarAttributeType::S };
    vec![(index.partition, ScalarAttributeType::S), (index.sort, sort)]
}

fn attribute_definitions(table: &Table) -> Result<Vec<AttributeDefinition>, BoxError> {
    let mut keys = table_keys(table);
    keys.extend(table.indexes.iter().flat_map(index_keys));
    keys.sort_by_key(|(name, _)| *name);
    keys.dedup_by_key(|(name, _)| *name);
    let definition = |(name, kind)| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
    Ok(keys.into_iter().map(definition).collect::<Result<_, _>>()?)
}

fn key_schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>, BoxError> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let element =
        |((name, _), kind): (&Key, _)| KeySchemaElement::builder().attribute_name(*name).key_type(kind).build();
    Ok(keys.iter().zip(kinds).map(element).collect::<Result<_, _>>()?)
}

fn indexes(table: &Table) -> Result<Option<Vec<GlobalSecondaryIndex>>, BoxError> {
    let index = |index: &Index| -> Result<_, BoxError> {
        Ok(GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(&index_keys(index))?))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()?)
    };
    let indexes = table.indexes.iter().map(index).collect::<Result<Vec<_>, _>>()?;
    Ok((!indexes.is_empty()).then_some(indexes))
}

fn new_images() -> Result<StreamSpecification, BoxError> {
    Ok(StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage).build()?)
}
