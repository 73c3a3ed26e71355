//! The query parameters of every call, as tables: requests are read by them, and `/openapi.json` describes them.

use domain::alert::{AlertKind, AlertStatus};
use domain::audit::Action;
use domain::delivery::DeliveryStatus;
use domain::statistics::Step;

use crate::http::{Parameter, Parameters, ValueType};
use crate::problem::ProblemCode;

/// `GET /api/endpoints`
pub const ENDPOINTS: Parameters = &[LIMIT, cursor("ep_")];

/// `GET /api/keys`
pub const KEYS: Parameters = &[LIMIT, cursor("key_")];

/// `GET /api/portal-links`
pub const LINKS: Parameters = &[LIMIT, cursor("lnk_")];

/// `GET /api/audit`
pub const AUDIT: Parameters = &[
    parameter("action", ValueType::Word { all: actions, default: None }, "Only changes of this kind"),
    parameter(
        "target",
        ValueType::Text { max: LONGEST_ID },
        "Only changes of the endpoint, API key, portal link or account with this id",
    ),
    parameter(
        "actor",
        ValueType::Text { max: LONGEST_ID },
        "Only changes that the API key or the portal link with this id made",
    ),
    parameter("since", ValueType::Time, "Only changes from this time on"),
    parameter("until", ValueType::Time, "Only changes before this time"),
    LIMIT,
    cursor("aud_"),
];

/// `GET /api/deliveries`
pub const DELIVERIES: Parameters = &[
    parameter("endpointId", ValueType::Id("ep_"), "Only deliveries to this endpoint"),
    EVENT,
    parameter("eventId", ValueType::Id("evt_"), "Only deliveries of this event"),
    parameter(
        "status",
        ValueType::Word { all: statuses, default: None },
        "Only deliveries with this status; `waiting`: pending or retrying",
    ),
    parameter("test", ValueType::Word { all: truths, default: None }, "Only test sends, or only others"),
    parameter("since", ValueType::Time, "Only deliveries of events from this time on"),
    parameter("until", ValueType::Time, "Only deliveries of events before this time"),
    LIMIT,
    cursor("dlv_"),
];

/// `GET /api/events`
pub const EVENTS: Parameters = &[
    parameter(
        "after",
        ValueType::Position,
        "`nextCursor` or `resumeAfter` of the previous response; only with the oldest first",
    ),
    parameter(
        "since",
        ValueType::Time,
        "Only events of calls from this time on: where to begin without a position; only with the oldest first, and not \
         with `after`",
    ),
    parameter(
        "order",
        ValueType::Word { all: orders, default: Some("oldest") },
        "`oldest` is paged with `after`, `newest` with `cursor`",
    ),
    EVENT,
    parameter("requestId", ValueType::Id("req_"), "Only the events that this call raised, however old; without paging"),
    LIMIT,
    cursor("evt_"),
];

/// `GET /api/records`
pub const RECORDS: Parameters = &[Parameter {
    name: "q",
    value: ValueType::Text { max: 100 },
    required: true,
    doc: "A number or an id; if no record has it, a part of a title or a name",
}];

/// `GET /api/records/{type}/{record}/timeline`
pub const TIMELINE: Parameters = &[
    parameter("limit", ValueType::Number { min: 1, max: 25, default: TIMELINE_LIMIT }, "The most changes per page"),
    cursor("evt_"),
];

/// `GET /api/alerts`
pub const ALERTS: Parameters = &[
    parameter("kind", ValueType::Word { all: kinds, default: None }, "Only alerts of this kind"),
    parameter("endpointId", ValueType::Id("ep_"), "Only alerts about this endpoint"),
    parameter("status", ValueType::Word { all: standings, default: None }, "Only alerts with this status"),
    LIMIT,
    cursor("alr_"),
];

/// `GET /api/requests`
pub const REQUESTS: Parameters = &[
    parameter("status", ValueType::Word { all: refused_with, default: None }, "Only calls that got this HTTP status"),
    parameter("code", ValueType::Word { all: refusals, default: None }, "Only calls that got this `code`"),
    parameter("key", ValueType::Id("key_"), "Only calls with this API key"),
    parameter(
        "number",
        ValueType::Text { max: LONGEST_NUMBER },
        "Only calls about records with this natural key, in any case",
    ),
    parameter("since", ValueType::Time, "Only calls from this time on"),
    parameter("until", ValueType::Time, "Only calls before this time"),
    LIMIT,
    cursor("req_"),
];

