//! An error with its causes, for the log.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The messages of `error` and of all its causes, joined by `: `. Unlike the SDK's `DisplayErrorContext`, it never
/// prints an answer that could not be parsed, which may hold secrets.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The cause of another error, whatever its type. `Debug` prints the messages alone: that of an SDK error would print the
/// whole answer, with its body.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// The cause that `error` is.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&causes(&*self.0))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the call failed")]
    struct Call(#[source] Cause);

    #[derive(thiserror::Error)]
    #[error("the answer can't be read")]
    struct Unreadable {
        body: &'static str,
    }

    impl fmt::Debug for Unreadable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.body)
        }
    }

    #[test]
    fn a_line_has_each_message_once_and_no_body() {
        let error = Call(Cause::new(Unreadable { body: "a secret" }));
        assert_eq!(causes(&error), "the call failed: the answer can't be read");
        assert_eq!(format!("{error:?}"), "Call(the answer can't be read)");
    }
}
