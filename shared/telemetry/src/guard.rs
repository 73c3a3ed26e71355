//! What becomes of a panic: whoever waits for an answer gets one, and the log gets one line with the cause.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

tokio::task_local! {
    /// Where the guarded future panicked: the hook knows the place, and the guard whom it concerns.
    static PLACE: RefCell<String>;
}

/// Has panics logged as lines of the log: those of guarded futures by their guard, all others at once.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if PLACE.try_with(|known| known.replace(place.clone())).is_err() {
            tracing::error!(cause = cause(panic.payload()), place, "a task panicked");
        }
    }));
}

/// Runs `future`. `None` after a panic, which leaves one line in the log.
pub async fn guarded<F: Future>(function: &str, request_id: &str, future: F) -> Option<F::Output> {
    let guard = async {
        match AssertUnwindSafe(future).catch_unwind().await {
            Ok(output) => Some(output),
            Err(panic) => {
                let place = PLACE.with(RefCell::take);
                tracing::error!(function, request_id, cause = cause(&*panic), place, "a handler panicked");
                None
            }
        }
    };
    PLACE.scope(RefCell::default(), guard).await
}

/// What `panic!` was told.
fn cause(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_at_the_guard() {
        assert_eq!(guarded("f", "req_1", async { 1 }).await, Some(1));
        assert_eq!(guarded("f", "req_1", async { panic!("on purpose") }).await, None::<()>);
    }

    #[test]
    fn the_cause_is_what_the_panic_says() {
        let text = std::panic::catch_unwind(|| panic!("a text")).unwrap_err();
        assert_eq!(cause(&*text), "a text");
        let made = std::panic::catch_unwind(|| panic!("made of {}", 2)).unwrap_err();
        assert_eq!(cause(&*made), "made of 2");
        assert_eq!(cause(&7), "unknown");
    }
}
