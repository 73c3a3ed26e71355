//! Panics anywhere in the process, those of spawned tasks among them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LAST: Mutex<String> = Mutex::new(String::new());

/// Counts panics from now on.
pub(crate) fn count() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
        COUNT.fetch_add(1, Ordering::SeqCst);
        usual(panic);
    }));
}

/// How many there were.
pub(crate) fn so_far() -> usize {
    COUNT.load(Ordering::SeqCst)
}

/// What the last one said, if there was one since there were `before`.
pub(crate) fn since(before: usize) -> Option<String> {
    (so_far() > before).then(|| LAST.lock().unwrap_or_else(PoisonError::into_inner).clone())
}
