//! The query parameters of every call, as tables: requests are read by them, and `/openapi.json` describes them.

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;

use crate::http::{Parameter, Parameters, ValueType};

/// `GET /api/endpoints`
pub const ENDPOINTS: Parameters = &[LIMIT, cursor("ep_")];

/// `GET /api/keys`
pub const KEYS: Parameters = &[LIMIT, cursor("key_")];

/// `GET /api/deliveries`
pub const DELIVERIES: Parameters = &[
    parameter("endpointId", ValueType::Id("ep_"), "Only deliveries to this endpoint"),
    EVENT,
    parameter("eventId", ValueType::Id("evt_"), "Only deliveries of this event"),
    parameter("status", ValueType::Word { all: statuses, default: None }, "Only deliveries with this status"),
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
    value: ValueType::Text(100),
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
    LIMIT,
    cursor("alr_"),
];

/// `GET /api/stats`: a week at most.
pub const STATS: Parameters = &[parameter(
    "hours",
    ValueType::Number { min: 1, max: 168, default: DEFAULT_HOURS },
    "How many hours, ending with the current one",
)];

/// The hours that `GET /api/stats` covers by default.
pub const DEFAULT_HOURS: u8 = 24;
/// The default size of a page of a timeline: each change is read with its events and their deliveries.
pub const TIMELINE_LIMIT: u8 = 20;
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
    DeliveryStatus::ALL.map(DeliveryStatus::as_str).into()
}

fn kinds() -> Vec<&'static str> {
    AlertKind::ALL.map(AlertKind::as_str).into()
}

fn orders() -> Vec<&'static str> {
    vec!["oldest", "newest"]
}
