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
    Secret(&'a str),
    RotateSecret(&'a str),
    PromoteSecret(&'a str),
    Test(&'a str),
    Replay(&'a str),
}

impl TakesParameters for Route<'_> {
    fn parameters(&self) -> Parameters {
        match self {
            Self::List => parameters::ENDPOINTS,
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
        [id, "secret"] => match *method {
            Method::GET => check_id(id).map(Route::Secret),
            _ => Err(Problem::method_not_allowed("GET")),
        },
        [id, "secret", "rotate"] => match *method {
            Method::POST => check_id(id).map(Route::RotateSecret),
            _ => Err(Problem::method_not_allowed("POST")),
        },
        [id, "secret", "promote"] => match *method {
            Method::POST => check_id(id).map(Route::PromoteSecret),
            _ => Err(Problem::method_not_allowed("POST")),
        },
        [id, "test"] => match *method {
            Method::POST => check_id(id).map(Route::Test),
            _ => Err(Problem::method_not_allowed("POST")),
        },
        [id, "replay"] => match *method {
            Method::POST => check_id(id).map(Route::Replay),
            _ => Err(Problem::method_not_allowed("POST")),
        },
        _ => Err(unknown_path()),
    }
}

/// What does not look like an id of an endpoint is none; nothing else comes into keys and logs.
fn check_id(id: &str) -> Result<&str, Problem> {
    let valid = id.starts_with(ID_PREFIX) && ulid_of(id).is_some();
    if valid { Ok(id) } else { Err(no_such_endpoint()) }
}

/// 404, the same for an id that never was and for another account's.
pub(crate) fn no_such_endpoint() -> Problem {
    Problem::not_found("endpoint")
}

#[cfg(test)]
mod tests {
    use inbound::problem::ProblemCode;
    use lambda_http::http::header::ALLOW;

    use super::*;

    const ID: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    #[test]
    fn every_call_has_its_method_and_path() {
        for (method, segments, route) in [
            (Method::POST, &[][..], Route::Create),
            (Method::GET, &[], Route::List),
            (Method::GET, &[ID], Route::Get(ID)),
            (Method::PATCH, &[ID], Route::Change(ID)),
            (Method::DELETE, &[ID], Route::Delete(ID)),
            (Method::GET, &[ID, "secret"], Route::Secret(ID)),
            (Method::POST, &[ID, "secret", "rotate"], Route::RotateSecret(ID)),
            (Method::POST, &[ID, "secret", "promote"], Route::PromoteSecret(ID)),
            (Method::POST, &[ID, "test"], Route::Test(ID)),
            (Method::POST, &[ID, "replay"], Route::Replay(ID)),
        ] {
            assert_eq!(find(&method, segments).unwrap(), route);
        }
    }

    #[test]
    fn other_methods_are_told_the_right_ones() {
        for (method, segments, allow) in [
            (Method::DELETE, &[][..], "GET, HEAD, POST"),
            (Method::PUT, &[ID], "GET, HEAD, PATCH, DELETE"),
            (Method::POST, &[ID, "secret"], "GET, HEAD"),
            (Method::GET, &[ID, "secret", "rotate"], "POST"),
            (Method::GET, &[ID, "secret", "promote"], "POST"),
            (Method::GET, &[ID, "test"], "POST"),
            (Method::PUT, &[ID, "replay"], "POST"),
        ] {
            let problem = find(&method, segments).unwrap_err();
            assert_eq!(problem.code, ProblemCode::MethodNotAllowed);
            assert!(problem.headers.iter().any(|(name, value)| *name == ALLOW && value == allow), "{allow}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for segments in [&[""][..], &["ep_1"], &["key_01JAMB3X9T7Q2V5K8N4C6D0EFG"], &[ID, ""], &[ID, "secrets"]] {
            assert_eq!(find(&Method::GET, segments).unwrap_err().code, ProblemCode::NotFound, "{segments:?}");
        }
    }
}
