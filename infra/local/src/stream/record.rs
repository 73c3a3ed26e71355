//! Stream records of the SDK, converted to the event that Lambda hands to a function.

use std::collections::HashMap;

use aws_lambda_events::dynamodb::Event;
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, StreamRecord, StreamViewType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use ulid::Ulid;

/// The record's place in the stream. Numbers have the same length, so that they sort as text.
pub(super) fn sequence_number(record: &Record) -> Option<&str> {
    record.dynamodb.as_ref()?.sequence_number.as_deref()
}

/// When the events of the record were raised, if it is new: an old item is changed to have its events dispatched again.
/// AWS and the embedded stream say the time of a change to the second only; a key has that of the events in it.
pub(super) fn raised_at(record: &Record) -> Option<Timestamp> {
    let is_new = record.event_name == Some(OperationType::Insert);
    let key = record.dynamodb.as_ref().filter(|_| is_new)?.keys.as_ref()?.get("sk")?.as_s().ok()?;
    let ulid = Ulid::from_string(key.rsplit_once('_').map_or(key.as_str(), |(_, ulid)| ulid)).ok()?;
    Timestamp::from_millisecond(i64::try_from(ulid.timestamp_ms()).ok()?).ok()
}

/// The event of a batch, made from its JSON as the Lambda runtime makes it.
pub(super) fn event(records: &[Record], stream_arn: &str) -> serde_json::Result<Event> {
    let records: Vec<Value> = records.iter().map(|record| wire(record, stream_arn)).collect();
    serde_json::from_value(json!({ "Records": records }))
}

fn wire(record: &Record, stream_arn: &str) -> Value {
    let change = record.dynamodb.as_ref();
    let image = |of: fn(&StreamRecord) -> Option<&HashMap<String, AttributeValue>>| {
        change.and_then(of).map_or(Value::Null, |attributes| Value::Object(item(attributes)))
    };
    json!({
        "eventID": record.event_id.as_deref().unwrap_or_default(),
        "eventName": record.event_name.as_ref().map(OperationType::as_str).unwrap_or_default(),
        "eventVersion": record.event_version,
        "eventSource": record.event_source,
        "awsRegion": record.aws_region.as_deref().unwrap_or_default(),
        "eventSourceARN": stream_arn,
        "dynamodb": {
            "ApproximateCreationDateTime":
                change.and_then(|c| c.approximate_creation_date_time).map_or(0.0, |at| at.as_secs_f64()),
            "Keys": image(|change| change.keys.as_ref()),
            "NewImage": image(|change| change.new_image.as_ref()),
            "OldImage": image(|change| change.old_image.as_ref()),
            "SequenceNumber": change.and_then(|change| change.sequence_number.as_deref()),
            "SizeBytes": change.and_then(|change| change.size_bytes).unwrap_or_default(),
            "StreamViewType": change.and_then(|change| change.stream_view_type.as_ref()).map(StreamViewType::as_str),
        },
    })
}

fn item(attributes: &HashMap<String, AttributeValue>) -> Map<String, Value> {
    attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &AttributeValue) -> Value {
    let base64 = |bytes: &aws_sdk_dynamodbstreams::primitives::Blob| STANDARD.encode(bytes);
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::B(bytes) => json!({ "B": base64(bytes) }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": item(map) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => json!({ "BS": blobs.iter().map(base64).collect::<Vec<_>>() }),
        _ => json!({ "NULL": true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_record_says_when_its_events_were_raised() {
        let record = |operation, key: &str| {
            let keys = [("sk".to_owned(), AttributeValue::S(key.to_owned()))];
            let change = StreamRecord::builder().set_keys(Some(keys.into())).build();
            Record::builder().event_name(operation).dynamodb(change).build()
        };
        let raised = "2025-10-20T14:30:00Z".parse().unwrap();
        let ulid = Ulid::from_parts(1_760_970_600_000, 7);
        for key in [ulid.to_string(), format!("evt_{ulid}")] {
            assert_eq!(raised_at(&record(OperationType::Insert, &key)), Some(raised));
            assert_eq!(raised_at(&record(OperationType::Modify, &key)), None);
        }
        assert_eq!(raised_at(&record(OperationType::Insert, "another")), None);
    }
}
