//! A preview: which of the latest events a subscription would get, before anything is saved.

use domain::clock::whole_seconds;
use domain::defect::Defects;
use domain::endpoint::{Candidate, EventFilter, SealedSecret, Unmet};
use domain::events::EventName;
use domain::filter::Filters;
use domain::outbox::StoredEvent;
use domain::subject::Subject;
use inbound::http::{Facts, Reply};
use inbound::manage::bodies::PREVIEW;
use inbound::manage::body::Form;
use inbound::problem::Problem;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use store::events::{FeedEvent, raised_at};

use crate::Call;
use crate::conditions::Conditions;

/// How many events are looked at.
const LOOKED_AT: usize = 100;

/// What a subscription would have got.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    /// Whether these are the catalog's examples, for want of events.
    examples: bool,
    examined: usize,
    matched: usize,
    /// Newest first.
    events: Vec<Judged<'a>>,
    key: CallerKey<'a>,
}

/// An event, and why the subscription leaves it out, if it does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Judged<'a> {
    id: Option<&'a str>,
    event: EventName,
    subject: Option<&'a Subject>,
    raised_at: Option<Timestamp>,
    unmet: Option<Unmet>,
}

/// The key of the call. One that sends may belong to who will receive, which then has to leave out its own events.
#[derive(Serialize)]
struct CallerKey<'a> {
    id: &'a str,
    name: &'a str,
    sends: bool,
}

impl Call<'_> {
    /// Tells which of the account's latest events a subscription would get; of the catalog's examples in an account
    /// without events.
    pub(crate) async fn preview(&self, body: Map<String, Value>) -> Result<Reply, Problem> {
        let mut defects = Defects::default();
        let (_, conditions) = Conditions::read(&PREVIEW, body, Form::New, &mut defects);
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        let mut endpoint = self.blank(String::new(), SealedSecret { sealed: String::new(), hint: String::new() });
        endpoint.events = vec![EventFilter::All];
        conditions.apply(&mut endpoint);
        self.skip_keys(&mut endpoint, &conditions).await?;
        let latest = self.function.events.latest(self.account(), None, None, LOOKED_AT).await?.events;
        let examples = latest.is_empty();
        let found = if examples { examples_of_catalog() } else { latest };
        let filters = Filters::default();
        let judge = |found: &FeedEvent| {
            endpoint.unmet(&Candidate::caused_by(found.key_line.as_deref(), &found.event), &filters)
        };
        let events: Vec<_> = found.iter().map(|found| Judged::new(found, judge(found), examples)).collect();
        let key = &self.caller.key;
        let view = Preview {
            examples,
            examined: events.len(),
            matched: events.iter().filter(|event| event.unmet.is_none()).count(),
            events,
            key: CallerKey { id: self.caller.key_id(), name: &key.name, sends: key.sends() },
        };
        Ok(Reply::ok(&view).with_facts(Facts { action: Some("previewed"), ..Facts::default() }))
    }
}

impl<'a> Judged<'a> {
    fn new(found: &'a FeedEvent, unmet: Option<Unmet>, is_example: bool) -> Self {
        let event = &found.event;
        let raised = raised_at(event.id.trim_start_matches("evt_")).ok().map(whole_seconds);
        Self {
            id: (!is_example).then_some(event.id.as_str()),
            event: event.name,
            subject: event.subject.as_ref(),
            raised_at: raised.filter(|_| !is_example),
            unmet,
        }
    }
}

fn examples_of_catalog() -> Vec<FeedEvent> {
    let example = |name| FeedEvent {
        event: StoredEvent::example(String::new(), name),
        request_id: String::new(),
        key_line: None,
    };
    EventName::ALL.into_iter().map(example).collect()
}
