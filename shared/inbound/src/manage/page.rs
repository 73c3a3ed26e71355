//! Keyset paging: `limit` and `cursor` in, `data` and `nextCursor` out.

use serde::Serialize;

use super::parameters::DEFAULT_LIMIT;
use crate::http::{Query, Reply, write_cursor};

/// The page that a caller asks for.
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
    /// The page that `query` asks for. A cursor holds nothing but an id: the account is always that of the caller's
    /// key.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        Self::sized(query, DEFAULT_LIMIT)
    }

    /// The same for a call whose pages have another default size.
    #[must_use]
    pub fn sized(query: &Query, limit: u8) -> Self {
        Self { limit: query.parsed("limit").unwrap_or(limit), after: query.cursor("cursor") }
    }

    /// The id after which the page begins.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The most items on the page.
    #[must_use]
    pub fn limit(&self) -> usize {
        usize::from(self.limit)
    }

    /// How many items to read: one more than the page has, to learn whether another page follows.
    #[must_use]
    pub fn fetch(&self) -> i32 {
        i32::from(self.limit) + 1
    }

    /// Cuts what was read to the page. Returns the id after which the next page begins, if there is one. `stopped` is
    /// the id at which the store stopped reading before it had enough.
    #[must_use]
    pub fn cut<T>(&self, found: &mut Vec<T>, stopped: Option<String>, id: impl Fn(&T) -> &str) -> Option<String> {
        let limit = usize::from(self.limit);
        if found.len() <= limit {
            return stopped;
        }
        found.truncate(limit);
        found.last().map(|last| id(last).to_owned())
    }

    /// The response: this page, and the cursor of the page after the id `next`.
    #[must_use]
    pub fn reply<T: Serialize>(data: &[T], next: Option<&str>) -> Reply {
        Reply::ok(&Listed { data, next_cursor: next.map(write_cursor) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lambda_http::{Request, RequestExt as _};
    use serde_json::{Value, json};

    use super::*;
    use crate::manage::parameters::ENDPOINTS;

    const ID: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    fn page(query: &[(&str, &str)]) -> PageRequest {
        let sent: HashMap<String, Vec<String>> =
            query.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        PageRequest::of(&Query::of(&Request::default().with_query_string_parameters(sent), ENDPOINTS).unwrap())
    }

    #[test]
    fn a_page_has_50_unless_asked_otherwise() {
        assert_eq!(page(&[]), PageRequest { limit: 50, after: None });
        let asked = page(&[("limit", "100"), ("cursor", &write_cursor(ID))]);
        assert_eq!(asked, PageRequest { limit: 100, after: Some(ID.to_owned()) });
    }

    #[test]
    fn another_page_follows_only_when_there_is_more() {
        let asked = page(&[("limit", "2")]);
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
        let next = page(&[("cursor", body["nextCursor"].as_str().unwrap())]);
        assert_eq!(next.after(), Some(ID));
        let last: Value = serde_json::from_str(&PageRequest::reply::<u8>(&[], None).body).unwrap();
        assert_eq!(last, json!({"data": [], "nextCursor": null}));
    }
}
