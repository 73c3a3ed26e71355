//! The bodies of the management plane and of a publication, as tables of fields: functions read by them, and
//! `/openapi.json` describes them.

use domain::alert::AlertStatus;
use domain::api_key::Scope;
use domain::endpoint::LONGEST_URL;
use domain::format::Format;
use domain::pace::MAX_PER_SECOND;
use domain::portal_link::{LIFE_SECONDS, MAX_ORIGINS, Theme};
use domain::schema::Class::{Contact, Operational};
use domain::schema::declare::{always, int, list, nullable, on_create, optional, string, text};
use domain::schema::{Field, Type};

/// An endpoint. `headers` is not in the table, whose names are the subscriber's choice, nor is `filter`, whose names are
/// those of events.
pub const ENDPOINT: [Field; 9] = [
    on_create(
        "url",
        string(LONGEST_URL),
        Operational,
        "where deliveries are sent; `https` on port 443 or 1024 and above",
    ),
    on_create("events", EVENT_FILTERS, Operational, "event types, `workorder.*` or `*`"),
    PROJECT_IDS,
    CHANGED,
    SKIP_KEYS,
    optional("description", text(500), Contact, "a name for people"),
    optional(
        "maxPerSecond",
        int(1, MAX_PER_SECOND as i64),
        Operational,
        "how many attempts a second it takes at most; the others wait in line. No limit by default",
    ),
    optional(
        "format",
        Type::Enum(Format::WORDS),
        Operational,
        "what is sent of an event: `full` (the default) all of it, `thin` ids and a link, `cloudevents` all of it as a CloudEvent",
    ),
    optional("status", Type::Enum(&["enabled", "disabled"]), Operational, "default `enabled`"),
];

/// A preview of a subscription, without `filter`.
pub const PREVIEW: [Field; 4] = [
    optional("events", EVENT_FILTERS, Operational, "event types, `workorder.*` or `*`; default `*`"),
    PROJECT_IDS,
    CHANGED,
    SKIP_KEYS,
];

const PROJECT_IDS: Field =
    optional("projectIds", list(100, &Type::Id("proj_")), Operational, "only events of these projects");
const CHANGED: Field = optional(
    "changed",
    list(50, &string(60)),
    Operational,
    "of updates, only those that touch one of these fields; other events pass",
);
const SKIP_KEYS: Field = optional(
    "skipKeys",
    list(20, &string(60)),
    Operational,
    "no events that these API keys cause: ids, or `self` for the key of this call",
);

/// A test send without `data`, which depends on `event`.
pub const TEST: [Field; 1] = [on_create("event", string(60), Operational, "the event type")];

/// A replay.
pub const REPLAY: [Field; 5] = [
    on_create("since", Type::DateTime, Operational, "events from this second on, at most 30 days before `until`"),
    optional("until", Type::DateTime, Operational, "events before this second; default now"),
    optional("events", EVENT_FILTERS, Operational, "only these event types; also `workorder.*` or `*`"),
    optional("only", Type::Enum(&["failed", "missing", "all"]), Operational, "default `failed`"),
    optional("dryRun", Type::Bool, Operational, "only count; nothing is sent"),
];

/// A manual retry.
pub const RETRY: [Field; 1] = [optional("force", Type::Bool, Operational, "also retry a delivery that was delivered")];

/// Where an alert stands.
pub const ALERT: [Field; 1] = [on_create(
    "status",
    Type::Enum(AlertStatus::WORDS),
    Operational,
    "`acknowledged`: somebody is on it, and it is published no more; `resolved`: it is done with",
)];

/// A rotation of an API key.
pub const ROTATION: [Field; 1] = [OVERLAP];

/// A rotation of a signing secret.
pub const SECRET_ROTATION: [Field; 2] = [
    OVERLAP,
    optional(
        "promote",
        Type::Enum(&["later", "now"]),
        Operational,
        "when the new secret starts to sign `X-Webhook-Signature`: `later` (the default) with `/secret/promote` or \
         when the overlap ends, `now` when the old one has leaked",
    ),
];

const OVERLAP: Field =
    optional("overlapHours", int(0, 168), Operational, "how long the old one stays valid; default 24");

/// An API key.
pub const KEY: [Field; 4] = [
    on_create("name", string(100), Contact, "a name for people"),
    on_create(
        "scopes",
        Type::List { min: 1, max: Scope::WORDS.len(), item: &Type::Enum(Scope::WORDS) },
        Operational,
        "the calls that it may make",
    ),
    optional("expiresAt", Type::DateTime, Operational, "when it expires; never by default"),
    optional("limits", Type::Object(&LIMITS), Operational, "rate limits of this key"),
];

/// A portal link.
pub const PORTAL_LINK: [Field; 6] = [
    optional("name", string(100), Contact, "whom it is for, such as the id of a user; the audit log calls the link so"),
    optional(
        "scopes",
        Type::List { min: 1, max: LINK_SCOPES.len(), item: &Type::Enum(&LINK_SCOPES) },
        Operational,
        "what it may be used for, of what the key may; default `webhooks:manage`",
    ),
    optional("readOnly", Type::Bool, Operational, "whether it can only look; default true"),
    optional(
        "expiresIn",
        int(LIFE_SECONDS[0], LIFE_SECONDS[1]),
        Operational,
        "for how many seconds it works; default 3,600",
    ),
    optional("theme", Type::Enum(Theme::WORDS), Operational, "default `auto`, as the system of its user says"),
    optional(
        "origins",
        list(MAX_ORIGINS, &string(270)),
        Operational,
        "the pages that may show it in a frame, as `https://app.example.com`; none by default",
    ),
];

/// The words of [`domain::portal_link::SCOPES`].
const LINK_SCOPES: [&str; 3] = {
    let [first, second, third] = domain::portal_link::SCOPES;
    [first.as_str(), second.as_str(), third.as_str()]
};

/// A publication without `data`, which depends on `event`.
pub const PUBLICATION: [Field; 3] = [
    always("event", string(60), "name of the event"),
    nullable("occurredAt", Type::DateTime, "when it happened; default now"),
    always(
        "idempotencyKey",
        string(128),
        "identifies this event: sending the same key again within 24 hours publishes nothing",
    ),
];

const EVENT_FILTERS: Type = Type::List { min: 1, max: 50, item: &string(60) };

/// The highest limit that is accepted.
const BOUND: i64 = 1_000_000_000;

const LIMITS: [Field; 2] = [
    optional("perHour", int(1, BOUND), Operational, "calls an hour; default 1,000"),
    optional("perMinute", int(1, BOUND), Operational, "calls a minute; default 50"),
];
