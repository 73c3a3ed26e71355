//! Searching: a page of a filtered list takes as many queries as it takes to find enough, within bounds.
//!
//! DynamoDB filters after it has read, so that a query for a rare match may return none of the items that it examined.
//! A search goes on behind them, and stops after a number of queries: its caller is told where, and goes on from there.

use crate::item::{Item, Reader, s};
use crate::range::IdRange;
use crate::{Client, StoreError};

/// How many items a query examines when there is a filter.
pub(crate) const EXAMINED: i32 = 500;
/// How many queries are made for one page.
const MAX_QUERIES: usize = 5;

/// What a query, or a search of several, found.
#[derive(Debug)]
pub(crate) struct Found<T> {
    /// The matches, in the order of the index.
    pub(crate) items: Vec<T>,
    /// The id of the last item that was examined; `None` when there is nothing behind it.
    pub(crate) stopped: Option<String>,
}

impl<T> Found<T> {
    /// Nothing, and nothing further on: for a range that is empty.
    pub(crate) fn nothing() -> Self {
        Self { items: Vec::new(), stopped: None }
    }
}

/// Runs queries until `limit` items are found (or somewhat more), the range is at its end, or `most` queries were made.
/// `query` gets its number, counted from 0, and the id behind which it begins, at first `after`.
///
/// # Errors
/// Those of `query`.
pub(crate) async fn search<T, F>(
    after: Option<&str>,
    limit: i32,
    most: usize,
    query: impl Fn(usize, Option<String>) -> F,
) -> Result<Found<T>, StoreError>
where
    F: Future<Output = Result<Found<T>, StoreError>>,
{
    let mut found = Found { items: Vec::new(), stopped: after.map(str::to_owned) };
    for number in 0..most {
        let Found { items, stopped } = query(number, found.stopped.take()).await?;
        found.items.extend(items);
        found.stopped = stopped;
        if found.stopped.is_none() || found.items.len() >= usize::try_from(limit).unwrap_or_default() {
            break;
        }
    }
    Ok(found)
}

/// What is looked for among the items of an account, which lie under ids that begin with the time.
pub(crate) struct Newest<'a> {
    pub(crate) db: &'a Client,
    /// The table as it is deployed, and as errors call it.
    pub(crate) table: (&'a str, &'static str),
    /// The name of the call in errors.
    pub(crate) call: &'static str,
    /// What the ids begin with.
    pub(crate) prefix: &'static str,
    /// What DynamoDB filters by, with its values.
    pub(crate) filter: (Option<String>, Item),
    /// How many items a query examines.
    pub(crate) examined: i32,
}

impl Newest<'_> {
    /// The items of `range`, newest first, after the id `after`: `limit` of them or somewhat more, or fewer when the search
    /// stopped early, after five queries. Reads are eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub(crate) async fn page(
        &self,
        account: &str,
        range: IdRange,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Found<Item>, StoreError> {
        let query = async |_, after: Option<String>| {
            let range = after.as_deref().map_or(range, |after| range.before(after));
            if range.is_empty() { Ok(Found::nothing()) } else { self.query(account, range).await }
        };
        search(after, limit, MAX_QUERIES, query).await
    }

    async fn query(&self, account: &str, range: IdRange) -> Result<Found<Item>, StoreError> {
        let (low, high) = range.keys(self.prefix);
        let (expression, values) = self.filter.clone();
        let output = self
            .db
            .query()
            .table_name(self.table.0)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .set_filter_expression(expression)
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(false)
            .limit(self.examined)
            .send()
            .await
            .map_err(StoreError::call(self.call))?;
        let stopped = stopped(self.table.1, output.last_evaluated_key());
        Ok(Found { items: output.items.unwrap_or_default(), stopped })
    }
}

/// The filter for attributes that must equal a value: rows of the attribute's name in the expression, the name of its
/// placeholder, and the value, or `None` for any. Returns the expression, unless there is nothing to filter, and its
/// values.
pub(crate) fn equal(rows: &[(&str, &str, Option<&str>)]) -> (Option<String>, Item) {
    let wanted = rows.iter().filter_map(|(name, key, value)| value.map(|value| (*name, *key, value)));
    let (terms, values): (Vec<String>, Item) =
        wanted.map(|(name, key, value)| (format!("{name} = {key}"), (key.to_owned(), s(value)))).unzip();
    ((!terms.is_empty()).then(|| terms.join(" AND ")), values)
}

/// The id at which a query of `table` stopped, from its `LastEvaluatedKey`.
pub(crate) fn stopped(table: &'static str, key: Option<&Item>) -> Option<String> {
    Reader { table, item: key? }.opt_text("sk").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A search of the numbers from 9 down to 0 that are even, with queries that examine `step` of them each.
    async fn even(after: Option<&str>, limit: i32, most: usize, step: u32) -> (Vec<u32>, Option<String>) {
        let query = async |_, after: Option<String>| {
            let high: u32 = after.map_or(10, |after| after.parse().unwrap());
            let low = high.saturating_sub(step);
            let items = (low..high).rev().filter(|number| number % 2 == 0).collect();
            Ok(Found { items, stopped: (low > 0).then(|| low.to_string()) })
        };
        let found = search(after, limit, most, query).await.unwrap();
        (found.items, found.stopped)
    }

    #[tokio::test]
    async fn a_search_stops_at_the_limit_the_end_or_the_last_query() {
        assert_eq!(even(None, 2, 9, 2).await, (vec![8, 6], Some("6".to_owned())));
        assert_eq!(even(Some("6"), 2, 9, 3).await, (vec![4, 2, 0], None));
        assert_eq!(even(None, 9, 2, 1).await, (vec![8], Some("8".to_owned())));
        assert_eq!(even(None, 9, 9, 4).await, (vec![8, 6, 4, 2, 0], None));
    }

    #[test]
    fn a_filter_has_a_term_for_each_value() {
        assert_eq!(equal(&[("kind", ":kind", None)]), (None, Item::new()));
        let (expression, values) = equal(&[("a", ":a", Some("1")), ("b", ":b", None), ("#c", ":c", Some("3"))]);
        assert_eq!(expression.as_deref(), Some("a = :a AND #c = :c"));
        assert_eq!(values, Item::from([(":a".to_owned(), s("1")), (":c".to_owned(), s("3"))]));
    }
}
