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
    parameter("endpointId", ValueType::Id("ep_"), "Of this endpoint"),
    EVENT,
    parameter("eventId", ValueType::Id("evt_"), "Of this event"),
    parameter("status", ValueType::Word { all: statuses, default: None }, "That stand so"),
    parameter("since", ValueType::Time, "Of events from this instant on"),
    parameter("until", ValueType::Time, "Of events before this instant"),
    LIMIT,
    cursor("dlv_"),
];

/// `GET /api/events`
pub const EVENTS: Parameters = &[
    parameter("after", ValueType::Position, "`nextCursor` or `resumeAfter` of the answer before; oldest first only"),
    parameter("order", ValueType::Word { all: orders, default: Some("oldest") }, "`newest` is paged by `cursor`"),
    EVENT,
    LIMIT,
    cursor("evt_"),
];

/// `GET /api/alerts`
pub const ALERTS: Parameters = &[
    parameter("kind", ValueType::Word { all: kinds, default: None }, "Of this kind"),
    parameter("endpointId", ValueType::Id("ep_"), "About this endpoint"),
    LIMIT,
    cursor("alr_"),
];

/// `GET /api/stats`: a week at most.
pub const STATS: Parameters = &[parameter(
    "hours",
    ValueType::Number { min: 1, max: 168, default: DEFAULT_HOURS },
    "How many, of which the present one is the last",
)];

/// Of how many hours the numbers are when nobody says.
pub const DEFAULT_HOURS: u8 = 24;
/// How many things a page has when nobody says.
pub const DEFAULT_LIMIT: u8 = 50;

const EVENT: Parameter = parameter("event", ValueType::Event, "Of this name");
const LIMIT: Parameter =
    parameter("limit", ValueType::Number { min: 1, max: 100, default: DEFAULT_LIMIT }, "How many at most");

const fn cursor(prefix: &'static str) -> Parameter {
    parameter("cursor", ValueType::Cursor(prefix), "The `nextCursor` of the page before")
}

const fn parameter(name: &'static str, value: ValueType, doc: &'static str) -> Parameter {
    Parameter { name, value, doc }
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
