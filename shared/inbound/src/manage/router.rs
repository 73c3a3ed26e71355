//! Which call a method and a path are, by a table of the function's calls. What a path answers to, and so 404, 405 and
//! `Allow`, follows from the table.
//!
//! All calls of a table need the same scope. The gate checks it before the path is looked up: who may not call
//! learns nothing of which paths there are.

use domain::ids::is_id;
use futures_util::future::BoxFuture;
use lambda_http::Request;
use lambda_http::http::Method;
use serde_json::{Map, Value};

use super::{PageRequest, body, unknown_path};
use crate::http::{NO_PARAMETERS, Parameters, Query, Reply, TakesParameters};
use crate::problem::Problem;

/// What a handler gives back: its answer, when it is there.
pub type Answering<'a> = BoxFuture<'a, Result<Reply, Problem>>;

/// A part of a path that stands for an id, and the kind of id that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdKind {
    /// Its place in the path of a [`Route`], in braces.
    pub placeholder: &'static str,
    /// What ids of this kind begin with.
    pub prefix: &'static str,
    /// What the thing is called in messages.
    pub noun: &'static str,
}

impl IdKind {
    /// `ep_...`
    pub const ENDPOINT: Self = Self { placeholder: "{endpoint}", prefix: "ep_", noun: "endpoint" };
    /// `key_...`
    pub const KEY: Self = Self { placeholder: "{key}", prefix: "key_", noun: "API key" };
    /// `dlv_...`
    pub const DELIVERY: Self = Self { placeholder: "{delivery}", prefix: "dlv_", noun: "delivery" };
    /// `evt_...`
    pub const EVENT: Self = Self { placeholder: "{event}", prefix: "evt_", noun: "event" };

    /// `alr_...`
    pub const ALERT: Self = Self { placeholder: "{alert}", prefix: "alr_", noun: "alert" };

    /// `lnk_...`
    pub const LINK: Self = Self { placeholder: "{link}", prefix: "lnk_", noun: "portal link" };

    const ALL: [Self; 6] = [Self::ENDPOINT, Self::KEY, Self::DELIVERY, Self::EVENT, Self::ALERT, Self::LINK];

    /// 404, the same for an id that never existed and for another account's.
    #[must_use]
    pub fn not_found(self) -> Problem {
        Problem::not_found(self.noun)
    }

    /// 404 for a text that can't be an id of the kind that `placeholder` stands for: nothing else comes into the keys
    /// of tables and into logs. A placeholder that is of no kind, such as `{name}`, takes any text.
    fn check(placeholder: &str, text: &str) -> Result<(), Problem> {
        match Self::ALL.into_iter().find(|kind| kind.placeholder == placeholder) {
            Some(kind) if !is_id(text, kind.prefix) => Err(kind.not_found()),
            _ => Ok(()),
        }
    }
}

/// One call of a function: a row of its table.
#[derive(Debug, Clone)]
pub struct Route<H> {
    method: Method,
    path: &'static str,
    parameters: Parameters,
    /// `None`: another function answers the call.
    handler: Option<H>,
}

impl<H> Route<H> {
    /// `method` on `path`, which may have a placeholder or two, such as `/api/keys/{key}/rotate`: the last one may be an id.
    /// One such as `{record+}` takes any number of segments. `parameters` is the table of its query.
    #[must_use]
    pub const fn new(method: Method, path: &'static str, parameters: Parameters, handler: H) -> Self {
        Self { method, path, parameters, handler: Some(handler) }
    }

    /// A call that API Gateway brings to another function: it is in `Allow` here.
    #[must_use]
    pub const fn elsewhere(method: Method, path: &'static str) -> Self {
        Self { method, path, parameters: NO_PARAMETERS, handler: None }
    }

