//! The filters in the query of a list. All that can't be read is reported at once.

use jiff::Timestamp;
use lambda_http::{Request, RequestExt as _};
use shared::alert::AlertKind;
use shared::defect::{DefectCode, Defects};
use shared::delivery::DeliveryStatus;
use shared::events::EventName;
use shared::manage::PageRequest;
use shared::problem::Problem;
use shared::store::events::Position;
use shared::store::range::Order;

use crate::feed;
use crate::route::is_id;
use crate::{ENDPOINT, EVENT};

const DEFAULT_HOURS: u8 = 24;
/// A week.
const MAX_HOURS: u8 = 168;

/// `?endpointId &event &eventId &status &since &until`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryQuery {
    pub(crate) endpoint_id: Option<String>,
    pub(crate) event: Option<EventName>,
    pub(crate) event_id: Option<String>,
    pub(crate) status: Option<DeliveryStatus>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// `?event &limit`, with `&after` for the feed or `&order=newest &cursor` for people.
#[derive(Debug)]
pub(crate) struct FeedQuery {
    pub(crate) order: Order,
    pub(crate) after: Option<Position>,
    pub(crate) event: Option<EventName>,
    pub(crate) page: PageRequest,
}

/// `?kind &endpointId`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertQuery {
    pub(crate) kind: Option<AlertKind>,
    pub(crate) endpoint_id: Option<String>,
}

pub(crate) fn deliveries(request: &Request) -> Result<DeliveryQuery, Problem> {
    let mut query = Query::of(request);
    let read = DeliveryQuery {
        endpoint_id: query.id("endpointId", ENDPOINT),
        event: query.event(),
        event_id: query.id("eventId", EVENT),
        status: query.read(
            "status",
            "must be pending, retrying, delivered, failed or cancelled",
            DeliveryStatus::parse,
        ),
        since: query.time("since"),
        until: query.time("until"),
    };
    query.done(read)
}

pub(crate) fn feed(request: &Request) -> Result<FeedQuery, Problem> {
    let mut query = Query::of(request);
    let after = query.read("after", "must be the nextCursor or resumeAfter of an earlier answer", feed::read_cursor);
    let order = query.read("order", "must be oldest or newest", |order| match order {
        "oldest" => Some(Order::OldestFirst),
        "newest" => Some(Order::NewestFirst),
        _ => None,
    });
    let order = order.unwrap_or(Order::OldestFirst);
    if order == Order::NewestFirst && after.is_some() {
        query.defects.push("after", DefectCode::ConflictingFields, "is for the oldest first; use cursor here");
    }
    let event = query.event();
    query.done(())?;
    Ok(FeedQuery { order, after, event, page: PageRequest::of(request, EVENT)? })
}

pub(crate) fn alerts(request: &Request) -> Result<AlertQuery, Problem> {
    let mut query = Query::of(request);
    let kinds = "must be delivery.failed, endpoint.failing, endpoint.disabled or endpoint.recovered";
    let read =
        AlertQuery { kind: query.read("kind", kinds, AlertKind::parse), endpoint_id: query.id("endpointId", ENDPOINT) };
    query.done(read)
}

/// `?hours`: of how many the numbers are.
pub(crate) fn stats(request: &Request) -> Result<u8, Problem> {
    let query = request.query_string_parameters();
    let hours = query.first("hours").map_or(Some(DEFAULT_HOURS), |text| text.parse().ok());
    hours.filter(|hours| (1..=MAX_HOURS).contains(hours)).ok_or_else(|| {
        let mut defects = Defects::default();
        defects.push("hours", DefectCode::OutOfRange, format!("must be a whole number from 1 to {MAX_HOURS}"));
        Problem::invalid(defects)
    })
}

/// A query that is being read.
struct Query<'a> {
    request: &'a Request,
    defects: Defects,
}

impl<'a> Query<'a> {
    fn of(request: &'a Request) -> Self {
        Self { request, defects: Defects::default() }
    }

    fn done<T>(self, read: T) -> Result<T, Problem> {
        if self.defects.is_empty() { Ok(read) } else { Err(Problem::invalid(self.defects)) }
    }

    fn read<T>(&mut self, name: &str, message: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let query = self.request.query_string_parameters();
        let read = parse(query.first(name)?);
        if read.is_none() {
            self.defects.push(name, DefectCode::InvalidValue, message);
        }
        read
    }

    fn id(&mut self, name: &str, prefix: &str) -> Option<String> {
        let message = format!("must be an id that begins with {prefix}");
        self.read(name, &message, |text| is_id(text, prefix).then(|| text.to_owned()))
    }

    fn event(&mut self) -> Option<EventName> {
        self.read("event", "must be an event of the catalog, such as workorder.created", |name| name.parse().ok())
    }

    fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, "must be a time such as 2025-10-20T14:30:00Z", |text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn request(query: &[(&str, &str)]) -> Request {
        let query: HashMap<String, Vec<String>> =
            query.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        Request::default().with_query_string_parameters(query)
    }

    #[test]
    fn no_filter_wants_everything() {
        assert_eq!(deliveries(&request(&[])), Ok(DeliveryQuery::default()));
        assert_eq!(alerts(&request(&[])), Ok(AlertQuery::default()));
        assert!(feed(&request(&[])).is_ok());
    }

    #[test]
    fn all_that_can_not_be_read_is_reported_at_once() {
        let names = ["endpointId", "event", "eventId", "since", "status", "until"];
        let problem = deliveries(&request(&names.map(|name| (name, "x")))).unwrap_err();
        let fields: Vec<&str> = problem.errors.iter().map(|defect| defect.field.as_str()).collect();
        assert_eq!(fields, names);
        assert_eq!(alerts(&request(&[("kind", ""), ("endpointId", "evt_1")])).unwrap_err().errors.len(), 2);
        assert_eq!(feed(&request(&[("after", "?"), ("event", "x")])).unwrap_err().errors.len(), 2);
        assert_eq!(feed(&request(&[("limit", "0")])).unwrap_err().errors.len(), 1);
    }

    #[test]
    fn numbers_are_of_a_day_unless_asked_otherwise() {
        assert_eq!(stats(&request(&[])), Ok(24));
        for (hours, read) in [("1", 1), ("168", 168)] {
            assert_eq!(stats(&request(&[("hours", hours)])), Ok(read));
        }
        for hours in ["0", "169", "1000", "-1", "1.5", "", "day"] {
            assert_eq!(stats(&request(&[("hours", hours)])).unwrap_err().errors.len(), 1, "{hours}");
        }
    }
}
