//! The one update that records what became of a delivery.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::{Attempt, Delivery, DeliveryStatus, LastAttempt};
use jiff::Timestamp;

use super::super::item::{Item, json, n, s};
use super::stored::{account_status, due};
use super::{IS_UNCLAIMED, IS_UNFINISHED, Outcome, unclaimed, unfinished};

/// An item holds the latest attempts and no more: people may send a delivery again as often as they like.
const MAX_ATTEMPTS_KEPT: usize = 25;

/// The update that records an outcome.
pub(super) struct Recording {
    pub(super) expression: String,
    pub(super) condition: String,
    pub(super) values: Item,
}

pub(super) fn recording(delivery: &Delivery, outcome: &Outcome) -> Recording {
    let mut set = vec!["#status = :status"];
    let mut remove = vec!["claimedUntil"];
    let mut condition = vec![IS_UNFINISHED];
    let mut values = unfinished();
    values.insert(":status".to_owned(), s(outcome.status.as_str()));
    if let Some(attempt) = &outcome.attempt {
        set.extend(["attemptCount = attemptCount + :one", "lastAttempt = :last"]);
        remove.push("waitingSince");
        values.insert(":one".to_owned(), n(1));
        values.insert(":last".to_owned(), json(&LastAttempt::from(attempt)));
        let (change, attempts) = with_attempt(delivery, attempt);
        set.push(change);
        values.insert(":attempts".to_owned(), AttributeValue::L(attempts));
    } else if delivery.waiting_since.is_none_or(|since| since > outcome.now) && outcome.next_attempt_at.is_some() {
        set.push("waitingSince = :now");
        values.insert(":now".to_owned(), s(outcome.now.to_string()));
    }
    if outcome.status.is_rare() {
        set.push("accountStatus = :accountStatus");
        values.insert(":accountStatus".to_owned(), s(account_status(&delivery.account, outcome.status)));
    } else {
        remove.push("accountStatus");
    }
    if let Some(next) = outcome.next_attempt_at {
        set.extend(["nextAttemptAt = :next", "dueAt = :due"]);
        values.insert(":next".to_owned(), s(next.to_string()));
        values.insert(":due".to_owned(), n(due(next)));
    } else {
        set.push("completedAt = :completed");
        remove.extend(["nextAttemptAt", "dueShard", "dueAt"]);
        values.insert(":completed".to_owned(), s(outcome.now.to_string()));
    }
    // That it arrived counts, whatever was recorded or begun meanwhile, as long as the delivery is unfinished; anything
    // else is out of date then.
    if outcome.status != DeliveryStatus::Delivered {
        condition.extend(["attemptCount = :seen", "series = :series"]);
        values.insert(":seen".to_owned(), n(delivery.attempt_count));
        values.insert(":series".to_owned(), n(delivery.series));
    }
    if outcome.attempt.is_none() {
        condition.extend(as_it_was_read(delivery, outcome, &mut values));
    }
    let expression = format!("SET {} REMOVE {}", set.join(", "), remove.join(", "));
    Recording { expression, condition: condition.join(" AND "), values }
}

/// How `attempt` joins the others: at the end of the list, which loses its oldest entries when it is full.
fn with_attempt(delivery: &Delivery, attempt: &Attempt) -> (&'static str, Vec<AttributeValue>) {
    let kept = &delivery.attempts;
    if kept.len() < MAX_ATTEMPTS_KEPT {
        return ("attempts = list_append(attempts, :attempts)", vec![json(attempt)]);
    }
    let latest = kept[kept.len() + 1 - MAX_ATTEMPTS_KEPT..].iter().chain([attempt]);
    ("attempts = :attempts", latest.map(json).collect())
}

/// What holds for an outcome without an attempt: nobody else has the next one, and since the delivery was read it has
/// neither begun to wait for its endpoint nor been released.
fn as_it_was_read(delivery: &Delivery, outcome: &Outcome, values: &mut Item) -> [&'static str; 2] {
    let claim = if let Some(ours) = outcome.claim {
        values.insert(":claim".to_owned(), n(ours.as_millisecond()));
        "claimedUntil = :claim"
    } else {
        values.extend(unclaimed(outcome.now));
        IS_UNCLAIMED
    };
    let Some(since) = delivery.waiting_since else { return [claim, "attribute_not_exists(waitingSince)"] };
    values.insert(":since".to_owned(), s(since.to_string()));
    [claim, "waitingSince = :since"]
}

/// Whether `outcome` is what was recorded last. Two attempts that ran side by side may look alike; when the next one is due
/// tells them apart, since each was given its own jitter.
pub(super) fn is_recorded(item: &Item, outcome: &Outcome) -> bool {
    let is = |name: &str, at: Timestamp| item.get(name) == Some(&s(at.to_string()));
    let Some(attempt) = &outcome.attempt else {
        let waits = outcome.next_attempt_at.is_some_and(|next| is("nextAttemptAt", next));
        return waits && is("waitingSince", outcome.now) && !item.contains_key("claimedUntil");
    };
    let attempts = item.get("attempts").and_then(|value| value.as_l().ok());
    attempts.and_then(|attempts| attempts.last()) == Some(&json(attempt))
        && outcome.next_attempt_at.is_none_or(|next| is("nextAttemptAt", next))
}
