//! The tables as data: what the local system creates and the template is held against.

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name in the local system, and the stem of its logical id in the template.
    pub name: &'static str,
    /// The variable that carries its name in a function's environment.
    pub variable: &'static str,
    /// Partition key.
    pub partition: &'static str,
    /// Sort key.
    pub sort: Option<&'static str>,
    /// Global secondary indexes; all project keys only.
    pub indexes: &'static [Index],
    /// The attribute with the expiry time (epoch seconds), where items age.
    pub ttl: Option<&'static str>,
    /// Whether its stream (new images) feeds the dispatcher.
    pub stream: bool,
}

/// One global secondary index. Keys are strings but where `sort_is_number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Partition key.
    pub partition: &'static str,
    /// Sort key.
    pub sort: &'static str,
    /// Whether the sort key is a number.
    pub sort_is_number: bool,
}

const TTL: Option<&str> = Some("expiresAt");

const fn hashed(name: &'static str, variable: &'static str, ttl: Option<&'static str>) -> Table {
    Table { name, variable, partition: "pk", sort: None, indexes: &[], ttl, stream: false }
}

const fn sorted(name: &'static str, variable: &'static str, ttl: Option<&'static str>) -> Table {
    Table { sort: Some("sk"), ..hashed(name, variable, ttl) }
}

/// API keys and accounts.
pub const API_KEYS: Table = sorted("api-keys", "API_KEYS_TABLE", TTL);
/// Rate windows.
pub const RATE_WINDOWS: Table = hashed("rate-windows", "RATE_WINDOWS_TABLE", TTL);
/// Records: work orders, projects, employees, vendors, time off.
pub const RECORDS: Table = hashed("records", "RECORDS_TABLE", TTL);
/// Events: one item for all events of a request.
pub const EVENTS: Table = Table { stream: true, ..sorted("events", "EVENTS_TABLE", TTL) };
/// Markers of events that were not dispatched yet.
pub const UNDISPATCHED: Table = sorted("undispatched", "UNDISPATCHED_TABLE", TTL);
/// Endpoints.
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
/// Alerts.
pub const ALERTS: Table = Table {
    indexes: &[Index { name: BY_UNPUBLISHED, partition: "unpublished", sort: "sk", sort_is_number: false }],
    ..sorted("alerts", "ALERTS_TABLE", TTL)
};
/// Idempotency keys with their answers.
pub const IDEMPOTENCY: Table = hashed("idempotency", "IDEMPOTENCY_TABLE", TTL);

/// Index of deliveries by endpoint, in the order of their ids.
pub const BY_ENDPOINT: &str = "by-endpoint";
/// Index of unfinished deliveries by the time at which the sweeper looks after them.
pub const BY_DUE: &str = "by-due";
/// Index of deliveries that are not as they should be (retrying, failed, cancelled) by account and status. Sparse: a
/// delivery that arrives at the first attempt costs it nothing.
pub const BY_STATUS: &str = "by-status";
/// Index of alerts that are not published yet.
pub const BY_UNPUBLISHED: &str = "by-unpublished";

/// Every table.
pub const ALL: &[Table] =
    &[API_KEYS, RATE_WINDOWS, RECORDS, EVENTS, UNDISPATCHED, ENDPOINTS, DELIVERIES, ALERTS, IDEMPOTENCY];
