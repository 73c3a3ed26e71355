//! What a request is answered with when it was not refused, or how it was when a record stood in its way.

use domain::events::EventDraft;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Action, Warning, WarningCode};
use domain::rules::fields::text;
use domain::trace::MAX_HOPS;
use serde_json::{Map, Value, json};
use store::records::Stored;

use super::request::Run;
use crate::http::{Facts, Reply};
use crate::problem::Problem;

/// A good answer, of a call or of one record of a batch.
pub(super) struct Receipt {
    pub(super) body: Value,
    pub(super) facts: Facts,
}

impl Receipt {
    pub(super) fn into_reply(self) -> Reply {
        Reply::ok(&self.body).with_facts(self.facts)
    }
}

impl Run<'_> {
    pub(super) fn exists(&self, stored: &Stored) -> Problem {
        let (kind, key) = (self.parsed.kind.name(), self.parsed.kind.model().key);
        let detail = format!("There is a {kind} with this {key} already: {}. Send it as an update.", stored.id);
        Rejection::conflict(ConflictCode::AlreadyExists, detail).into()
    }

    /// 200 with a warning, for a body that is older than what is stored.
    pub(super) fn stale(&self, stored: &Map<String, Value>) -> Receipt {
        let warning = Warning {
            code: WarningCode::StaleUpdate,
            field: "sourceUpdatedAt".to_owned(),
            message: "is older than what is stored, so nothing was changed".to_owned(),
        };
        self.answer(Action::Unchanged, stored, &[], &[warning])
    }

    /// The answer, `docs/contract.md#success`.
    pub(super) fn answer(
        &self,
        action: Action,
        body: &Map<String, Value>,
        events: &[EventDraft],
        warnings: &[Warning],
    ) -> Receipt {
        let raised = if self.is_dry { 0 } else { events.len() };
        let events: Vec<_> = events.iter().map(|draft| draft.name.as_str()).collect();
        let is_stopped = !events.is_empty() && self.caller.trace.hops() >= MAX_HOPS;
        let warnings: Vec<_> = warnings.iter().cloned().chain(is_stopped.then(Warning::loop_stopped)).collect();
        let key = self.parsed.kind.model().key;
        let fields = ["id", key, "status", "version", "createdAt", "updatedAt"];
        let data: Map<String, Value> =
            fields.into_iter().filter_map(|field| Some((field.to_owned(), body.get(field)?.clone()))).collect();
        let known = |field| text(body, field).map(str::to_owned);
        let (number, id) = (known(key), known("id"));
        let facts = Facts { action: Some(action.as_str()), number, id, events: raised, ..Facts::default() };
        let mut body = json!({
            "success": true,
            "message": "Request processed successfully",
            "action": action.as_str(),
            "data": data,
            "events": events,
            "warnings": warnings,
            "requestId": self.caller.request_id,
        });
        if self.is_dry {
            body["dryRun"] = json!(true);
        }
        Receipt { body, facts }
    }
}
