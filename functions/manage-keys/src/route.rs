//! Which call a method and a path are.

use domain::ids::ulid_of;
use inbound::http::{NO_PARAMETERS, Parameters, TakesParameters};
use inbound::manage::{parameters, unknown_path};
use inbound::problem::Problem;
use lambda_http::http::Method;

use crate::ID_PREFIX;

/// A call of this function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Create,
    List,
    Get(&'a str),
    Change(&'a str),
    Delete(&'a str),
    Rotate(&'a str),
}

impl TakesParameters for Route<'_> {
    fn parameters(&self) -> Parameters {
        match self {
            Self::List => parameters::KEYS,
            _ => NO_PARAMETERS,
        }
    }
}

/// The call, or 404 for a path that there is not, or 405 for a method that the path does not answer to.
pub(crate) fn find<'a>(method: &Method, segments: &[&'a str]) -> Result<Route<'a>, Problem> {
    match *segments {
        [] => match *method {
            Method::POST => Ok(Route::Create),
            Method::GET => Ok(Route::List),
            _ => Err(Problem::method_not_allowed("GET, POST")),
        },
        [id] => match *method {
            Method::GET => check_id(id).map(Route::Get),
            Method::PATCH => check_id(id).map(Route::Change),
            Method::DELETE => check_id(id).map(Route::Delete),
            _ => Err(Problem::method_not_allowed("GET, PATCH, DELETE")),
        },
        [id, "rotate"] => match *method {
            Method::POST => check_id(id).map(Route::Rotate),
            _ => Err(Problem::method_not_allowed("POST")),
        },
        _ => Err(unknown_path()),
    }
}

/// What does not look like an id of a key is none; nothing else comes into keys of tables and logs.
fn check_id(id: &str) -> Result<&str, Problem> {
    let valid = id.starts_with(ID_PREFIX) && ulid_of(id).is_some();
    if valid { Ok(id) } else { Err(no_such_key()) }
}

/// 404, the same for an id that never was and for another account's.
pub(crate) fn no_such_key() -> Problem {
    Problem::not_found("API key")
}

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;

    use super::*;

    const ID: &str = "key_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, segments, route) in [
            (Method::POST, &[][..], Route::Create),
            (Method::GET, &[], Route::List),
            (Method::GET, &[ID], Route::Get(ID)),
            (Method::PATCH, &[ID], Route::Change(ID)),
            (Method::DELETE, &[ID], Route::Delete(ID)),
            (Method::POST, &[ID, "rotate"], Route::Rotate(ID)),
        ] {
            assert_eq!(find(&method, segments).unwrap(), route);
        }
    }

    #[test]
    fn other_methods_and_paths_are_refused() {
        for (method, segments, code) in [
            (Method::PUT, &[][..], ProblemCode::MethodNotAllowed),
            (Method::POST, &[ID], ProblemCode::MethodNotAllowed),
            (Method::GET, &[ID, "rotate"], ProblemCode::MethodNotAllowed),
            (Method::GET, &[""], ProblemCode::NotFound),
            (Method::GET, &["wsk_live_abc"], ProblemCode::NotFound),
            (Method::GET, &[ID, "hash"], ProblemCode::NotFound),
        ] {
            assert_eq!(find(&method, segments).unwrap_err().code, code, "{method} {segments:?}");
        }
    }
}
