//! What the system filled in and the sender then says itself: it is the sender's from then on, said in whichever way, and
//! each body does nothing the second time.

use jiff::ToSpan;
use jiff::civil::date;
use serde_json::{Value, json};
use tests::InboundApp;

use super::send_twice;
use crate::crew::{employee, ok, project, vendor, with};
use crate::records::record;

/// A field that the system fills in.
struct Filled {
    segment: &'static str,
    field: &'static str,
    /// The bodies after which it is filled in, without what every record needs.
    before: Vec<Value>,
    /// A change that the field could follow.
    change: Value,
    /// What it is after the change and a null; `None`: as it was.
    cleared: Option<Value>,
}

/// A field that follows nothing.
fn filled(segment: &'static str, field: &'static str, first: Value) -> Filled {
    Filled { segment, field, before: vec![first], change: json!({"customFields": {"a": 1}}), cleared: None }
}

impl Filled {
    fn then(mut self, body: Value) -> Self {
        self.before.push(body);
        self
    }

    fn follows(mut self, change: Value, cleared: impl Into<Value>) -> Self {
        self.change = change;
        self.cleared(cleared)
    }

    fn cleared(mut self, cleared: impl Into<Value>) -> Self {
        self.cleared = Some(cleared.into());
        self
    }
}

fn orders() -> Vec<Filled> {
    let of = |field, first| filled("workorder", field, first);
    let (on_job, moved) = (json!({"projectNumber": "P-1"}), json!({"projectNumber": "P-2"}));
    let window = json!({"scheduledStart": "2026-01-05T10:00:00Z", "scheduledEnd": "2026-01-06T10:00:00Z"});
    let crew = json!([{"employeeNumber": "E-1"}, {"vendorNumber": "V-1"}]);
    vec![
        of("status", json!({})).follows(window.clone(), "scheduled"),
        of("status", window).follows(json!({"scheduledStart": "2026-01-05T11:00:00Z"}), "scheduled"),
        of("priority", json!({})),
        of("workDays", json!({})),
        of("timeZone", json!({})),
        of("timeZone", on_job.clone()).follows(moved.clone(), "America/Denver"),
        of("currency", on_job.clone()).follows(moved.clone(), "MXN"),
        of("siteAddress", on_job.clone()).follows(moved, json!({"line1": "2 Main St", "country": "MX"})),
        of("siteAddress", json!({"siteAddress": {"line1": "3 Main St"}})).cleared(Value::Null),
        of("actualStart", json!({"status": "in_progress"})).cleared(Value::Null),
        of("actualStart", json!({"status": "in_progress"})).follows(json!({"status": "completed"}), Value::Null),
        of("actualEnd", json!({"status": "completed"})).cleared(Value::Null),
        of("projectId", on_job.clone()).cleared(Value::Null),
        of("assignments", json!({"assignments": crew})).cleared(Value::Null),
        of("materials", json!({"materials": [{"name": "rebar", "quantity": 1, "unit": "ea"}]})).cleared(Value::Null),
        of("equipment", json!({"equipment": [{"name": "crane"}]})).cleared(Value::Null),
    ]
}

fn projects() -> Vec<Filled> {
    let of = |field, first| filled("project", field, first);
    let plain = ["status", "timeZone", "currency", "workDays", "prevailingWage", "unionJob"].into_iter();
    let mut fields: Vec<_> = plain.map(|field| of(field, json!({}))).collect();
    fields.extend([
        of("siteAddress", json!({"siteAddress": {"line1": "1 Main St"}})).cleared(Value::Null),
        of("actualEndDate", json!({})).then(json!({"status": "completed"})).cleared(Value::Null),
        of("projectManagerId", json!({"projectManagerNumber": "E-1"})).cleared(Value::Null),
        of("superintendentId", json!({"superintendentNumber": "E-1"})).cleared(Value::Null),
        of("team", json!({"team": [{"employeeNumber": "E-1", "role": "foreman"}]})).cleared(Value::Null),
        of("phases", json!({"phases": [{"name": "Rough-in"}]})).cleared(Value::Null),
    ]);
    fields
}