/// `GET /api/stats`: a week at most.
pub const STATS: Parameters = &[
    parameter(
        "hours",
        ValueType::Number { min: 1, max: 168, default: DEFAULT_HOURS },
        "How many hours, ending with the current one; at most 24 with `step=5m`",
    ),
    parameter(
        "step",
        ValueType::Word { all: steps, default: Some("1h") },
        "How finely the numbers are told. With `5m` and `6h`, they are in `steps` in place of `hours`",
    ),
    parameter("endpointId", ValueType::Id("ep_"), "Only deliveries to this endpoint"),
];

/// The hours that `GET /api/stats` covers by default.
pub const DEFAULT_HOURS: u8 = 24;
/// The default size of a page of a timeline: each change is read with its events and their deliveries.
pub const TIMELINE_LIMIT: u8 = 20;
/// The longest id that is looked for, in characters.
const LONGEST_ID: usize = 40;
/// The longest natural key, in characters.
const LONGEST_NUMBER: usize = 50;
/// The most that it covers in steps of five minutes.
pub const MAX_FINE_HOURS: u8 = 24;
/// What `GET /api/deliveries` takes beside a status: those that statistics count as waiting.
pub const WAITING: &str = "waiting";
/// The default size of a page.
pub const DEFAULT_LIMIT: u8 = 50;

const EVENT: Parameter = parameter("event", ValueType::Event, "Only this event type");
const LIMIT: Parameter =
    parameter("limit", ValueType::Number { min: 1, max: 100, default: DEFAULT_LIMIT }, "The most results per page");

const fn cursor(prefix: &'static str) -> Parameter {
    parameter("cursor", ValueType::Cursor(prefix), "`nextCursor` of the previous page")
}

const fn parameter(name: &'static str, value: ValueType, doc: &'static str) -> Parameter {
    Parameter { name, value, required: false, doc }
}

fn statuses() -> Vec<&'static str> {
    DeliveryStatus::WORDS.iter().copied().chain([WAITING]).collect()
}

fn truths() -> Vec<&'static str> {
    vec!["true", "false"]
}

fn steps() -> Vec<&'static str> {
    Step::WORDS.into()
}

fn kinds() -> Vec<&'static str> {
    AlertKind::ALL.map(AlertKind::as_str).into()
}

fn standings() -> Vec<&'static str> {
    AlertStatus::ALL.map(AlertStatus::as_str).into()
}

fn actions() -> Vec<&'static str> {
    Action::WORDS.into()
}

fn orders() -> Vec<&'static str> {
    vec!["oldest", "newest"]
}

/// The statuses of [`refusals`].
fn refused_with() -> Vec<&'static str> {
    vec!["400", "403", "404", "405", "409", "413", "415", "422", "429"]
}

/// The codes that a call with a valid key can be refused with.
fn refusals() -> Vec<&'static str> {
    let without_account = [ProblemCode::Unauthorized, ProblemCode::RequestTimeout];
    let codes = ProblemCode::ALL.into_iter().filter(|code| code.status().is_client_error());
    codes.filter(|code| !without_account.contains(code)).map(ProblemCode::as_str).collect()
}

#[cfg(test)]
mod tests {
    use domain::models::Kind;
    use domain::schema::Type;

    use super::*;

    #[test]
    fn the_statuses_of_refusals_are_those_of_their_codes() {
        let codes = refusals().into_iter().filter_map(ProblemCode::parse);
        let mut statuses: Vec<String> = codes.map(|code| code.status().as_str().to_owned()).collect();
        statuses.dedup();
        assert_eq!(statuses, refused_with());
    }

    #[test]
    fn a_natural_key_has_no_more_characters_than_are_looked_for() {
        for kind in Kind::ALL {
            let model = kind.model();
            let field = model.fields.iter().find(|field| field.name == model.key).unwrap();
            assert!(matches!(field.kind, Type::Line { max: LONGEST_NUMBER, .. }), "{}", model.key);
        }
    }
}
