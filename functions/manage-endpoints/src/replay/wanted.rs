//! What a replay is for, and what that makes of one event.

use domain::clock::is_recent;
use domain::defect::{DefectCode, Defects};
use domain::delivery::{Delivery, DeliveryStatus, Trigger};
use domain::endpoint::{EndpointStatus, EventFilter};
use domain::events::EventName;
use inbound::manage::bodies::REPLAY;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::conditions::filters;

/// What a replay has sent so lately belongs to that replay: a client that calls again because it saw no answer, or is
/// on its way through the calls of a long one, sends nothing twice.
const SENT_LATELY_SECONDS: i64 = 600;
/// Events are kept for as long.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Which deliveries are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// Those that failed or were cancelled, or wait for the endpoint to be enabled.
    Failed,
    /// Missing ones, of events that the endpoint subscribes to.
    Missing,
    /// Both, and successful ones.
    All,
}

/// What a replay is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) since: Timestamp,
    /// Outside.
    pub(super) until: Timestamp,
    events: Option<Vec<EventFilter>>,
    only: Only,
    pub(super) dry_run: bool,
}

/// What becomes of an event's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is not sent.
    Leave,
    /// It will be sent anyway.
    UnderWay,
    /// A new series begins.
    Again,
    /// It is created.
    First,
}

impl Wanted {
    /// Reads a body and reports every defect.
    pub(super) fn parse(sent: Map<String, Value>, now: Timestamp) -> Result<Self, Problem> {
        let mut defects = Defects::default();
        let names = sent.get("events").filter(|names| !names.is_null()).cloned();
        let read = body::read(&REPLAY, sent, Form::New, &mut defects);
        let time = |name: &str| read.get(name).and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        let since = time("since");
        // The current second is not over: by default it is included.
        let until = time("until").unwrap_or(now + SignedDuration::from_secs(1));
        let until_is_bad = defects.iter().any(|defect| defect.field == "until");
        if let Some(since) = since.filter(|_| !until_is_bad) {
            check_span(since, until, &mut defects);
        }
        let events = names.map(|names| filters(&names, &mut defects));
        let only = match read.get("only").and_then(Value::as_str) {
            Some("missing") => Only::Missing,
            Some("all") => Only::All,
            _ => Only::Failed,
        };
        let dry_run = read.get("dryRun").and_then(Value::as_bool).unwrap_or(false);
        match since {
            Some(since) if defects.is_empty() => Ok(Self { since, until, events, only, dry_run }),
            _ => Err(Problem::invalid(defects)),
        }
    }

    /// Whether events of this type match.
    pub(super) fn names(&self, name: EventName) -> bool {
        self.events.as_ref().is_none_or(|events| events.iter().any(|filter| filter.matches(name)))
    }

    /// What becomes of an event whose delivery stands so, if there is one; `selected`: whether the endpoint asks for
    /// it.
    pub(super) fn step(&self, selected: bool, delivery: Option<Stands>) -> Step {
        match (delivery, self.only) {
            (None, Only::Missing | Only::All) if selected => Step::First,
            (Some(Stands::UnderWay), _) | (Some(Stands::SentLately), Only::All) => Step::UnderWay,
            // It was cancelled because the endpoint does not subscribe to it.
            (Some(Stands::Cancelled), _) if !selected => Step::Leave,
            (Some(Stands::Waiting | Stands::Failed | Stands::Cancelled), Only::Failed | Only::All)
            | (Some(Stands::Delivered), Only::All) => Step::Again,
            _ => Step::Leave,
        }
    }
}

/// How a delivery stands, as far as a replay minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It will be sent anyway, when its time comes.
    UnderWay,
    /// It waits, or has waited, for its endpoint to be enabled.
    Waiting,
    Failed,
    Cancelled,
    Delivered,
    /// A replay has delivered it in the last minutes.
    SentLately,
}

