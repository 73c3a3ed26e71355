/** Lists that several views need, and what they call things. */

import { changes, get, getAll } from "./api.js";
import { h } from "./dom.js";

/**
 * What is read once for all pages: again after a failure, and, if it can become old, after so long, a change made here or
 * another sign-in.
 * @template T
 * @param {() => Promise<T>} read
 * @param {number} [keptMs]
 */
function cached(read, keptMs = Infinity) {
  /** @type {{ at: number, answer: Promise<T> } | null} */
  let kept = null;
  if (keptMs < Infinity) for (const change of ["changed", "signedout"]) changes.addEventListener(change, () => (kept = null));
  return () => {
    if (!kept || Date.now() - kept.at > keptMs) {
      const reading = { at: Date.now(), answer: read() };
      reading.answer.catch(() => kept === reading && (kept = null));
      kept = reading;
    }
    return kept.answer;
  };
}

/** All endpoints of the account, which every page needs. @type {() => Promise<Api.Endpoint[]>} */
export const allEndpoints = cached(() => getAll("/api/endpoints"), 15_000);

/** @returns {Promise<Ui.Names>} */
export const endpointsById = async () => new Map((await allEndpoints()).map((one) => [one.id, one]));

/** How many alerts are open, in words; empty for none. A key that may not list them has none. */
export const openAlerts = cached(() => {
  const words = (/** @type {Api.Page<Api.Alert>} */ { data, nextCursor }) =>
    nextCursor ? `${data.length}+` : data.length ? `${data.length}` : "";
  return get("/api/alerts?status=open&limit=100")
    .then(words)
    .catch(() => "");
}, 60_000);

/**
 * Delivery numbers of the last 24 hours.
 * @param {AbortSignal} [signal]
 * @returns {Promise<Api.Stats>}
 */
export const dayStats = (signal) => get("/api/stats?hours=24", signal);

/** The catalog; it is the same for everybody. @type {() => Promise<Api.EventType[]>} */
export const eventTypes = cached(() => get("/api/event-types").then(({ data }) => data));

/** Where deliveries come from; the same for everybody. @type {() => Promise<Api.SourceIps>} */
export const sourceIps = cached(() => get("/api/source-ips"));

/** What people call an endpoint: its description, or where it is. @param {Api.Endpoint | undefined} endpoint */
export const nameOf = (endpoint) =>
  endpoint ? endpoint.description || endpoint.url.replace(/^https?:\/\/|\/$/g, "") : "Deleted endpoint";

/** An endpoint's name as a link to its page. @param {Api.Endpoint | undefined} endpoint */
export const endpointLink = (endpoint) =>
  endpoint ? h("a.strong", { href: `#/endpoints/${endpoint.id}` }, nameOf(endpoint)) : nameOf(endpoint);

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