    /// Whether `path` is one of this call; if so, its last two placeholders and what stands there, empty where it has none.
    fn matches<'p>(&self, path: &'p str) -> Option<[(&'static str, &'p str); 2]> {
        let mut filled = [("", ""); 2];
        let (mut pattern, mut rest) = (self.path, path);
        loop {
            let (expected, behind) = first_segment(pattern);
            // One that takes more than one segment leaves as many as the pattern has behind it.
            let more = if expected.ends_with("+}") { segments(rest).checked_sub(segments(pattern))? } else { 0 };
            let (part, left) = first_segments(rest, more + 1);
            if expected.starts_with('{') {
                filled = [filled[1], (expected, part)];
            } else if expected != part {
                return None;
            }
            match (behind, left) {
                (None, None) => return Some(filled),
                (Some(behind), Some(left)) => (pattern, rest) = (behind, left),
                _ => return None,
            }
        }
    }
}

fn segments(path: &str) -> usize {
    path.split('/').count()
}

/// The first segment of a path, and what is behind it.
fn first_segment(path: &str) -> (&str, Option<&str>) {
    first_segments(path, 1)
}

fn first_segments(path: &str, count: usize) -> (&str, Option<&str>) {
    match path.match_indices('/').nth(count - 1) {
        Some((at, _)) => (&path[..at], Some(&path[at + 1..])),
        None => (path, None),
    }
}

/// The calls of a function. `H` is what answers one, usually a function.
#[derive(Debug)]
pub struct Router<H: 'static>(pub &'static [Route<H>]);

/// The call that a request is.
#[derive(Debug, Clone, Copy)]
pub struct Found<'p, H> {
    /// What answers it.
    pub handler: H,
    /// What stands in the placeholder of its path: an id that can be one, or a name. Empty without a placeholder.
    pub id: &'p str,
    /// What stands in the placeholder before that one, if there are two.
    pub within: &'p str,
    /// The path of its row.
    pub path: &'static str,
    parameters: Parameters,
}

impl<H: Copy> Router<H> {
    /// The call that `method` and `path` are. HEAD has to be given as GET, see [`crate::http::method`].
    ///
    /// # Errors
    /// 404 for a path that there is not and for an id that can't be one; 405 with `Allow` for a method that the path
    /// does not answer to.
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Result<Found<'p, H>, Problem> {
        let matching = |route: &'static Route<H>| Some((route, route.matches(path)?));
        let mut here: Vec<_> = self.0.iter().filter_map(matching).collect();
        // A path that is written out is never what a placeholder stands for.
        if here.iter().any(|(route, _)| route.path == path) {
            here.retain(|(route, _)| route.path == path);
        }
        if here.is_empty() {
            return Err(unknown_path());
        }
        for (route, [(_, within), (placeholder, id)]) in &here {
            let Some(handler) = route.handler.filter(|_| route.method == *method) else { continue };
            IdKind::check(placeholder, id)?;
            return Ok(Found { handler, id, within, path: route.path, parameters: route.parameters });
        }
        let allowed: Vec<&str> = here.iter().map(|(route, _)| route.method.as_str()).collect();
        Err(Problem::method_not_allowed(&allowed.join(", ")))
    }
}

impl<H> TakesParameters for Found<'_, H> {
    fn parameters(&self) -> Parameters {
        self.parameters
    }
}

/// What a handler gets of a request.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// [`Found::id`].
    pub id: &'a str,
    /// [`Found::within`].
    pub within: &'a str,
    /// The query, read by the table of the call.
    pub query: &'a Query,
    /// The request itself.
    pub request: &'a Request,
}

impl Input<'_> {
    /// The page that the query asks for.
    #[must_use]
    pub fn page(&self) -> PageRequest {
        PageRequest::of(self.query)
    }

    /// The JSON object in the body.
    ///
    /// # Errors
    /// See [`body::object`].
    pub fn object(&self) -> Result<Map<String, Value>, Problem> {
        body::object(self.request)
    }

    /// The JSON object in the body, an empty one without a body.
    ///
    /// # Errors
    /// See [`body::optional_object`].
    pub fn optional_object(&self) -> Result<Map<String, Value>, Problem> {
        body::optional_object(self.request)
    }
}

#[cfg(test)]
mod tests;