impl Stands {
    pub(super) fn of(delivery: &Delivery, endpoint: EndpointStatus, now: Timestamp) -> Self {
        match delivery.status {
            DeliveryStatus::Pending | DeliveryStatus::Retrying => {
                let waits = delivery.waiting_since.is_some() || endpoint == EndpointStatus::Disabled;
                if waits { Self::Waiting } else { Self::UnderWay }
            }
            DeliveryStatus::Failed => Self::Failed,
            DeliveryStatus::Cancelled => Self::Cancelled,
            DeliveryStatus::Delivered => {
                let lately = delivery.completed_at.is_some_and(|at| is_recent(at, now, SENT_LATELY_SECONDS));
                if delivery.trigger == Trigger::Replay && lately { Self::SentLately } else { Self::Delivered }
            }
        }
    }
}

fn check_span(since: Timestamp, until: Timestamp, defects: &mut Defects) {
    if since >= until {
        defects.push("since", DefectCode::DateOrder, "must be before until, which is the present by default");
    } else if until.duration_since(since) > LONGEST + SignedDuration::from_secs(1) {
        defects.push("since", DefectCode::OutsideWindow, "must be at most 30 days before until");
    }
}

#[cfg(test)]
mod tests {
    use Stands::{Cancelled, Delivered, Failed, SentLately, UnderWay, Waiting};
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<Wanted, Vec<String>> {
        let now = "2025-10-20T14:30:00Z".parse().unwrap();
        Wanted::parse(body.as_object().unwrap().clone(), now)
            .map_err(|problem| problem.errors.iter().map(|d| format!("{} {:?}", d.field, d.code)).collect())
    }

    #[test]
    fn by_default_it_is_what_failed_until_now() {
        let wanted = parse(&json!({"since": "2025-10-20T00:00:00Z"})).unwrap();
        assert_eq!((wanted.only, wanted.dry_run), (Only::Failed, false));
        assert_eq!(wanted.until.to_string(), "2025-10-20T14:30:01Z");
        assert!(wanted.names(EventName::VendorCreated));
        let some = parse(&json!({"since": "2025-10-20T00:00:00Z", "events": ["vendor.*"]})).unwrap();
        assert!(some.names(EventName::VendorCreated) && !some.names(EventName::ProjectCreated));
    }

    #[test]
    fn a_span_has_a_beginning_an_end_and_30_days_at_most() {
        assert_eq!(parse(&json!({})).unwrap_err(), ["since Required"]);
        assert_eq!(parse(&json!({"since": "2025-10-21T00:00:00Z"})).unwrap_err(), ["since DateOrder"]);
        assert!(parse(&json!({"since": "2025-09-20T14:30:00Z"})).is_ok());
        assert_eq!(parse(&json!({"since": "2025-09-20T14:29:59Z"})).unwrap_err(), ["since OutsideWindow"]);
        let wrong =
            json!({"since": "2025-10-20T00:00:00Z", "events": ["workorder.exploded"], "only": "some", "dryRun": 1});
        assert_eq!(parse(&wrong).unwrap_err(), ["dryRun InvalidType", "events[0] InvalidValue", "only InvalidValue"]);
    }

    #[test]
    fn what_is_under_way_is_left_alone_whatever_is_wanted() {
        let step = |only: &str, selected, delivery| {
            parse(&json!({"since": "2025-10-20T00:00:00Z", "only": only})).unwrap().step(selected, delivery)
        };
        for only in ["failed", "missing", "all"] {
            assert_eq!(step(only, true, Some(UnderWay)), Step::UnderWay);
            assert_eq!(step(only, false, Some(UnderWay)), Step::UnderWay);
            assert_eq!(step(only, false, None), Step::Leave, "{only}: nobody asks for it");
            assert_eq!(step(only, false, Some(Cancelled)), Step::Leave, "{only}: nobody asks for it any more");
        }
        for (only, none, failed, delivered, lately) in [
            ("failed", Step::Leave, Step::Again, Step::Leave, Step::Leave),
            ("missing", Step::First, Step::Leave, Step::Leave, Step::Leave),
            ("all", Step::First, Step::Again, Step::Again, Step::UnderWay),
        ] {
            assert_eq!(step(only, true, None), none, "{only}");
            assert_eq!([Failed, Waiting].map(|stands| step(only, false, Some(stands))), [failed; 2], "{only}");
            assert_eq!(step(only, true, Some(Cancelled)), failed, "{only}");
            assert_eq!(step(only, true, Some(Delivered)), delivered, "{only}");
            assert_eq!(step(only, true, Some(SentLately)), lately, "{only}");
        }
    }
}
