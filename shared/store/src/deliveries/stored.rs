//! A delivery as its item: attributes and keys, written and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::ids::ulid_of;
use domain::schedule::{SENT_AHEAD, is_left_to_sweeper};
use jiff::{SignedDuration, Timestamp};

use super::{GRACE_SECONDS, TABLE};
use crate::StoreError;
use crate::item::{Item, Reader, json, n, s};
use crate::shard::Shard;

/// `dueAt`, the sort key of `by-due`, in epoch milliseconds: when the sweeper looks after a delivery whose next attempt is
/// planned at `now`. Before its time if the sweeper is to send its message, else when the message that was sent for it must
/// be lost.
pub(super) fn due(next_attempt: Timestamp, now: Timestamp) -> i64 {
    let after =
        if is_left_to_sweeper(next_attempt, now) { -SENT_AHEAD } else { SignedDuration::from_secs(GRACE_SECONDS) };
    next_attempt.as_millisecond() + i64::try_from(after.as_millis()).unwrap_or_default()
}

/// The shard of a delivery in `by-due`.
pub(super) fn shard_of(id: &str) -> Shard {
    Shard::of(ulid_of(id).unwrap_or_default())
}

/// The partition key of `by-status`.
pub(super) fn account_status(account: &str, status: DeliveryStatus) -> String {
    format!("{account}#{}", status.as_str())
}

/// The item of a delivery whose next attempt, if there is one, is planned at `now`; kept for as long as `kept` says.
pub(super) fn to_item(delivery: &Delivery, now: Timestamp, kept: SignedDuration) -> Item {
    let attempts = delivery.attempts.iter().map(json).collect();
    let mut item = HashMap::from([
        ("pk".to_owned(), s(&delivery.account)),
        ("sk".to_owned(), s(&delivery.id)),
        ("endpoint".to_owned(), s(format!("{}#{}", delivery.account, delivery.endpoint_id))),
        ("eventId".to_owned(), s(&delivery.event_id)),
        ("event".to_owned(), s(delivery.event.as_str())),
        ("outboxId".to_owned(), s(&delivery.outbox_id)),
        ("status".to_owned(), s(delivery.status.as_str())),
        ("attemptCount".to_owned(), n(delivery.attempt_count)),
        ("seriesStart".to_owned(), n(delivery.series_start)),
        ("series".to_owned(), n(delivery.series)),
        ("trigger".to_owned(), s(delivery.trigger.as_str())),
        ("createdAt".to_owned(), s(delivery.created_at.to_string())),
        ("attempts".to_owned(), AttributeValue::L(attempts)),
        ("expiresAt".to_owned(), n((delivery.created_at + kept).as_second())),
    ]);
    add_optional(&mut item, delivery, now);
    item
}

/// What not every delivery has.
fn add_optional(item: &mut Item, delivery: &Delivery, now: Timestamp) {
    if delivery.status.is_rare() {
        item.insert("accountStatus".to_owned(), s(account_status(&delivery.account, delivery.status)));
    }
    if let Some(subject) = &delivery.subject {
        item.insert("subject".to_owned(), s(subject.to_string()));
    }
    if delivery.test {
        item.insert("test".to_owned(), AttributeValue::Bool(true));
    }
    if let Some(last) = &delivery.last_attempt {
        item.insert("lastAttempt".to_owned(), json(last));
    }
    if let Some(next) = delivery.next_attempt_at {
        item.insert("nextAttemptAt".to_owned(), s(next.to_string()));
        item.insert("dueShard".to_owned(), s(shard_of(&delivery.id).key()));
        item.insert("dueAt".to_owned(), n(due(next, now)));
    }
    if let Some(until) = delivery.claimed_until {
        item.insert("claimedUntil".to_owned(), n(until.as_millisecond()));
    }
    if let Some(since) = delivery.waiting_since {
        item.insert("waitingSince".to_owned(), s(since.to_string()));
    }
    if delivery.paced {
        item.insert("paced".to_owned(), AttributeValue::Bool(true));
    }
    if let Some(at) = delivery.completed_at {
        item.insert("completedAt".to_owned(), s(at.to_string()));
    }
}

pub(super) fn read(item: &Item) -> Result<Delivery, StoreError> {
    let reader = Reader { table: TABLE, item };
    let endpoint = reader.text("endpoint")?;
    let attempts = item.get("attempts").and_then(|value| value.as_l().ok()).map_or(&[][..], Vec::as_slice);
    let attempts = attempts.iter().map(|value| {
        let text = value.as_s().map_err(|_| reader.unreadable("attempts"))?;
        serde_json::from_str(text).map_err(|_| reader.unreadable("attempts"))
    });
    Ok(Delivery {
        account: reader.string("pk")?,
        id: reader.string("sk")?,
        event_id: reader.string("eventId")?,
        event: reader.text("event")?.parse().map_err(|_| reader.unreadable("event"))?,
        subject: reader.opt_text("subject").and_then(|stored| stored.parse().ok()),
        outbox_id: reader.string("outboxId")?,
        shared: None,
        endpoint_id: endpoint.rsplit_once('#').map_or(endpoint, |(_, id)| id).to_owned(),
        status: DeliveryStatus::parse(reader.text("status")?).ok_or_else(|| reader.unreadable("status"))?,
        attempt_count: reader.number("attemptCount")?,
        series_start: reader.number("seriesStart")?,
        series: reader.number("series")?,
        trigger: Trigger::parse(reader.text("trigger")?).ok_or_else(|| reader.unreadable("trigger"))?,
        next_attempt_at: reader.opt_time("nextAttemptAt"),
        claimed_until: reader
            .opt_number("claimedUntil")
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
        waiting_since: reader.opt_time("waitingSince"),
        paced: reader.flag("paced"),
        created_at: reader.time("createdAt")?,
        completed_at: reader.opt_time("completedAt"),
        test: reader.flag("test"),
        last_attempt: item.contains_key("lastAttempt").then(|| reader.json("lastAttempt")).transpose()?,
        attempts: attempts.collect::<Result<_, StoreError>>()?,
    })
}
