//! `POST /api/events`: how the rest of WorkSkedge raises events (`docs/contract.md#publishing`).

mod body;

use domain::api_key::Scope;
use domain::events::{Event, EventName};
use domain::ids;
use domain::outbox::{Outbox, StoredEvent};
use domain::resource::Warning;
use domain::trace::MAX_HOPS;
use inbound::http;
use inbound::http::{Caller, Facts, Gate, Query, Reply, Sending};
use inbound::problem::{Problem, ProblemCode};
use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use serde_json::{Map, Value, json};
use store::config::{ConfigError, Environment};
use store::events::EventWriter;
use store::idempotency::{Claim, Idempotency};

use crate::body::Publication;

/// The function: the gate of the API, and the tables that it writes.
#[derive(Debug)]
pub struct PublishEvent {
    gate: Gate,
    events: EventWriter,
    idempotency: Idempotency,
}

impl PublishEvent {
    /// Reads `EVENTS_TABLE`, `UNDISPATCHED_TABLE`, `IDEMPOTENCY_TABLE` and what the gate needs.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            gate: Gate::from_environment(environment, "publish-event")?,
            events: environment.event_writer()?,
            idempotency: environment.idempotency()?,
        })
    }

    /// Answers one request. Errors are answers, too.
    pub async fn handle(&self, request: Request, now: Timestamp) -> Response<Body> {
        let request = &request;
        let find = || match *request.method() {
            Method::POST => Ok(Sending),
            _ => Err(Problem::method_not_allowed("POST")),
        };
        let work = async |caller: Caller, Sending, query: Query| {
            let publication = Publication::parse(http::json_body(request)?, now)?;
            if query.is_dry_run() {
                return Ok(dry_answer(&caller, now));
            }
            self.publish(&caller, publication, now).await
        };
        self.gate.serve(request, Scope::PublishEvents, now, find, work).await
    }

    async fn publish(&self, caller: &Caller, publication: Publication, now: Timestamp) -> Result<Reply, Problem> {
        let account = &caller.account.id;
        let Publication { draft, occurred_at, key, fingerprint } = publication;
        let project = project_of(draft.name, &draft.data).map(str::to_owned);
        let event = Event::new(ids::new_id("evt_", now), draft, occurred_at);
        let outbox = Outbox::of(account, caller.origin(), StoredEvent::new(&event, project.as_deref()));
        let key = format!("{account}#publish#{key}");
        match self.events.publish_once(&outbox, &self.idempotency, &key, &fingerprint, now).await? {
            Claim::Ours => Ok(answer(caller, &event.id, false)),
            Claim::Done { fingerprint: first, answer: id } if first == fingerprint => Ok(answer(caller, &id, true)),
            Claim::Done { .. } | Claim::Running { .. } => Err(Problem::new(
                ProblemCode::IdempotencyKeyReused,
                "This idempotencyKey came with another event before. Use a new key for a new event.",
            )),
        }
    }
}

/// The project that an event belongs to, by which endpoints with `projectIds` select events. The rule is the one for
/// events that the inbound calls raise.
fn project_of(name: EventName, data: &Map<String, Value>) -> Option<&str> {
    let assigned = data.get("assignment").filter(|to| to.get("type").and_then(Value::as_str) == Some("project"));
    let id = match name.group() {
        "project" => data.get("id"),
        _ => data.get("projectId").or_else(|| assigned.and_then(|project| project.get("id"))),
    };
    id.and_then(Value::as_str)
}

/// That of a dry run: its id is of the right form and no event's, and whether its idempotency key was used before is not known.
fn dry_answer(caller: &Caller, now: Timestamp) -> Reply {
    let mut body = told(caller, &ids::new_id("evt_", now), false);
    body["dryRun"] = json!(true);
    Reply::ok(&body)
}

fn answer(caller: &Caller, event_id: &str, duplicate: bool) -> Reply {
    let action = if duplicate { "duplicate" } else { "published" };
    let (id, events) = (Some(event_id.to_owned()), usize::from(!duplicate));
    let facts = Facts { action: Some(action), id, events, ..Facts::default() };
    Reply::ok(&told(caller, event_id, duplicate)).with_facts(facts)
}

fn told(caller: &Caller, event_id: &str, duplicate: bool) -> Value {
    let is_stopped = !duplicate && caller.trace.hops() >= MAX_HOPS;
    let warnings: Vec<Warning> = is_stopped.then(Warning::loop_stopped).into_iter().collect();
    json!({ "success": true, "eventId": event_id, "duplicate": duplicate, "warnings": warnings })
}
