/** Lists that several views need, and what they call things. */

import { changes, get, getAll } from "./api.js";

/** How long the list of endpoints, which every page needs, is cached. A change made here discards it. */
const ENDPOINTS_KEPT_MS = 15_000;
/** @type {{ at: number, list: Promise<Api.Endpoint[]> } | null} */
let kept = null;
for (const change of ["changed", "signedout"]) changes.addEventListener(change, () => (kept = null));

/** All endpoints of the account. @returns {Promise<Api.Endpoint[]>} */
export function allEndpoints() {
  if (!kept || Date.now() - kept.at > ENDPOINTS_KEPT_MS) {
    const reading = { at: Date.now(), list: getAll("/api/endpoints") };
    reading.list.catch(() => kept === reading && (kept = null));
    kept = reading;
  }
  return kept.list;
}

/** @returns {Promise<Ui.Names>} */
export const endpointsById = async () => new Map((await allEndpoints()).map((one) => [one.id, one]));

/** How long the number of open alerts is cached: it costs a call of the key. */
const OPEN_KEPT_MS = 60_000;
/** @type {{ at: number, count: Promise<string> } | null} */
let open = null;
for (const change of ["changed", "signedout"]) changes.addEventListener(change, () => (open = null));

/** How many alerts are open, in words; empty for none. A key that may not list them has none. */
export function openAlerts() {
  if (!open || Date.now() - open.at > OPEN_KEPT_MS) {
    const found = get("/api/alerts?status=open&limit=100");
    const words = (/** @type {Api.Page<Api.Alert>} */ { data, nextCursor }) =>
      nextCursor ? `${data.length}+` : data.length ? `${data.length}` : "";
    open = { at: Date.now(), count: found.then(words).catch(() => "") };
  }
  return open.count;
}

/**
 * Delivery numbers of the last 24 hours.
 * @param {AbortSignal} [signal]
 * @returns {Promise<Api.Stats>}
 */
export const dayStats = (signal) => get("/api/stats?hours=24", signal);

/** @type {Promise<Api.EventType[]> | null} */
let types = null;

/** The catalog; it is the same for everybody and read once. */
export function eventTypes() {
  types ??= get("/api/event-types").then((answer) => answer.data);
  types.catch(() => (types = null));
  return types;
}

/** @type {Promise<Api.SourceIps> | null} */
let addresses = null;

/** Where deliveries come from; the same for everybody and read once. */
export function sourceIps() {
  addresses ??= get("/api/source-ips");
  addresses.catch(() => (addresses = null));
  return addresses;
}

/** What people call an endpoint: its description, or where it is. @param {Api.Endpoint | undefined} endpoint */
export function nameOf(endpoint) {
  if (!endpoint) return "Deleted endpoint";
  return endpoint.description || endpoint.url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/**
 * `paused` when a user disabled it, `disabled` when the system did, which needs attention.
 * @param {Api.Endpoint} endpoint
 * @returns {"healthy" | "failing" | "paused" | "disabled"}
 */
export function stateOf(endpoint) {
  if (endpoint.status === "enabled") return endpoint.health.state;
  return (endpoint.disabledReason ?? BY_REQUEST) === BY_REQUEST ? "paused" : "disabled";
}

const BY_REQUEST = "disabled by request";
