//! What the functions of the management plane share: how a call is found, the bodies and queries they read and the
//! pages they answer with.

pub mod bodies;
pub mod body;
pub mod event_data;
pub mod overlap;
mod page;
pub mod parameters;
pub mod router;

pub use page::PageRequest;

use store::config::{ConfigError, Environment};

use crate::problem::Problem;

/// How often a change is tried when concurrent updates get in its way.
pub const MAX_TRIES: usize = 5;

/// 404 for a path that no call has.
#[must_use]
pub fn unknown_path() -> Problem {
    Problem::not_found("path")
}

/// The variable `name` as a whole number, or its default.
///
/// # Errors
/// When it is set to something else.
pub fn number(environment: &Environment, name: &'static str, default: u64) -> Result<u64, ConfigError> {
    let Some(text) = environment.optional(name) else { return Ok(default) };
    text.parse().map_err(|_| ConfigError::Invalid { name, reason: "it must be a whole number".to_owned() })
}
