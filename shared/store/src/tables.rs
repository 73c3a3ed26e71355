//! The tables as data: their names, keys and indexes, and how long their items are kept. The local system creates what
//! is listed here, and a test holds the template against it.

use std::ops::RangeInclusive;

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name in the local system, and the stem of its logical id in the template.
    pub name: &'static str,
    /// The variable that carries its name in a function's environment.
    pub variable: &'static str,
    /// The attribute that is the partition key, a string.
    pub partition: &'static str,
    /// The attribute that is the sort key, a string; `None` where the partition key alone names an item.
    pub sort: Option<&'static str>,
    /// Global secondary indexes; all project keys only.
    pub indexes: &'static [Index],
    /// The attribute with the time after which an item is deleted (epoch seconds), if the table's items expire.
    pub ttl: Option<&'static str>,
    /// Whether its stream (new images) feeds the dispatcher.
    pub stream: bool,
}

/// One global secondary index. Its keys are strings, apart from a sort key with `sort_is_number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name, the same in every deployment.
    pub name: &'static str,
    /// The attribute that is the partition key. An item without it is not in the index.
    pub partition: &'static str,
    /// The attribute that is the sort key.
    pub sort: &'static str,
    /// Whether the sort key is a number.
    pub sort_is_number: bool,
}

const TTL: Option<&str> = Some("expiresAt");
/// How many days events, deliveries, and markers of accounts with events are kept, unless `EVENT_RETENTION_DAYS` says
/// otherwise.
pub const EVENT_RETENTION_DAYS: i64 = 30;
/// How many days alerts are kept, unless `ALERT_RETENTION_DAYS` says otherwise.
pub const ALERT_RETENTION_DAYS: i64 = 90;
/// The retentions that can be chosen, in days. More than a week: for so long the sweeper brings an event again that could not
/// be passed on, and so far back go the statistics.
pub const RETENTION_DAYS: RangeInclusive<i64> = 8..=365;

const fn hashed(name: &'static str, variable: &'static str, ttl: Option<&'static str>) -> Table {
    Table { name, variable, partition: "pk", sort: None, indexes: &[], ttl, stream: false }
}

const fn sorted(name: &'static str, variable: &'static str, ttl: Option<&'static str>) -> Table {
    Table { sort: Some("sk"), ..hashed(name, variable, ttl) }
}

/// API keys, portal links and accounts: `HASH#<sha-256>`, `KEY#<account>`, `LINK#<account>`, `FRAME#<link>` and `ACC`.
pub const API_KEYS: Table = sorted("api-keys", "API_KEYS_TABLE", TTL);
/// Rate windows: one item for an hour of a key or an address, and one for each endpoint with a pace.
pub const RATE_WINDOWS: Table = hashed("rate-windows", "RATE_WINDOWS_TABLE", TTL);
/// Records: work orders, projects, employees, vendors, time off; with tombstones and sealed tax ids.
pub const RECORDS: Table = hashed("records", "RECORDS_TABLE", TTL);
/// Events: one item for all events of a request.
pub const EVENTS: Table = Table { stream: true, ..sorted("events", "EVENTS_TABLE", TTL) };
/// Markers of accounts whose latest events may not be dispatched yet.
pub const UNDISPATCHED: Table = sorted("undispatched", "UNDISPATCHED_TABLE", TTL);
/// Endpoints, and claims on their subscriptions.
pub const ENDPOINTS: Table = sorted("endpoints", "ENDPOINTS_TABLE", None);
/// Deliveries with their attempts.
pub const DELIVERIES: Table = Table {
    indexes: &[
        Index { name: BY_ENDPOINT, partition: "endpoint", sort: "sk", sort_is_number: false },
        Index { name: BY_DUE, partition: "dueShard", sort: "dueAt", sort_is_number: true },
        Index { name: BY_STATUS, partition: "accountStatus", sort: "sk", sort_is_number: false },
    ],
    ..sorted("deliveries", "DELIVERIES_TABLE", TTL)
};
/// Alerts, and pointers to those that are open.
pub const ALERTS: Table = Table {
    indexes: &[Index { name: BY_UNPUBLISHED, partition: "unpublished", sort: "sk", sort_is_number: false }],
    ..sorted("alerts", "ALERTS_TABLE", TTL)
};
/// Calls that were refused.
pub const REQUESTS: Table = sorted("requests", "REQUESTS_TABLE", TTL);
/// The audit log.
pub const AUDIT: Table = sorted("audit", "AUDIT_TABLE", TTL);
/// Idempotency keys with their answers.
pub const IDEMPOTENCY: Table = hashed("idempotency", "IDEMPOTENCY_TABLE", TTL);

/// Index of deliveries by endpoint, in the order of their ids.
pub const BY_ENDPOINT: &str = "by-endpoint";
/// Index of unfinished deliveries by the time at which the sweeper looks after them.
pub const BY_DUE: &str = "by-due";
/// Index of retrying, failed and cancelled deliveries by account and status. Sparse: a delivery that arrives at the
/// first attempt takes no write to it.
pub const BY_STATUS: &str = "by-status";
/// Index of alerts that are not published yet.
pub const BY_UNPUBLISHED: &str = "by-unpublished";

/// Every table.
pub const ALL: &[Table] = &[
    API_KEYS,
    RATE_WINDOWS,
    RECORDS,
    EVENTS,
    UNDISPATCHED,
    ENDPOINTS,
    DELIVERIES,
    ALERTS,
    REQUESTS,
    AUDIT,
    IDEMPOTENCY,
];
