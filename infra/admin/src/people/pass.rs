//! One pass through the tables that may name a person.

use std::collections::HashSet;

use domain::json;
use domain::models::Kind;
use domain::outbox::Outbox;
use domain::refusal::Refusal;
use serde_json::{Map, Value};
use store::StoreError;
use store::erasing::{Mode, Tally};
use store::range::IdRange;
use store::records::{Card, Kept};
use store::tables::{DELIVERIES, EVENTS, IDEMPOTENCY, RECORDS, REQUESTS};

use super::Erasure;
use crate::erasure::Outcome;
use crate::failure::Failure;

/// How many outbox items are read at a time.
const PAGE: i32 = 500;

/// What is sent about the person.
#[derive(Default)]
struct Own {
    outboxes: Vec<Outbox>,
    event_ids: HashSet<String>,
}

impl Erasure<'_> {
    /// Erases what all tables have of the person, but for the tombstone of its own record and the copy. What moves meanwhile
    /// is found by the next pass.
    pub(super) async fn pass(&self) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        self.erase_events(&mut outcome).await?;
        let answers = self.aws.environment.idempotency()?;
        let erased = answers.erase(self.account, self.mode, |text| self.person.is_mentioned_in(text)).await;
        outcome.remove(IDEMPOTENCY, erased.map_err(self.aws.on(IDEMPOTENCY))?);
        outcome.add(RECORDS, &self.erase_records().await?);
        let refused = self.aws.environment.requests()?;
        let erased = refused.erase(self.account, self.mode, |refusal| self.is_about(refusal)).await;
        outcome.remove(REQUESTS, erased.map_err(self.aws.on(REQUESTS))?);
        Ok(outcome)
    }

    /// Whether a refused call was about the employee, has its id or names it. Whether a request for time off was the
    /// employee's, nothing says any more: of such a call there is its number.
    fn is_about(&self, refusal: &Refusal) -> bool {
        let has_number = |number| refusal.subject.as_ref().is_some_and(|subject| subject.is(Kind::Employee, number));
        self.person.number().is_some_and(has_number) || self.person.is_mentioned_in(&json::write(refusal))
    }

    /// The deliveries first: what is left of them is found by the events.
    async fn erase_events(&self, outcome: &mut Outcome) -> Result<(), Failure> {
        let (own, mut tally) = self.own_events().await?;
        let deliveries = self.aws.environment.deliveries()?;
        let names = |text: &str| self.person.is_mentioned_in(text);
        let erased = deliveries.erase(self.account, &own.event_ids, self.mode, names).await;
        outcome.add(DELIVERIES, &erased.map_err(self.aws.on(DELIVERIES))?);
        if self.mode == Mode::Erase {
            let events = self.aws.environment.events()?;
            for outbox in &own.outboxes {
                events.erase(outbox, &own.event_ids, self.aws.now).await.map_err(self.aws.on(EVENTS))?;
            }
        }
        tally.removed = own.event_ids.len();
        outcome.add(EVENTS, &tally);
        Ok(())
    }

    async fn own_events(&self) -> Result<(Own, Tally), Failure> {
        let (mut own, mut tally) = (Own::default(), Tally::default());
        let (events, mut range) = (self.aws.environment.events()?, IdRange::default());
        loop {
            let survey = events.survey(self.account, range, PAGE).await.map_err(self.aws.on(EVENTS))?;
            for (_, outbox) in survey.outboxes {
                match outbox {
                    Ok(outbox) => own.extend(self.events_in(&outbox), outbox),
                    Err(error) => tally.unreadable.push(error),
                }
            }
            match survey.stopped {
                Some(last) => range = range.behind(&last),
                None => return Ok((own, tally)),
            }
        }
    }

    fn events_in(&self, outbox: &Outbox) -> Vec<String> {
        let own = outbox.events.iter().filter(|event| self.person.is_in_event(event.name, &event.body));
        own.map(|event| event.id.clone()).collect()
    }

    async fn erase_records(&self) -> Result<Tally, Failure> {
        let (mut tally, mut next) = (Tally::default(), None);
        loop {
            let page = self.records.all(self.account, next).await.map_err(self.aws.on(RECORDS))?;
            tally.unreadable.extend(page.unreadable);
            for kept in &page.records {
                self.erase_record(kept, &mut tally).await?;
            }
            for card in &page.cards {
                tally.changed(self.erase_card(card).await).map_err(self.aws.on(RECORDS))?;
            }
            next = page.next;
            if next.is_none() {
                return Ok(tally);
            }
        }
    }

    /// Time off goes, other records lose what names the person. Its own record goes at the end.
    async fn erase_record(&self, kept: &Kept, tally: &mut Tally) -> Result<(), Failure> {
        let is_own = self.person.owns(kept.kind, &kept.body);
        match kept.kind {
            Kind::Employee if is_own => Ok(()),
            Kind::TimeOff if is_own => self.erase_time_off(kept, tally).await,
            kind => {
                let change = |body: &mut Map<String, Value>| self.person.erase_from(kind, body);
                let changed = match self.mode {
                    Mode::Count => Ok(change(&mut kept.body.clone())),
                    Mode::Erase => self.records.rewrite(kept, change).await,
                };
                tally.changed(changed).map_err(self.aws.on(RECORDS))
            }
        }
    }

    async fn erase_time_off(&self, kept: &Kept, tally: &mut Tally) -> Result<(), Failure> {
        tally.removed += 1;
        if self.mode == Mode::Count {
            return Ok(());
        }
        self.delete(Kind::TimeOff, &kept.id).await?;
        self.records.delete_tombstone(kept).await.map_err(self.aws.on(RECORDS))?;
        Ok(())
    }

    async fn erase_card(&self, card: &Card) -> Result<bool, StoreError> {
        match self.mode {
            _ if ![&card.text, &card.id].into_iter().any(|text| self.person.is_mentioned_in(text)) => Ok(false),
            Mode::Count => Ok(true),
            Mode::Erase => self.records.blank(card).await,
        }
    }
}

impl Own {
    fn extend(&mut self, event_ids: Vec<String>, outbox: Outbox) {
        if !event_ids.is_empty() {
            self.event_ids.extend(event_ids);
            self.outboxes.push(outbox);
        }
    }
}
