//! Calls of one caller that come while another of its calls is being counted: they are counted together, in one update.
//!
//! A process that answers one request at a time, as in Lambda, never has any. A process that answers many would otherwise
//! write the same item for each of them, one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::rate_limit::Usage;
use tokio::sync::oneshot;

use crate::StoreError;

type Counted = Result<Usage, StoreError>;

/// Who is being counted, by window. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, Shared>>>);

/// The turn of a window, and how many calls take part in it.
#[derive(Debug, Default)]
struct Shared {
    turn: Arc<Turn>,
    calls: usize,
}

/// The calls of one window.
#[derive(Debug, Default)]
struct Turn {
    /// Held by the call that counts for all that wait.
    counting: tokio::sync::Mutex<()>,
    waiting: Mutex<Vec<oneshot::Sender<Counted>>>,
}

/// A call's part in the turn of its window, which is forgotten with the last of them.
struct Part<'a>(&'a Turns, &'a str);

impl Turns {
    /// Counts a call. `count` counts this many calls of the window, and returns what came of each in their order.
    ///
    /// # Errors
    /// Those of `count`, for all calls that were counted together.
    pub(super) async fn take<F>(&self, window: &str, count: impl Fn(usize) -> F) -> Counted
    where
        F: Future<Output = Result<Vec<Usage>, StoreError>>,
    {
        let (turn, _part) = self.join(window);
        turn.take(count).await
    }

    fn join<'a>(&'a self, window: &'a str) -> (Arc<Turn>, Part<'a>) {
        let mut turns = lock(&self.0);
        let shared = turns.entry(window.to_owned()).or_default();
        shared.calls += 1;
        (Arc::clone(&shared.turn), Part(self, window))
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let Self(turns, window) = self;
        let mut turns = lock(&turns.0);
        if let Some(shared) = turns.get_mut(*window) {
            shared.calls -= 1;
            if shared.calls == 0 {
                turns.remove(*window);
            }
        }
    }
}

impl Turn {
    async fn take<F>(&self, count: impl Fn(usize) -> F) -> Counted
    where
        F: Future<Output = Result<Vec<Usage>, StoreError>>,
    {
        // Again when the call that was counting for this one is dropped before it could answer.
        loop {
            let (counted, mut answer) = oneshot::channel();
            lock(&self.waiting).push(counted);
            tokio::select! {
                biased;
                Ok(counted) = &mut answer => return counted,
                _counting = self.counting.lock() => self.count_all(&count).await,
            }
            if let Ok(counted) = answer.try_recv() {
                return counted;
            }
        }
    }

    /// Counts all that wait, and tells them.
    async fn count_all<F>(&self, count: impl Fn(usize) -> F)
    where
        F: Future<Output = Result<Vec<Usage>, StoreError>>,
    {
        let mut waiting = std::mem::take(&mut *lock(&self.waiting));
        waiting.retain(|call| !call.is_closed());
        if waiting.is_empty() {
            return;
        }
        let counted = match count(waiting.len()).await {
            Ok(usages) => usages.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); waiting.len()],
        };
        for (call, counted) in waiting.into_iter().zip(counted) {
            // Whoever has gone meanwhile need not know.
            let _ = call.send(counted);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    /// Counts calls, and remembers how many updates that took.
    #[derive(Default)]
    struct Counter {
        calls: AtomicUsize,
        updates: AtomicUsize,
    }

    impl Counter {
        async fn count(&self, calls: usize) -> Result<Vec<Usage>, StoreError> {
            yield_now().await;
            self.updates.fetch_add(1, Ordering::Relaxed);
            let before = self.calls.fetch_add(calls, Ordering::Relaxed);
            let usage = |call| Usage { hour: (before + call) as u64, minute: 0, granted: true };
            Ok((1..=calls).map(usage).collect())
        }
    }

    #[tokio::test]
    async fn calls_that_come_meanwhile_are_counted_together() {
        let (turns, counter) = (Turns::default(), Counter::default());
        let calls = (0..10).map(|_| turns.take("window", |calls| counter.count(calls)));
        let hours: Vec<u64> = join_all(calls).await.into_iter().map(|usage| usage.unwrap().hour).collect();
        assert_eq!(hours, (1..=10).collect::<Vec<u64>>());
        assert_eq!(counter.updates.load(Ordering::Relaxed), 2, "the first alone, the others together");
        assert!(lock(&turns.0).is_empty());
    }

    #[tokio::test]
    async fn those_that_wait_for_one_that_is_dropped_are_counted() {
        let (turns, counter) = (Turns::default(), Counter::default());
        let take = || Box::pin(turns.take("window", |calls| counter.count(calls)));
        let (mut first, second) = (take(), take());
        assert!(futures_util::poll!(&mut first).is_pending(), "it is counting");
        let mut second = second;
        assert!(futures_util::poll!(&mut second).is_pending(), "it waits");
        drop(first);
        assert!(second.await.unwrap().granted);
        assert!(lock(&turns.0).is_empty());
    }

    #[tokio::test]
    async fn other_windows_do_not_wait() {
        let (turns, counter) = (Turns::default(), Counter::default());
        let calls = ["one", "two"].map(|window| turns.take(window, |calls| counter.count(calls)));
        join_all(calls).await;
        assert_eq!(counter.updates.load(Ordering::Relaxed), 2);
    }
}
