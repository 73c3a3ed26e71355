//! Calls about one item that come while another such call is writing it: they are counted together, in one update.
//!
//! A function of the API in Lambda, which answers one request at a time, never has any. A process that answers many, or a
//! worker with a batch of deliveries to one endpoint, would otherwise write the same item for each of them, one by one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::StoreError;

type Counted<T> = Result<T, StoreError>;

/// Who is being counted, by item. Clones share it.
#[derive(Debug)]
pub(crate) struct Coalescer<T>(Arc<Mutex<HashMap<String, Shared<T>>>>);

/// The calls about an item, and how many they are.
#[derive(Debug)]
struct Shared<T> {
    group: Arc<Group<T>>,
    calls: usize,
}

/// The calls about one item.
#[derive(Debug)]
struct Group<T> {
    /// Held by the call that counts for all that wait.
    counting: tokio::sync::Mutex<()>,
    waiting: Mutex<Vec<oneshot::Sender<Counted<T>>>>,
}

/// A call's part in the group of its item, which is forgotten with the last of them.
struct Part<'a, T>(&'a Coalescer<T>, &'a str);

impl<T> Default for Coalescer<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Coalescer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { counting: tokio::sync::Mutex::new(()), waiting: Mutex::new(Vec::new()) }
    }
}

impl<T> Coalescer<T> {
    /// Counts a call. `count` counts this many calls about the item, and returns what came of each in their order.
    ///
    /// # Errors
    /// Those of `count`, for all calls that were counted together.
    pub(crate) async fn take<F>(&self, item: &str, count: impl Fn(usize) -> F) -> Counted<T>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let (group, _part) = self.join(item);
        group.take(count).await
    }

    fn join<'a>(&'a self, item: &'a str) -> (Arc<Group<T>>, Part<'a, T>) {
        let mut groups = lock(&self.0);
        let new = || Shared { group: Arc::default(), calls: 0 };
        let shared = groups.entry(item.to_owned()).or_insert_with(new);
        shared.calls += 1;
        (Arc::clone(&shared.group), Part(self, item))
    }
}

impl<T> Drop for Part<'_, T> {
    fn drop(&mut self) {
        let Self(coalescer, item) = self;
        let mut groups = lock(&coalescer.0);
        if let Some(shared) = groups.get_mut(*item) {
            shared.calls -= 1;
            if shared.calls == 0 {
                groups.remove(*item);
            }
        }
    }
}

impl<T> Group<T> {
    async fn take<F>(&self, count: impl Fn(usize) -> F) -> Counted<T>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
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
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let mut waiting = std::mem::take(&mut *lock(&self.waiting));
        waiting.retain(|call| !call.is_closed());
        if waiting.is_empty() {
            return;
        }
        let counted: Vec<Counted<T>> = match count(waiting.len()).await {
            Ok(counted) => counted.into_iter().map(Ok).collect(),
            Err(error) => waiting.iter().map(|_| Err(error.clone())).collect(),
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

    use domain::rate_limit::Usage;
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
        let (coalescer, counter) = (Coalescer::default(), Counter::default());
        let calls = (0..10).map(|_| coalescer.take("window", |calls| counter.count(calls)));
        let hours: Vec<u64> = join_all(calls).await.into_iter().map(|usage| usage.unwrap().hour).collect();
        assert_eq!(hours, (1..=10).collect::<Vec<u64>>());
        assert_eq!(counter.updates.load(Ordering::Relaxed), 2, "the first alone, the others together");
        assert!(lock(&coalescer.0).is_empty());
    }

    #[tokio::test]
    async fn those_that_wait_for_one_that_is_dropped_are_counted() {
        let (coalescer, counter) = (Coalescer::default(), Counter::default());
        let take = || Box::pin(coalescer.take("window", |calls| counter.count(calls)));
        let (mut first, second) = (take(), take());
        assert!(futures_util::poll!(&mut first).is_pending(), "it is counting");
        let mut second = second;
        assert!(futures_util::poll!(&mut second).is_pending(), "it waits");
        drop(first);
        assert!(second.await.unwrap().granted);
        assert!(lock(&coalescer.0).is_empty());
    }

    #[tokio::test]
    async fn other_windows_do_not_wait() {
        let (coalescer, counter) = (Coalescer::default(), Counter::default());
        let calls = ["one", "two"].map(|window| coalescer.take(window, |calls| counter.count(calls)));
        join_all(calls).await;
        assert_eq!(counter.updates.load(Ordering::Relaxed), 2);
    }
}
