// @ts-check
/** What the API answers with, as far as the views use it, and lists that several views need. */

import { get, withQuery } from "./api.js";

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
 * @typedef {{ name: string, group: string, description: string, schema: Record<string, any>, example: Record<string, any> }} EventType
 */

/**
 * @template T
 * @typedef {{ data: T[], nextCursor: string | null }} Page
 */

/**
 * All endpoints of the account; there are 100 by default.
 * @param {AbortSignal} [signal]
 * @returns {Promise<Endpoint[]>}
 */
export async function allEndpoints(signal) {
  return (await get("/api/endpoints?limit=100", signal)).data;
}

/**
 * Deliveries since an instant, newest first: so many pages at most.
 * @param {Record<string, string>} query
 * @param {number} pages
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ list: Delivery[], more: boolean }>}
 */
export async function latestDeliveries(query, pages, signal) {
  /** @type {Delivery[]} */
  const list = [];
  let cursor = null;
  for (let page = 0; page < pages; page++) {
    const answer = await get(withQuery("/api/deliveries", { ...query, limit: 100, cursor }), signal);
    list.push(...answer.data);
    cursor = answer.nextCursor;
    if (!cursor) break;
  }
  return { list, more: cursor !== null };
}

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
