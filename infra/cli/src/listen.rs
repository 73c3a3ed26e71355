//! `listen`: events of a deployment, brought to a receiver on this machine.

mod position;

use std::time::Duration;

use domain::attempt::Answer;
use serde_json::{Value, json};

use crate::Surroundings;
use crate::api::{Api, backoff};
use crate::arguments::Listen;
use crate::failure::Failure;
use crate::feed::{Feed, FeedEvent, Place};
use crate::forward::{self, Forwarder, Outbound};
use crate::output::Output;
use crate::secrets;
use position::Position;

/// What came of the events so far.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
}

struct Listener<'a> {
    api: &'a Api,
    wanted: &'a Listen,
    feed: Feed<'a>,
    forwarder: Forwarder,
    position: Position,
    tally: Tally,
}

/// Forwards events until it is interrupted; with `--once` until there are no more, and then returns whether the receiver
/// has accepted all of them.
pub(crate) async fn listen(
    api: &Api,
    wanted: &Listen,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let now = api.clock.now();
    let begin = wanted.which.since.map(|since| since.time(now));
    let path = match &wanted.state {
        Some(path) => path.clone(),
        None => position::default_path(api, &wanted.forward, surroundings)?,
    };
    let position = Position::open(&path, api.url(), begin, now)?;
    let session = secrets::session_secret(wanted.secret_file.as_deref(), surroundings)?;
    output.note(&session.note);
    output.note(&format!("{}; the position is kept in {}.", position.begins(), path.display()));
    let forwarder = Forwarder::new(&wanted.forward, session.secret)?;
    let feed = Feed::new(api, &wanted.which.events);
    let mut listener = Listener { api, wanted, feed, forwarder, position, tally: Tally::default() };
    listener.run(output).await?;
    let Tally { accepted, refused } = listener.tally;
    output.note(&format!("There are no more events: {accepted} accepted, {refused} not."));
    Ok(refused == 0)
}

impl Listener<'_> {
    async fn run(&mut self, output: &mut Output<'_>) -> Result<(), Failure> {
        loop {
            let place = self.position.place().clone();
            let page = self.feed.page(&place, output).await?;
            for event in &page.data {
                if self.feed.wants(&event.event) && !self.position.is_done(&event.id) {
                    self.deliver(event, output).await?;
                    self.position.note(&event.id)?;
                }
            }
            self.position.go_on(page.end(&place))?;
            if !page.has_more() && self.wanted.which.once {
                return Ok(());
            }
            self.feed.wait(&page).await;
        }
    }

    /// Sends an event until the receiver accepts it, or has refused it often enough. Without an answer nobody has refused
    /// it: the receiver is not there, and is waited for.
    async fn deliver(&mut self, event: &FeedEvent, output: &mut Output<'_>) -> Result<(), Failure> {
        let outbound =
            Outbound { event_id: &event.id, event: &event.event, timestamp: &event.timestamp, data: &event.data };
        let (mut refusals, mut silences) = (0, 0);
        loop {
            let answer = self.forwarder.send(&outbound, refusals + silences, self.api.clock.now()).await;
            let counted = if answer.status_code.is_some() { &mut refusals } else { &mut silences };
            *counted += 1;
            let pause = backoff(*counted);
            let is_last = answer.is_success() || refusals > self.wanted.retries;
            // While nobody is there, one line says so.
            if answer.status_code.is_some() || silences == 1 {
                let next = (!is_last).then_some(pause);
                let (line, json) = self.told(event, &answer, refusals + silences, next);
                output.entry(&line, &json)?;
            }
            if is_last {
                let count = if answer.is_success() { &mut self.tally.accepted } else { &mut self.tally.refused };
                *count += 1;
                return Ok(());
            }
            self.api.clock.wait(pause).await;
        }
    }

    /// An attempt as a line, and for programs.
    fn told(&self, event: &FeedEvent, answer: &Answer, attempt: u32, next: Option<Duration>) -> (String, Value) {
        let after = match next {
            None if answer.is_success() => String::new(),
            None => "; it is not sent again".to_owned(),
            Some(_) if answer.status_code.is_none() => "; it is sent until there is one".to_owned(),
            Some(pause) => format!("; again in {} s", pause.as_secs()),
        };
        let (time, name, about) = (event.time(), &event.event, event.about());
        let line = format!("{time}  {name}  {about}  {}  {}{after}", event.id, forward::in_words(answer));
        let line = crate::output::printable(&line);
        let mut json = json!({
            "eventId": event.id,
            "event": event.event,
            "subject": event.subject,
            "timestamp": event.timestamp,
            "deliveryId": self.forwarder.delivery_id(&event.id),
            "attempt": attempt,
            "nextInSeconds": next.map(|pause| pause.as_secs()),
        });
        if let (Value::Object(json), Value::Object(mut answer)) = (&mut json, forward::as_json(answer)) {
            json.append(&mut answer);
        }
        (line, json)
    }
}

impl Position {
    /// Where it begins, for people.
    fn begins(&self) -> String {
        match self.place() {
            Place::Since(at) => format!("It begins with events of {}", domain::clock::rfc3339(*at)),
            Place::After(_) => "It goes on where it stopped".to_owned(),
        }
    }
}