fn people() -> Vec<Filled> {
    let of = |field, first| filled("employee", field, first);
    let plain = ["status", "employmentType", "timeZone", "workDays", "hoursPerDay", "timeOffApprovalRequired"];
    let mut fields: Vec<_> = plain.into_iter().map(|field| of(field, json!({}))).collect();
    fields.extend([
        of("currency", json!({"hourlyCostRate": "50.00"})),
        of("address", json!({"address": {"line1": "1 Main St"}})).cleared(Value::Null),
        of("supervisorId", json!({"supervisorNumber": "E-1"})).cleared(Value::Null),
    ]);
    fields
}

fn vendors() -> Vec<Filled> {
    let of = |field, first| filled("vendor", field, first);
    let plain = ["status", "is1099", "w9OnFile", "prequalified", "preferred"].into_iter();
    let mut fields: Vec<_> = plain.map(|field| of(field, json!({}))).collect();
    fields.extend([
        of("currency", json!({"hourlyBillRate": "50.00"})),
        of("address", json!({"address": {"line1": "1 Main St"}})).cleared(Value::Null),
        of("remitAddress", json!({"remitAddress": {"line1": "1 Main St"}})).cleared(Value::Null),
    ]);
    fields
}

fn requests() -> Vec<Filled> {
    let of = |field, first| filled("timeoff", field, first);
    vec![
        of("status", json!({})),
        of("status", json!({"employeeNumber": "E-free"})),
        of("paid", json!({})).follows(json!({"type": "unpaid"}), false),
        of("paid", json!({"type": "unpaid"})).follows(json!({"type": "sick"}), true),
        of("includeWeekends", json!({})),
        of("timeZone", json!({})),
        of("decision", json!({"status": "approved"})),
        of("decision", json!({"status": "approved", "decision": {"byEmployeeNumber": "E-1"}})),
        of("employeeId", json!({})),
    ]
}

/// The only application of a test, and how many records it has made.
struct Sender {
    app: InboundApp,
    records: i64,
}

impl Sender {
    async fn start() -> Self {
        let app = InboundApp::start().await;
        employee(&app, "E-1", json!({})).await;
        employee(&app, "E-free", json!({"timeOffApprovalRequired": false})).await;
        vendor(&app, "V-1", json!({})).await;
        for (number, zone, currency, place) in
            [("P-1", "America/Toronto", "CAD", "1 Main St"), ("P-2", "America/Denver", "MXN", "2 Main St")]
        {
            let address = json!({"line1": place, "country": &currency[..2]});
            project(&app, number, json!({"timeZone": zone, "currency": currency, "siteAddress": address})).await;
        }
        Self { app, records: 0 }
    }

    /// The members that a new record needs.
    fn new_row(&mut self, segment: &str) -> Value {
        self.records += 1;
        let number = format!("N-{}", self.records);
        match segment {
            "workorder" => json!({"workOrderNumber": number, "title": "Pour slab"}),
            "project" => json!({"projectNumber": number, "name": "Riverside"}),
            "employee" => json!({"employeeNumber": number, "firstName": "Ana", "lastName": "Ruiz", "role": "mason"}),
            "vendor" => json!({"vendorNumber": number, "name": "Lone Star", "vendorType": "supplier"}),
            _ => {
                // Nobody has two requests for one day.
                let day = (date(2026, 1, 1) + self.records.days()).to_string();
                json!({"requestNumber": number, "employeeNumber": "E-1", "type": "vacation", "startDate": day,
                    "endDate": day})
            }
        }
    }
    /// A new record in which the field is filled in: the members that name it, all that was sent of it, and the value.
    async fn fill_in(&mut self, filled: &Filled, times: usize) -> (Value, Value, Value) {
        let mut row = self.new_row(filled.segment);
        let name = Value::Object(row.as_object().into_iter().flatten().take(1).map(owned).collect());
        for body in &filled.before {
            row = with(row, body.clone());
            for _ in 0..times {
                ok(self.app.post(&path(filled), row.clone()).await);
            }
        }
        let value = self.stored(filled, &name).await[filled.field].clone();
        assert!(!value.is_null(), "{} is not filled in: {row}", filled.field);
        (name, row, value)
    }

