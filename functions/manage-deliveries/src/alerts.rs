//! The list of alerts, single ones, and where those stand that roll up failures.

use domain::alert::{Alert, AlertStatus, AlertView};
use domain::defect::Defects;
use inbound::http::{Facts, Reply};
use inbound::manage::bodies::ALERT;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::manage::router::IdKind;
use inbound::manage::{self, PageRequest};
use inbound::problem::{Problem, ProblemCode};
use lambda_http::http::StatusCode;
use serde_json::{Map, Value};
use store::alerts::AlertFilter;

use crate::Call;
use crate::query::AlertQuery;

impl Call<'_> {
    /// One page, newest first.
    pub(crate) async fn alerts(&self, query: &AlertQuery, page: &PageRequest) -> Result<Reply, Problem> {
        let filter = AlertFilter { kind: query.kind, endpoint_id: query.endpoint_id.as_deref(), status: query.status };
        let mut found = self.function.alerts.page(self.account(), &filter, page.after(), page.fetch()).await?;
        let next = page.cut(&mut found.alerts, found.stopped, |alert| &alert.id);
        let data: Vec<AlertView<'_>> = found.alerts.iter().map(AlertView::of).collect();
        Ok(PageRequest::reply(&data, next.as_deref()))
    }

    /// One alert.
    pub(crate) async fn alert(&self, id: &str) -> Result<Reply, Problem> {
        Ok(Reply::ok(&AlertView::of(&self.read_alert(id).await?)))
    }

    /// Gives an alert that rolls up failures another status.
    pub(crate) async fn change_alert(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let status = status(body)?;
        for _ in 0..manage::MAX_TRIES {
            let alert = self.read_alert(id).await?;
            let Some(rolling) = &alert.rolling else { return Err(impossible(NO_STATUS)) };
            if rolling.status == status {
                return Ok(changed(&alert, "unchanged"));
            }
            if rolling.status == AlertStatus::Resolved {
                self.check_no_other(&alert).await?;
            }
            let set = self.function.alerts.set_status(self.account(), &alert, status, self.now).await?;
            if let Some(alert) = set {
                return Ok(changed(&alert, "alert_changed"));
            }
        }
        Err(Problem::contention())
    }

    async fn read_alert(&self, id: &str) -> Result<Alert, Problem> {
        let found = self.function.alerts.get(self.account(), id).await?;
        found.ok_or_else(|| IdKind::ALERT.not_found())
    }

    /// 409 when another alert is open for the endpoint: its next failure can belong to one only.
    async fn check_no_other(&self, alert: &Alert) -> Result<(), Problem> {
        let endpoint = alert.endpoint_id.as_deref().unwrap_or_default();
        match self.function.alerts.open_at(self.account(), endpoint).await? {
            Some(other) => Err(impossible(&format!("{} is open for this endpoint. Only one alert can be.", other.id))),
            None => Ok(()),
        }
    }
}

const NO_STATUS: &str = "This alert is about one occurrence and has no status. Only those of the kind delivery.failed \
    have one, once they are rolled up, which takes a minute at most.";

fn status(body: Map<String, Value>) -> Result<AlertStatus, Problem> {
    let mut defects = Defects::default();
    let read = body::read(&ALERT, body, Form::New, &mut defects);
    match read.get("status").and_then(Value::as_str).and_then(AlertStatus::parse) {
        Some(status) if defects.is_empty() => Ok(status),
        _ => Err(Problem::invalid(defects)),
    }
}

fn impossible(detail: &str) -> Problem {
    Problem::new(ProblemCode::InvalidStateTransition, detail)
}

fn changed(alert: &Alert, action: &'static str) -> Reply {
    let facts = Facts { action: Some(action), id: Some(alert.id.clone()), ..Facts::default() };
    Reply::new(StatusCode::OK, &AlertView::of(alert)).with_facts(facts)
}
