//! `alerts list`: an account's alerts.

use domain::alert::{Alert, AlertView};
use domain::clock::rfc3339;
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
    let found = found.map_err(aws.on(ALERTS))?;
    let shown: Vec<AlertView<'_>> = found.alerts.iter().map(AlertView::of).collect();
    let rows: Vec<_> = found.alerts.iter().map(row).collect();
    let head = ["CREATED", "KIND", "STATUS", "ENDPOINT", "DELIVERY", "MESSAGE"];
    Ok(Report::page(&json!(shown), found.stopped.as_deref(), head, &rows))
}

fn row(alert: &Alert) -> [String; 6] {
    [
        rfc3339(alert.created_at),
        alert.kind.as_str().to_owned(),
        or_dash(alert.rolling.as_ref().map(|rolling| rolling.status)),
        or_dash(alert.endpoint_id.as_ref()),
        or_dash(alert.delivery_id.as_ref()),
        alert.message.clone(),
    ]
}
