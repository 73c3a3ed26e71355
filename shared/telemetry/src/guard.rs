//! Panics: the caller of a handler that panics still gets an answer, and the log gets one line with the cause.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

tokio::task_local! {
    /// Where the guarded future panicked. The hook knows the place, the guard knows the request.
    static PLACE: RefCell<String>;
}

/// Makes panics lines of the log, by a panic hook of the process: those of guarded futures are logged by [`guarded`],
/// all others at once.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if PLACE.try_with(|known| known.replace(place.clone())).is_err() {
            tracing::error!(cause = cause(panic.payload()), place, "a task panicked");
        }
    }));
}

/// Runs `future` and catches a panic in it. Returns `None` after one, which leaves one line in the log with the
/// function, the request, the cause and the place.
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

/// The message of a panic.
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