    async fn stored(&self, filled: &Filled, name: &Value) -> Value {
        let number = name.as_object().and_then(|name| name.values().next()).and_then(Value::as_str);
        record(&self.app, filled.segment, number.expect("a number")).await
    }

    /// The field has its value, and so that it is the sender's. Returns of which fields the sender said something else.
    async fn confirmed(&self, filled: &Filled, name: &Value, value: &Value) -> Value {
        let stored = self.stored(filled, name).await;
        let what = format!("{} {} with {}", filled.segment, filled.field, filled.change);
        assert_eq!(&stored[filled.field], value, "{what}");
        assert_eq!(stored["said"]["version"], stored["version"], "{what}");
        assert!(stored["said"]["fields"].get(filled.field).is_none(), "{what}: {}", stored["said"]);
        stored["said"]["fields"].clone()
    }

    /// The value and the change in one body, one after the other, and in a whole row; then null.
    async fn confirm(&mut self, filled: &Filled) {
        let path = path(filled);
        let (name, _, value) = self.fill_in(filled, 2).await;
        let own = |value: &Value| with(name.clone(), json!({filled.field: value}));
        send_twice(&self.app, &path, with(own(&value), filled.change.clone()), "updated").await;
        let said = self.confirmed(filled, &name, &value).await;

        let (other, _, its_value) = self.fill_in(filled, 1).await;
        let own_of_other = with(other.clone(), json!({filled.field: its_value}));
        send_twice(&self.app, &path, own_of_other, "unchanged").await;
        send_twice(&self.app, &path, with(other.clone(), filled.change.clone()), "updated").await;
        assert_eq!(self.confirmed(filled, &other, &its_value).await, said);

        let (third, row, its_value) = self.fill_in(filled, 1).await;
        let row = with(with(row, json!({filled.field: its_value})), filled.change.clone());
        send_twice(&self.app, &path, row, "updated").await;
        assert_eq!(self.confirmed(filled, &third, &its_value).await, said);

        let nothing = with(own(&Value::Null), json!({"customFields": {"b": 1}}));
        send_twice(&self.app, &path, nothing, "updated").await;
        let stored = self.stored(filled, &name).await;
        let time = || json!({"at": value["at"]});
        let as_before = if filled.field == "decision" { time() } else { value.clone() };
        assert_eq!(stored[filled.field], filled.cleared.clone().unwrap_or(as_before), "{}", filled.field);
        let is_ours = stored["said"]["fields"].get(filled.field) == Some(&Value::Null);
        assert_eq!(is_ours, !stored[filled.field].is_null(), "{}", filled.field);
    }
}

fn path(filled: &Filled) -> String {
    format!("/api/webhook/{}", filled.segment)
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

async fn confirm_all(fields: Vec<Filled>) {
    let mut sender = Sender::start().await;
    for filled in &fields {
        sender.confirm(filled).await;
    }
}

#[tokio::test]
async fn work_orders_keep_what_the_sender_confirms() {
    confirm_all(orders()).await;
}

#[tokio::test]
async fn projects_keep_what_the_sender_confirms() {
    confirm_all(projects()).await;
}

#[tokio::test]
async fn employees_keep_what_the_sender_confirms() {
    confirm_all(people()).await;
}

#[tokio::test]
async fn vendors_keep_what_the_sender_confirms() {
    confirm_all(vendors()).await;
}

#[tokio::test]
async fn time_off_keeps_what_the_sender_confirms() {
    confirm_all(requests()).await;
}
