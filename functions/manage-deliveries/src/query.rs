//! The filters of lists, read from queries.

use domain::alert::{AlertKind, AlertStatus};
use domain::defect::DefectCode;
use domain::delivery::DeliveryStatus;
use domain::events::EventName;
use domain::statistics::Step;
use inbound::http::Query;
use inbound::manage::PageRequest;
use inbound::manage::parameters::{DEFAULT_HOURS, MAX_FINE_HOURS, TIMELINE_LIMIT, WAITING};
use inbound::problem::Problem;
use jiff::Timestamp;
use store::events::Position;
use store::range::Order;
use store::requests::RefusalFilter;

/// Filters for deliveries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryQuery {
    pub(crate) endpoint_id: Option<String>,
    pub(crate) event: Option<EventName>,
    pub(crate) event_id: Option<String>,
    pub(crate) status: Option<DeliveryStatus>,
    /// Whether only those are wanted that wait, as statistics call it.
    pub(crate) waiting: bool,
    /// Only test sends, or none of them.
    pub(crate) test: Option<bool>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// Which events: after a position, oldest first, or in pages, newest first.
#[derive(Debug)]
pub(crate) struct FeedQuery {
    pub(crate) order: Order,
    pub(crate) after: Option<Position>,
    pub(crate) event: Option<EventName>,
    pub(crate) request_id: Option<String>,
    pub(crate) page: PageRequest,
}

/// What statistics are of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatsQuery {
    pub(crate) hours: u8,
    pub(crate) step: Step,
    pub(crate) endpoint_id: Option<String>,
}

/// Filters for alerts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertQuery {
    pub(crate) kind: Option<AlertKind>,
    pub(crate) endpoint_id: Option<String>,
    pub(crate) status: Option<AlertStatus>,
}

pub(crate) fn deliveries(query: &Query) -> DeliveryQuery {
    DeliveryQuery {
        endpoint_id: query.text("endpointId").map(str::to_owned),
        event: query.parsed("event"),
        event_id: query.text("eventId").map(str::to_owned),
        status: query.text("status").and_then(DeliveryStatus::parse),
        waiting: query.text("status") == Some(WAITING),
        test: query.parsed("test"),
        since: query.parsed("since"),
        until: query.parsed("until"),
    }
}

/// Five minutes take a sum each: there may be as many as of hours in two weeks.
pub(crate) fn stats(query: &Query) -> Result<StatsQuery, Problem> {
    let hours = query.parsed("hours").unwrap_or(DEFAULT_HOURS);
    let step = query.text("step").and_then(Step::parse).unwrap_or_default();
    if step == Step::FiveMinutes && hours > MAX_FINE_HOURS {
        let message = format!("must be at most {MAX_FINE_HOURS} with step={step}");
        return Err(Problem::invalid_field("hours", DefectCode::OutOfRange, message));
    }
    Ok(StatsQuery { hours, step, endpoint_id: query.text("endpointId").map(str::to_owned) })
}

pub(crate) fn alerts(query: &Query) -> AlertQuery {
    AlertQuery {
        kind: query.text("kind").and_then(AlertKind::parse),
        endpoint_id: query.text("endpointId").map(str::to_owned),
        status: query.text("status").and_then(AlertStatus::parse),
    }
}

/// What to look for.
pub(crate) fn sought(query: &Query) -> Result<&str, Problem> {
    let sought = query.text("q").map(str::trim).filter(|sought| !sought.is_empty());
    sought.ok_or_else(|| Problem::invalid_field("q", DefectCode::InvalidValue, "must say what to look for"))
}

/// The page of a timeline.
pub(crate) fn timeline(query: &Query) -> PageRequest {
    PageRequest::sized(query, TIMELINE_LIMIT)
}

pub(crate) fn requests(query: &Query) -> RefusalFilter<'_> {
    RefusalFilter {
        status: query.text("status"),
        code: query.text("code"),
        key_id: query.text("key"),
        number: query.text("number"),
        since: query.parsed("since"),
        until: query.parsed("until"),
    }
}

