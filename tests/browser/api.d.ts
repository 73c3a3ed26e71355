// What the API answers with, as far as the console uses it: for tsc alone, so that browsers need not load it.

/** What the explorer's page has beside its own scripts. */
declare const Scalar: { createApiReference(selector: string, configuration: Record<string, unknown>): unknown };

declare namespace Api {
  type Health = {
    state: "healthy" | "failing";
    consecutiveFailures: number;
    failingSince: string | null;
    lastSuccessAt: string | null;
    lastFailureAt: string | null;
    lastError: { deliveryId: string; error: string; errorDetail: string | null; statusCode: number | null } | null;
    lastSlowAt: string | null;
    disablesAt: string | null;
  };
  type Format = "full" | "thin" | "cloudevents";
  type Endpoint = {
    id: string;
    url: string;
    events: string[];
    projectIds: string[];
    filter: Record<string, unknown> | null;
    changed: string[];
    skipKeys: string[];
    description: string | null;
    status: "enabled" | "disabled";
    disabledReason: string | null;
    disabledAt: string | null;
    headers: Record<string, string>;
    maxPerSecond: number | null;
    format: Format;
    secretHint: string;
    createdAt: string;
    updatedAt: string;
    version: number;
    health: Health;
    secret?: string;
  };
  type WholeEndpoint = Endpoint & { waiting: { deliveries: number; until: string } | null };
  type Delivery = {
    id: string;
    eventId: string;
    event: string;
    subject: Subject | null;
    endpointId: string;
    status: string;
    attemptCount: number;
    nextAttemptAt: string | null;
    held: "endpoint_disabled" | "endpoint_pace" | null;
    createdAt: string;
    completedAt: string | null;
    test: boolean;
    lastStatusCode: number | null;
    lastError: string | null;
    lastErrorDetail: string | null;
    lastDurationMs: number | null;
  };
  type Attempt = {
    number: number;
    trigger: string;
    format: Format;
    startedAt: string;
    durationMs: number;
    statusCode: number | null;
    error: string | null;
    errorDetail: string | null;
    responseHeaders: Record<string, string> | null;
    responseBody: string | null;
  };
  type WholeDelivery = Delivery & { attempts: Attempt[]; requestBody: string | null };
  type Subject = { type: string; id: string; number: string };
  type Event = {
    id: string;
    event: string;
    subject: Subject | null;
    timestamp: string;
    data: Record<string, unknown>;
    requestId: string;
  };
  type RecordSummary = Subject & {
    title: string | null;
    status: string | null;
    version: number;
    updatedAt: string | null;
    deletedAt: string | null;
  };
  type WholeRecord = RecordSummary & { record: Record<string, unknown> | null };
  type RaisedEvent = Event & { deliveries: Delivery[] };
  type Change = { requestId: string; receivedAt: string; events: RaisedEvent[]; truncated: boolean };
  type WholeEvent = Event & { deliveries: Delivery[]; siblings: { id: string; event: string }[]; truncated: boolean };
  type Alert = {
    id: string;
    kind: string;
    status: "open" | "acknowledged" | "resolved" | null;
    endpointId: string | null;
    deliveryId: string | null;
    eventId: string | null;
    event: string | null;
    subject: Subject | null;
    lastStatusCode: number | null;
    lastError: string | null;
    lastErrorDetail: string | null;
    count: number | null;
    since: string | null;
    lastAt: string | null;
    examples: { deliveryId: string; event: string | null; subject: Subject | null; failedAt: string }[];
    recoveredAt: string | null;
    acknowledgedAt: string | null;
    resolvedAt: string | null;
    createdAt: string;
    message: string;
  };
  type RefusedCall = {
    id: string;
    createdAt: string;
    method: string;
    path: string;
    status: number;
    code: string;
    errors: { field: string | null; code: string }[];
    errorCount: number;
    subject: { type: string; number: string } | null;
    keyId: string;
    keyName: string;
    truncated: boolean;
  };
  type Limits = { perHour: number; perMinute: number };
  type Key = {
    id: string;
    name: string;
    hint: string;
    scopes: string[];
    limits: Limits;
    usage: Limits;
    expiresAt: string | null;
    lastUsedAt: string | null;
    createdAt: string;
    key?: string;
    replaces?: { id: string; expiresAt: string | null };
  };
  type PortalLink = {
    id: string;
    name: string | null;
    keyId: string;
    scopes: string[];
    readOnly: boolean;
    origins: string[];
    expiresAt: string;
    createdAt: string;
    url?: string;
  };
  type AuditEntry = {
    id: string;
    createdAt: string;
    action: string;
    actor: { type: string; id: string | null; name: string | null; keyId: string | null };
    targetId: string;
    address: string | null;
    requestId: string | null;
    before: Record<string, unknown> | null;
    after: Record<string, unknown> | null;
  };
  type Counts = { delivered: number; failed: number; waiting: number; cancelled: number; attempts: number };
  type Hour = Counts & { at: string };
  type Latency = { p50: number; p95: number; p99: number } | null;
  type Step = Hour & { latencyMs: Latency };
  type EndpointStats = Counts & { endpointId: string; latencyMs: Latency; nextAttemptAt: string | null; hours: Hour[] };
  // `hours`, unless `steps` is there: then neither this nor an endpoint has them.
  type Stats = {
    since: string;
    until: string;
    complete: boolean;
    countedSince: string;
    hours: Step[];
    steps?: Step[];
    latencyMs: Latency;
    endpoints: EndpointStats[];
  };
  type EventType = {
    name: string;
    group: string;
    description: string;
    schema: Record<string, any>;
    example: Record<string, any>;
  };
  type Preview = {
    examples: boolean;
    examined: number;
    matched: number;
    events: { id: string | null; event: string; subject: Subject | null; raisedAt: string | null; unmet: string | null }[];
    key: { id: string; name: string; sends: boolean };
  };
  type SourceIps = { static: boolean; ips: string[] };
  /** What the lists are of. */
  type Lists = {
    "/api/deliveries": Delivery;
    "/api/events": Event;
    "/api/alerts": Alert;
    "/api/requests": RefusedCall;
    "/api/audit": AuditEntry;
  };
  type Page<T> = { data: T[]; nextCursor: string | null };
}
