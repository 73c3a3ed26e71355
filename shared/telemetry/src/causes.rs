//! An error with its causes in one line.

use std::error::Error;

/// The messages of `error` and of all its causes, joined by `: `. Unlike the SDK's `DisplayErrorContext`, it never
/// prints an answer that could not be parsed, which may hold secrets.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
