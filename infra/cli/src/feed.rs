//! The feed of events, read page by page.

use std::time::Duration;

use domain::endpoint::EventFilter;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Api, Call, Problem, Trouble, backoff};
use crate::failure::Failure;
use crate::output::Output;
use crate::rates::Rates;

/// The shortest time between two pages when there is nothing new: events appear twenty seconds after they happened.
const SHORTEST_PAUSE: Duration = Duration::from_secs(5);
/// The events of a page.
const PAGE: &str = "100";

/// A place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
    /// Before the first event of a call that arrived then or later.
    Since(Timestamp),
    /// Behind what a page has had.
    After(String),
}

/// An event of the feed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FeedEvent {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) timestamp: Value,
    #[serde(default)]
    pub(crate) subject: Value,
    pub(crate) data: Value,
    #[serde(rename = "requestId", default)]
    request_id: Value,
}

/// A page of the feed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) data: Vec<FeedEvent>,
    next_cursor: Option<String>,
    resume_after: Option<String>,
    #[serde(skip)]
    rates: Rates,
}

/// Reads the feed.
#[derive(Debug)]
pub(crate) struct Feed<'a> {
    api: &'a Api,
    events: &'a [EventFilter],
}

impl<'a> Feed<'a> {
    /// The feed of the key's account; of `events`, unless there are none of them.
    pub(crate) const fn new(api: &'a Api, events: &'a [EventFilter]) -> Self {
        Self { api, events }
    }

    /// Whether an event is wanted. One that this program does not know yet is, where it asks for all.
    pub(crate) fn wants(&self, event: &str) -> bool {
        let named = |filter: &EventFilter| match (event.parse(), filter) {
            (Ok(event), filter) => filter.matches(event),
            (Err(_), EventFilter::All) => true,
            (Err(_), EventFilter::Group(group)) => event.split('.').next() == Some(group),
            (Err(_), EventFilter::One(_)) => false,
        };
        self.events.is_empty() || self.events.iter().any(named)
    }

    /// Reads a page, as soon as it can be had: what is a matter of time is said once and waited for.
    pub(crate) async fn page(&self, place: &Place, output: &mut Output<'_>) -> Result<Page, Failure> {
        let mut failures = 0;
        loop {
            match self.try_page(place).await {
                Ok(page) => {
                    if failures > 0 {
                        output.note(&format!("{} answers again.", self.api.url()));
                    }
                    return Ok(page);
                }
                Err(Trouble::Limited(wait)) => self.api.clock.wait(wait).await,
                Err(trouble) => {
                    let sentence = passing(trouble)?;
                    failures += 1;
                    if failures == 1 {
                        output.note(&format!("{sentence}. It is asked again until it answers."));
                    }
                    self.api.clock.wait(backoff(failures)).await;
                }
            }
        }
    }

    async fn try_page(&self, place: &Place) -> Result<Page, Trouble> {
        let mut call = Call::get("/api/events").with("limit", PAGE);
        call = match place {
            Place::Since(at) => call.with("since", at.to_string()),
            Place::After(cursor) => call.with("after", cursor),
        };
        // With several of them the feed is read whole.
        if let [EventFilter::One(event)] = self.events {
            call = call.with("event", event.as_str());
        }
        let answer = self.api.call(&call).await?;
        let page = serde_json::from_value::<Page>(answer.body);
        let page = page.map_err(|_| {
            let detail = format!("{} answers with something else than events", self.api.url());
            Trouble::Refused(Box::new(Problem { detail, ..Problem::default() }), Rates::default())
        })?;
        Ok(Page { rates: answer.rates, ..page })
    }

    /// Waits until it is worth while to read the next page.
    pub(crate) async fn wait(&self, page: &Page) {
        let pause =
            if page.has_more() { page.rates.pause(u64::MAX) } else { page.rates.pause_of_half().max(SHORTEST_PAUSE) };
        self.api.clock.wait(pause).await;
    }
}

/// What is a matter of time, as a sentence; the rest ends the command. That an answer can't be made now ends nothing here.
fn passing(trouble: Trouble) -> Result<String, Failure> {
    match trouble {
        Trouble::Passing(sentence) => Ok(sentence.trim_end_matches('.').to_owned()),
        Trouble::Refused(problem, _) if problem.status >= 500 => Ok(problem.detail.trim_end_matches('.').to_owned()),
        other => Err(other.into()),
    }
}

impl Page {
    /// Whether there are more events now.
    pub(crate) const fn has_more(&self) -> bool {
        self.next_cursor.is_some()
    }

    /// The place behind this page.
    pub(crate) fn end(&self, begin: &Place) -> Place {
        self.resume_after.clone().map_or_else(|| begin.clone(), Place::After)
    }
}

impl FeedEvent {
    /// The number of the record that it is about, or its id, or nothing.
    pub(crate) fn about(&self) -> &str {
        let text = |name: &str| self.subject.get(name).and_then(Value::as_str);
        text("number").or_else(|| text("id")).unwrap_or("-")
    }

    /// The time that it happened, as it was sent.
    pub(crate) fn time(&self) -> &str {
        self.timestamp.as_str().unwrap_or_default()
    }

    /// As the feed has it.
    pub(crate) fn json(&self) -> Value {
        let Self { id, event, timestamp, subject, data, request_id } = self;
        json!({ "id": id, "event": event, "subject": subject, "timestamp": timestamp, "data": data, "requestId": request_id })
    }
}