/// Each order has its own paging parameter: the other order's would silently give a wrong page, and is refused.
pub(crate) fn feed(query: &Query) -> Result<FeedQuery, Problem> {
    let after: Option<Position> = query.cursor("after").and_then(|position| position.parse().ok());
    let since = query.parsed("since").map(Position::since);
    let order = if query.text("order") == Some("newest") { Order::NewestFirst } else { Order::OldestFirst };
    let conflicting = |name, message| Err(Problem::invalid_field(name, DefectCode::ConflictingFields, message));
    match order {
        Order::NewestFirst if after.is_some() => {
            conflicting("after", "is for order=oldest; use cursor with order=newest")
        }
        Order::NewestFirst if since.is_some() => {
            conflicting("since", "is for order=oldest; page back with cursor instead")
        }
        _ if after.is_some() && since.is_some() => {
            conflicting("since", "says where to begin, and so does after; leave one of them out")
        }
        Order::OldestFirst if query.text("cursor").is_some() => {
            conflicting("cursor", "is for order=newest; use after with order=oldest")
        }
        _ if query.text("requestId").is_some()
            && (after.is_some() || since.is_some() || query.text("cursor").is_some()) =>
        {
            conflicting("requestId", "has all events of a call on one page; leave the cursor and since out")
        }
        _ => {
            let request_id = query.text("requestId").map(str::to_owned);
            Ok(FeedQuery {
                order,
                after: after.or(since),
                event: query.parsed("event"),
                request_id,
                page: PageRequest::of(query),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use inbound::http::{Parameters, write_cursor};
    use inbound::manage::parameters::{ALERTS, DELIVERIES, EVENTS, RECORDS, REQUESTS, STATS};
    use lambda_http::{Request, RequestExt as _};

    use super::*;

    const ENDPOINT: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    fn query(parameters: Parameters, sent: &[(&str, &str)]) -> Query {
        let sent: HashMap<String, Vec<String>> =
            sent.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        Query::of(&Request::default().with_query_string_parameters(sent), parameters).unwrap()
    }

    #[test]
    fn no_filter_wants_everything() {
        assert_eq!(deliveries(&query(DELIVERIES, &[])), DeliveryQuery::default());
        assert_eq!(alerts(&query(ALERTS, &[])), AlertQuery::default());
        assert_eq!(requests(&query(REQUESTS, &[])), RefusalFilter::default());
        let all = feed(&query(EVENTS, &[])).unwrap();
        assert_eq!((all.order, all.after, all.event), (Order::OldestFirst, None, None));
    }

    #[test]
    fn a_search_needs_something_to_look_for() {
        assert_eq!(sought(&query(RECORDS, &[("q", " WO-1 ")])).unwrap(), "WO-1");
        let blank = sought(&query(RECORDS, &[("q", " ")])).unwrap_err();
        assert_eq!(blank.errors[0].code, DefectCode::InvalidValue);
    }

    /// By their tables: a name that is read here and is not in the table would never be there.
    #[test]
    fn every_filter_is_read() {
        let (event, time) = ("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG", "2025-10-20T14:30:00Z");
        let sent = [
            ("endpointId", ENDPOINT),
            ("event", "workorder.created"),
            ("eventId", event),
            ("status", "failed"),
            ("test", "false"),
            ("since", time),
            ("until", time),
        ];
        let DeliveryQuery { endpoint_id, event, event_id, status, waiting, test, since, until } =
            deliveries(&query(DELIVERIES, &sent));
        assert!(endpoint_id.is_some() && event.is_some() && event_id.is_some());
        assert!(status.is_some() && !waiting && test == Some(false) && since.is_some() && until.is_some());
        let wait = deliveries(&query(DELIVERIES, &[("status", "waiting")]));
        assert_eq!((wait.status, wait.waiting), (None, true));
        let key = "key_01JAMB3X9T7Q2V5K8N4C6D0EFG";
        let sent = [("status", "400"), ("code", "validation_failed"), ("key", key), ("number", "WO-1")];
        let sent = query(REQUESTS, &[&sent[..], &[("since", time), ("until", time)]].concat());
        let RefusalFilter { status, code, key_id, number, since, until } = requests(&sent);
        assert_eq!((status, code), (Some("400"), Some("validation_failed")));
        assert_eq!((key_id, number, since, until.is_some()), (Some(key), Some("WO-1"), until, true));
        let sent = [("kind", "delivery.failed"), ("endpointId", ENDPOINT), ("status", "open")];
        let AlertQuery { kind, endpoint_id, status } = alerts(&query(ALERTS, &sent));
        assert!(kind.is_some() && endpoint_id.is_some() && status.is_some());
    }

    #[test]
    fn statistics_are_of_a_day_by_the_hour_unless_a_query_says_otherwise() {
        let read = |sent: &[(&str, &str)]| stats(&query(STATS, sent));
        assert_eq!(read(&[]).unwrap(), StatsQuery { hours: 24, step: Step::Hour, endpoint_id: None });
        let all = read(&[("hours", "168"), ("step", "6h"), ("endpointId", ENDPOINT)]).unwrap();
        assert_eq!((all.hours, all.step, all.endpoint_id.as_deref()), (168, Step::SixHours, Some(ENDPOINT)));
        assert_eq!(read(&[("step", "5m")]).unwrap().hours, 24);
        let refused = read(&[("hours", "25"), ("step", "5m")]).unwrap_err();
        assert_eq!((refused.errors[0].field.as_str(), refused.errors[0].code), ("hours", DefectCode::OutOfRange));
    }

    #[test]
    fn each_order_of_the_feed_has_its_own_paging() {
        let after = write_cursor("01JAMB3X9T7Q2V5K8N4C6D0EFG.1");
        let cursor = write_cursor("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG");
        assert!(feed(&query(EVENTS, &[("after", &after)])).unwrap().after.is_some());
        let newest = feed(&query(EVENTS, &[("order", "newest"), ("cursor", &cursor)])).unwrap();
        assert!(newest.order == Order::NewestFirst && newest.page.after().is_some());
        let wrong = |sent: &[(&str, &str)]| feed(&query(EVENTS, sent)).unwrap_err().errors[0].field.clone();
        let since = ("since", "2025-10-20T14:30:00Z");
        let begun = feed(&query(EVENTS, &[since])).unwrap();
        assert_eq!(begun.after, Some(Position::since(since.1.parse().unwrap())));
        assert_eq!(wrong(&[since, ("after", &after)]), "since");
        assert_eq!(wrong(&[since, ("order", "newest")]), "since");
        assert_eq!(wrong(&[since, ("requestId", "req_01JAMB3X9T7Q2V5K8N4C6D0EFG")]), "requestId");
        assert_eq!(wrong(&[("order", "newest"), ("after", &after)]), "after");
        assert_eq!(wrong(&[("order", "oldest"), ("cursor", &cursor)]), "cursor");
    }
}
