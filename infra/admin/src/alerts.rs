//! `alerts list`: an account's alerts.

use domain::alert::Alert;
use domain::clock::whole_seconds;
use serde_json::json;
use store::alerts::AlertFilter;
use store::tables::ALERTS;

use crate::arguments::{AccountId, Page};
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, or_dash};

/// One page of an account's alerts, newest first, as `GET /api/alerts` shows them.
pub(crate) async fn list(aws: &Aws, account: &AccountId, page: &Page) -> Result<Report, Failure> {
    let account = aws.account(&account.id).await?;
    let store = aws.environment.alerts()?;
    let found = store.page(&account.id, &AlertFilter::default(), page.after.as_deref(), page.limit).await;
    let mut found = found.map_err(aws.on(ALERTS))?;
    for alert in &mut found.alerts {
        alert.created_at = whole_seconds(alert.created_at);
    }
    let rows: Vec<_> = found.alerts.iter().map(row).collect();
    let head = ["CREATED", "KIND", "ENDPOINT", "DELIVERY", "MESSAGE"];
    Ok(Report::page(&json!(found.alerts), found.stopped.as_deref(), head, &rows))
}

fn row(alert: &Alert) -> [String; 5] {
    [
        alert.created_at.to_string(),
        alert.kind.as_str().to_owned(),
        or_dash(alert.endpoint_id.as_ref()),
        or_dash(alert.delivery_id.as_ref()),
        alert.message.clone(),
    ]
}
