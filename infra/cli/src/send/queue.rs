//! The records that are left to send, in their order, and which of them go together.

use std::collections::VecDeque;
use std::time::Duration;

use crate::api::backoff;
use crate::send::Outcome;
use crate::send::client::{Client, Fate, TRIES};
use crate::send::rows::Row;

/// A record that is left to send.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) row: Row,
    /// Its name in the journal.
    pub(super) mark: String,
    /// How often the API has failed at it.
    failures: u32,
}

#[derive(Debug)]
pub(super) struct Queue {
    pending: VecDeque<Pending>,
    /// How many of them, the first ones, are a batch that was sent before.
    unanswered: usize,
    /// How long what failed is left alone.
    pause: Duration,
}

impl Pending {
    pub(super) const fn new(row: Row, mark: String) -> Self {
        Self { row, mark, failures: 0 }
    }
}

impl Queue {
    /// `unanswered` are the marks of a batch of which nobody knows whether it was answered. It is sent again as it was, so that
    /// the API knows it, unless the file has changed.
    pub(super) fn new(pending: Vec<Pending>, unanswered: &[String]) -> Self {
        let place = |one: &Pending| unanswered.iter().position(|mark| *mark == one.mark).unwrap_or(usize::MAX);
        let mut pending = pending;
        let known = pending.iter().filter(|one| place(one) < unanswered.len()).count();
        let unanswered = if known == unanswered.len() { known } else { 0 };
        if unanswered > 0 {
            pending.sort_by_cached_key(place);
        }
        Self { pending: pending.into(), unanswered, pause: Duration::ZERO }
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// How long to wait before the next batch.
    pub(super) const fn pause(&self) -> Duration {
        self.pause
    }

    /// Takes the next batch out; empty when nothing is left.
    pub(super) fn batch(&mut self, client: &Client<'_>) -> Vec<Pending> {
        let count = match std::mem::take(&mut self.unanswered) {
            0 => client.fitting(self.pending.iter().map(|one| &one.row)),
            count => count,
        };
        self.pending.drain(..count.min(self.pending.len())).collect()
    }

    /// Puts back what of a batch has to be sent again, before everything else: what comes later may be about the same. Returns
    /// the others.
    pub(super) fn settle(&mut self, batch: Vec<Pending>, fates: Vec<Fate>) -> Vec<(Pending, Outcome)> {
        let (mut settled, mut again) = (Vec::with_capacity(batch.len()), Vec::new());
        for (one, fate) in batch.into_iter().zip(fates) {
            match fate {
                Fate::Settled(outcome) => settled.push((one, outcome)),
                Fate::Again => again.push(one),
                Fate::Failed(problem) if one.failures + 1 == TRIES => settled.push((one, Outcome::Refused(problem))),
                Fate::Failed(_) => again.push(Pending { failures: one.failures + 1, ..one }),
            }
        }
        self.pause = again.iter().map(|one| backoff(one.failures)).max().unwrap_or_default();
        again.into_iter().rev().for_each(|one| self.pending.push_front(one));
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Problem;

    fn pending(marks: &[&str]) -> Vec<Pending> {
        let row = |place| Row { place, body: serde_json::Map::new() };
        (1..).zip(marks).map(|(place, mark)| Pending::new(row(place), (*mark).to_owned())).collect()
    }

    fn marks<'a>(pending: impl IntoIterator<Item = &'a Pending>) -> Vec<&'a str> {
        pending.into_iter().map(|one| one.mark.as_str()).collect()
    }

    fn queue(left: &[&str], unanswered: &[&str]) -> Queue {
        let unanswered: Vec<String> = unanswered.iter().map(|mark| (*mark).to_owned()).collect();
        Queue::new(pending(left), &unanswered)
    }

    #[test]
    fn an_unanswered_batch_is_the_first_one_as_it_was() {
        let again = queue(&["new", "b", "a", "c"], &["a", "b"]);
        assert_eq!((marks(&again.pending), again.unanswered), (vec!["a", "b", "new", "c"], 2));
        let changed = queue(&["new", "b", "c"], &["a", "b"]);
        assert_eq!((marks(&changed.pending), changed.unanswered), (vec!["new", "b", "c"], 0), "it can't be sent again");
    }

    #[test]
    fn what_has_to_be_sent_again_comes_before_the_rest_and_not_for_ever() {
        let accepted = || Fate::Settled(Outcome::Accepted("created".to_owned()));
        let failed = || Fate::Failed(Problem { status: 500, ..Problem::default() });
        let mut queue = queue(&["d"], &[]);
        let settled = queue.settle(pending(&["a", "b", "c"]), vec![failed(), accepted(), Fate::Again]);
        assert_eq!(marks(settled.iter().map(|(one, _)| one)), ["b"]);
        assert_eq!((marks(&queue.pending), queue.pause), (vec!["a", "c", "d"], Duration::from_secs(1)));
        for pause in [2, 1] {
            let batch: Vec<Pending> = queue.pending.drain(..).collect();
            let settled = queue.settle(batch, vec![failed(), Fate::Again, Fate::Again]);
            assert_eq!(queue.pause.as_secs(), pause);
            assert!(settled.iter().all(|(one, outcome)| one.mark == "a" && matches!(outcome, Outcome::Refused(_))));
        }
        assert_eq!(marks(&queue.pending), ["c", "d"]);
    }
}
