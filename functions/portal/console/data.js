// @ts-check
/** What the API answers with, as far as the views use it, and lists that several views need. */

import { changes, get } from "./api.js";

/**
 * @typedef {{ state: "healthy" | "failing", consecutiveFailures: number, failingSince: string | null, lastSuccessAt: string | null, lastFailureAt: string | null }} Health
 * @typedef {{ id: string, url: string, events: string[], projectIds: string[], description: string | null, status: "enabled" | "disabled", disabledReason: string | null, headers: Record<string, string>, secretHint: string, createdAt: string, updatedAt: string, version: number, health: Health, secret?: string }} Endpoint
 * @typedef {{ id: string, eventId: string, event: string, endpointId: string, status: string, attemptCount: number, nextAttemptAt: string | null, createdAt: string, completedAt: string | null, test: boolean, lastStatusCode: number | null, lastError: string | null, lastDurationMs: number | null }} Delivery
 * @typedef {{ number: number, trigger: string, startedAt: string, durationMs: number, statusCode: number | null, error: string | null, responseBody: string | null }} Attempt
 * @typedef {Delivery & { attempts: Attempt[], requestBody: string | null }} WholeDelivery
 * @typedef {{ id: string, event: string, timestamp: string, data: Record<string, unknown>, requestId: string }} Event
 * @typedef {Event & { deliveries: Delivery[], siblings: { id: string, event: string }[], truncated: boolean }} WholeEvent
 * @typedef {{ id: string, kind: string, endpointId: string, deliveryId: string | null, event: string | null, lastStatusCode: number | null, lastError: string | null, createdAt: string, message: string }} Alert
 * @typedef {{ perHour: number, perMinute: number }} Limits
 * @typedef {{ id: string, name: string, hint: string, scopes: string[], limits: Limits, usage: Limits, expiresAt: string | null, lastUsedAt: string | null, createdAt: string, key?: string, replaces?: { id: string, expiresAt: string | null } }} Key
 * @typedef {{ delivered: number, failed: number, waiting: number, cancelled: number }} Counts
 * @typedef {Counts & { at: string }} Hour
 * @typedef {Counts & { endpointId: string, nextAttemptAt: string | null, hours: Hour[] }} EndpointStats
 * @typedef {{ since: string, until: string, complete: boolean, countedSince: string, hours: Hour[], latencyMs: { p50: number, p95: number, p99: number } | null, endpoints: EndpointStats[] }} Stats
 * @typedef {{ name: string, group: string, description: string, schema: Record<string, any>, example: Record<string, any> }} EventType
 */

/**
 * @template T
 * @typedef {{ data: T[], nextCursor: string | null }} Page
 */

/** Endpoints change seldom and every page names them: they are read again after so long, or after a change made here. */
const ENDPOINTS_KEPT_MS = 15_000;
/** @type {{ at: number, list: Promise<Endpoint[]> } | null} */
let kept = null;
for (const change of ["changed", "signedout"]) changes.addEventListener(change, () => (kept = null));

/**
 * All endpoints of the account; there are 100 by default.
 * @returns {Promise<Endpoint[]>}
 */
export function allEndpoints() {
  if (!kept || Date.now() - kept.at > ENDPOINTS_KEPT_MS) {
    const reading = { at: Date.now(), list: get("/api/endpoints?limit=100").then((answer) => answer.data) };
    reading.list.catch(() => kept === reading && (kept = null));
    kept = reading;
  }
  return kept.list;
}

/**
 * What became of the deliveries of the last day.
 * @param {AbortSignal} [signal]
 * @returns {Promise<Stats>}
 */
export const dayStats = (signal) => get("/api/stats?hours=24", signal);

/** @type {Promise<EventType[]> | null} */
let types = null;

/** The catalog; it is the same for everybody and read once. */
export function eventTypes() {
  types ??= get("/api/event-types").then((answer) => answer.data);
  types.catch(() => (types = null));
  return types;
}

/**
 * What people call an endpoint: its description, or where it is.
 * @param {Endpoint | undefined} endpoint
 */
export function nameOf(endpoint) {
  if (!endpoint) return "Deleted endpoint";
  return endpoint.description || endpoint.url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/**
 * `paused` when a person did it, `disabled` when the system did: that is what somebody has to look at.
 * @param {Endpoint} endpoint
 * @returns {"healthy" | "failing" | "paused" | "disabled"}
 */
export function stateOf(endpoint) {
  if (endpoint.status === "enabled") return endpoint.health.state;
  return (endpoint.disabledReason ?? BY_REQUEST) === BY_REQUEST ? "paused" : "disabled";
}

const BY_REQUEST = "disabled by request";
