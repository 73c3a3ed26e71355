//! `deliveries show`: one delivery with its attempts.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use domain::attempt::{AttemptError, ErrorDetail};
use domain::delivery::view::DeliveryView;
use domain::delivery::{Attempt, Delivery};
use domain::format::Format;
use serde_json::{Value, json};
use store::tables::{DELIVERIES, ENDPOINTS, EVENTS};

use crate::arguments::ShowDelivery;
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, columns, facts, or_dash, printable};

/// A delivery with its attempts, as `GET /api/deliveries/{id}` shows it; the bodies only when they are asked for.
pub(crate) async fn show(aws: &Aws, wanted: &ShowDelivery) -> Result<Report, Failure> {
    let ShowDelivery { id, account, body } = wanted;
    let found = aws.environment.deliveries()?.get(&account.id, id).await.map_err(aws.on(DELIVERIES))?;
    let Some(delivery) = found else {
        return Err(Failure::Impossible(format!(
            "there is no delivery {id} in account {}; deliveries are kept 30 days, or as the stack's EventRetentionDays says",
            account.id
        )));
    };
    let (mut event, mut format) = (None, Format::Full);
    if *body {
        event = aws.environment.events()?.get(&account.id, &delivery.event_id).await.map_err(aws.on(EVENTS))?;
        format = aws.environment.endpoints()?.format_of(&delivery).await.map_err(aws.on(ENDPOINTS))?;
    }
    let sent = event.as_ref().map(|found| format.content(&found.event).body);
    let mut disabled = HashSet::new();
    if !delivery.status.is_final() {
        let of = BTreeSet::from([delivery.endpoint_id.as_str()]);
        disabled = aws.environment.endpoints()?.disabled_among(&account.id, &of).await.map_err(aws.on(ENDPOINTS))?;
    }
    let mut json = json!(DeliveryView::whole(&delivery, &disabled, sent.clone()));
    let mut text = described(&delivery, json.get("held").and_then(Value::as_str));
    if *body {
        text.push_str(&bodies(&delivery, sent.as_deref()));
    } else {
        withhold(&mut json);
    }
    Ok(Report::new(json, text))
}

/// Removes the request body, and what receivers said.
fn withhold(delivery: &mut Value) {
    let attempts = delivery.get_mut("attempts").and_then(Value::as_array_mut).map(Vec::as_mut_slice);
    for attempt in attempts.unwrap_or_default().iter_mut().filter_map(Value::as_object_mut) {
        attempt.remove("responseHeaders");
        attempt.remove("responseBody");
    }
    if let Some(delivery) = delivery.as_object_mut() {
        delivery.remove("requestBody");
    }
}

fn described(delivery: &Delivery, held: Option<&str>) -> String {
    let mut text = facts(&[
        ("delivery", delivery.id.clone()),
        ("event", format!("{} {}", delivery.event.as_str(), delivery.event_id)),
        ("endpoint", delivery.endpoint_id.clone()),
        ("status", delivery.status.as_str().to_owned()),
        ("created", delivery.created_at.to_string()),
        ("next attempt", or_dash(delivery.next_attempt_at)),
        ("held", or_dash(held)),
        ("completed", or_dash(delivery.completed_at)),
        ("attempts", delivery.attempt_count.to_string()),
    ]);
    if !delivery.attempts.is_empty() {
        let rows: Vec<_> = delivery.attempts.iter().map(row).collect();
        text.push('\n');
        text.push_str(&columns(["ATTEMPT", "TRIGGER", "STARTED", "MS", "STATUS", "ERROR", "DETAIL"], &rows));
    }
    text
}

fn row(attempt: &Attempt) -> [String; 7] {
    [
        attempt.number.to_string(),
        attempt.trigger.as_str().to_owned(),
        attempt.started_at.to_string(),
        attempt.duration_ms.to_string(),
        or_dash(attempt.status_code),
        or_dash(attempt.error.map(AttemptError::as_str)),
        or_dash(attempt.error_detail.map(ErrorDetail::as_str)),
    ]
}

/// The request body, and the response body of each attempt.
fn bodies(delivery: &Delivery, sent: Option<&str>) -> String {
    let sent = sent.map_or_else(|| "the event is not stored any more".to_owned(), printable);
    let mut text = format!("\nsent: {sent}\n");
    for attempt in &delivery.attempts {
        let answer = attempt.response_body.as_deref().map_or_else(|| "-".to_owned(), printable);
        // Writing to a string can't fail.
        let _ = writeln!(text, "answer to attempt {}: {answer}", attempt.number);
    }
    text
}
