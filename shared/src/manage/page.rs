//! Keyset paging (contract section 9): `limit` and `cursor` in, `data` and `nextCursor` out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::{Request, RequestExt as _};
use serde::Serialize;

use crate::defect::{DefectCode, Defects};
use crate::http::Reply;
use crate::ids::ulid_of;
use crate::problem::Problem;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// Which page a caller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u8,
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a, T> {
    data: &'a [T],
    next_cursor: Option<String>,
}

impl PageRequest {
    /// From the query of `request`, for a list of things whose ids begin with `prefix`. A cursor says only after which
    /// id to go on: whose list it is, the caller's key decides.
    ///
    /// # Errors
    /// 400 for a limit out of bounds or a cursor that no answer gave.
    pub fn of(request: &Request, prefix: &str) -> Result<Self, Problem> {
        let query = request.query_string_parameters();
        let mut defects = Defects::default();
        let limit = query.first("limit").map_or(Some(DEFAULT_LIMIT), read_limit);
        if limit.is_none() {
            defects.push("limit", DefectCode::OutOfRange, format!("must be a whole number from 1 to {MAX_LIMIT}"));
        }
        let after = query.first("cursor").map(|cursor| read_cursor(cursor, prefix));
        if after == Some(None) {
            defects.push("cursor", DefectCode::InvalidValue, "must be the nextCursor of an earlier answer");
        }
        match limit {
            Some(limit) if defects.is_empty() => Ok(Self { limit, after: after.flatten() }),
            _ => Err(Problem::invalid(defects)),
        }
    }

    /// The id after which the page begins.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// How many are wanted at most.
    #[must_use]
    pub fn limit(&self) -> usize {
        usize::from(self.limit)
    }

    /// How many to ask the store for: one more than are shown, which tells whether another page follows.
    #[must_use]
    pub fn fetch(&self) -> i32 {
        i32::from(self.limit) + 1
    }

    /// Cuts what was fetched to the page. Returns the id after which the next one begins, if there is one; `stopped` is
    /// where the store stopped of its own accord.
    #[must_use]
    pub fn cut<T>(&self, found: &mut Vec<T>, stopped: Option<String>, id: impl Fn(&T) -> &str) -> Option<String> {
        let limit = usize::from(self.limit);
        if found.len() <= limit {
            return stopped;
        }
        found.truncate(limit);
        found.last().map(|last| id(last).to_owned())
    }

    /// The answer: this page, and the cursor for what comes after the id `next`.
    #[must_use]
    pub fn reply<T: Serialize>(data: &[T], next: Option<&str>) -> Reply {
        Reply::ok(&Listed { data, next_cursor: next.map(|id| URL_SAFE_NO_PAD.encode(id)) })
    }
}

fn read_limit(text: &str) -> Option<u8> {
    text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
}

fn read_cursor(cursor: &str, prefix: &str) -> Option<String> {
    let id = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    (id.starts_with(prefix) && ulid_of(&id).is_some()).then_some(id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    fn page(query: &[(&str, &str)]) -> Result<PageRequest, Problem> {
        let query: HashMap<String, Vec<String>> =
            query.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        PageRequest::of(&Request::default().with_query_string_parameters(query), "ep_")
    }

    fn cursor(id: &str) -> String {
        URL_SAFE_NO_PAD.encode(id)
    }

    #[test]
    fn a_page_has_50_unless_asked_otherwise() {
        assert_eq!(page(&[]), Ok(PageRequest { limit: 50, after: None }));
        let asked = page(&[("limit", "100"), ("cursor", &cursor(ID))]);
        assert_eq!(asked, Ok(PageRequest { limit: 100, after: Some(ID.to_owned()) }));
    }

    #[test]
    fn what_can_not_be_read_is_reported_at_once() {
        for (limit, cursor) in [("0", ""), ("101", "!"), ("ten", &cursor("key_1")), ("-1", &cursor("ep_1"))] {
            let problem = page(&[("limit", limit), ("cursor", cursor)]).unwrap_err();
            let fields: Vec<&str> = problem.errors.iter().map(|defect| defect.field.as_str()).collect();
            assert_eq!(fields, ["cursor", "limit"], "{limit}");
        }
    }

    #[test]
    fn another_page_follows_only_when_there_is_more() {
        let asked = page(&[("limit", "2")]).unwrap();
        let mut found = vec!["c", "b", "a"];
        assert_eq!(asked.cut(&mut found, Some("a".to_owned()), |id| id), Some("b".to_owned()));
        assert_eq!(found, ["c", "b"]);
        assert_eq!(asked.cut(&mut vec!["b", "a"], None, |id| id), None);
        assert_eq!(asked.cut(&mut vec!["b"], Some("b".to_owned()), |id| id), Some("b".to_owned()), "it stopped early");
    }

    #[test]
    fn the_cursor_of_an_answer_is_that_of_the_next_request() {
        let body: Value = serde_json::from_str(&PageRequest::reply(&[1, 2], Some(ID)).body).unwrap();
        assert_eq!(body["data"], json!([1, 2]));
        let next = page(&[("cursor", body["nextCursor"].as_str().unwrap())]).unwrap();
        assert_eq!(next.after(), Some(ID));
        let last: Value = serde_json::from_str(&PageRequest::reply::<u8>(&[], None).body).unwrap();
        assert_eq!(last, json!({"data": [], "nextCursor": null}));
    }
}
