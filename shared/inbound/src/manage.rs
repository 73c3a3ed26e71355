//! What the functions of the management plane share: their paths, the bodies they read and the pages they answer with.

pub mod bodies;
pub mod body;
pub mod overlap;
mod page;
pub mod parameters;

pub use page::PageRequest;

use lambda_http::Request;
use store::config::{ConfigError, Environment};

use crate::problem::{Problem, ProblemCode};

/// How often a change starts again when others change the same thing.
pub const MAX_TRIES: usize = 5;

/// What comes after `root` in a request's path: nothing for the collection itself, else its parts.
///
/// # Errors
/// 404 for a path that is not below `root`.
pub fn segments<'a>(request: &'a Request, root: &str) -> Result<Vec<&'a str>, Problem> {
    let below = request.uri().path().strip_prefix(root).ok_or_else(unknown_path)?;
    match below.strip_prefix('/') {
        Some(rest) => Ok(rest.split('/').collect()),
        None if below.is_empty() => Ok(Vec::new()),
        None => Err(unknown_path()),
    }
}

/// 404 for a path that leads nowhere.
#[must_use]
pub fn unknown_path() -> Problem {
    Problem::not_found("path")
}

/// 503 after [`MAX_TRIES`].
#[must_use]
pub fn too_busy() -> Problem {
    Problem::new(ProblemCode::Unavailable, "Others keep changing the same thing. Send it again in a moment.")
}

/// The variable `name` as a whole number, or its default.
///
/// # Errors
/// When it is set to something else.
pub fn number(environment: &Environment, name: &'static str, default: u64) -> Result<u64, ConfigError> {
    let Some(text) = environment.optional(name) else { return Ok(default) };
    text.parse().map_err(|_| ConfigError::Invalid { name, reason: "it must be a whole number".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> Option<Vec<String>> {
        let mut request = Request::default();
        *request.uri_mut() = path.parse().unwrap();
        segments(&request, "/api/keys").ok().map(|parts| parts.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn paths_are_taken_apart_below_their_root() {
        assert_eq!(parts("/api/keys").unwrap(), [""; 0]);
        assert_eq!(parts("/api/keys?limit=5").unwrap(), [""; 0]);
        assert_eq!(parts("/api/keys/key_1").unwrap(), ["key_1"]);
        assert_eq!(parts("/api/keys/key_1/rotate").unwrap(), ["key_1", "rotate"]);
        assert_eq!(parts("/api/keys/").unwrap(), [""]);
        assert_eq!(parts("/api/keysets"), None);
        assert_eq!(parts("/api"), None);
    }
}
