import { get, patch, remove, to, withQuery } from "../api.js";
import { eventTypes, nameOf, sourceIps, stateOf } from "../data.js";
import { h, redraw } from "../dom.js";
import { delivered, figure, figures, responseTime, total } from "../figures.js";
import { count, countdown, errorWords, failure, moment, time } from "../format.js";
import { viewOnly } from "../link.js";
import { firstWithAny } from "../list.js";
import { keepLive } from "../live.js";
import { badge, button, card, chips, code, confirm, empty, facts, heading, table, toast } from "../parts.js";
import { deliveryRow } from "./deliveries.js";
import { secretCard } from "./secret.js";
import { testForm } from "./test-send.js";

const LIVE_MS = 20_000;

/**
 * The latest deliveries to an endpoint.
 * @param {string} endpointId
 * @param {AbortSignal} signal
 * @returns {Promise<Api.Page<Api.Delivery>>}
 */
const latest = (endpointId, signal) =>
  firstWithAny((cursor) => get(withQuery("/api/deliveries", { endpointId, limit: 8, cursor }), signal), null);

/** @param {Api.Page<Api.Delivery>} page */
const latestOf = ({ data, nextCursor }) => data.length === 0 ? empty(nextCursor ? "None among the latest events" : "No deliveries yet")
  : table("Latest deliveries", ["Event", "Record", "Status", "Response", "Attempts", "When"], data.map((one) => deliveryRow(one)));

/** @type {Ui.View} */
export async function endpoint(route) {
  const { path, signal } = route;
  const id = path[1] ?? "";
  const numbered = figures(`#/endpoints/${id}`, route, { endpointId: id, numbers });
  const [one, deliveries, types, { words, choice, body, stats, refresh }, addresses] = await Promise.all([
    get(to`/api/endpoints/${id}`, signal), latest(id, signal), eventTypes(), numbered, sourceIps(),
  ]);
  const held = await heldOf(one, signal);
  const recent = h("div.stack", latestOf(deliveries));
  keepLive(async () => {
    const [found] = await Promise.all([latest(id, signal), refresh()]);
    redraw(recent, () => recent.replaceChildren(latestOf(found)));
  }, signal, { every: LIVE_MS });
  return [
    heading(nameOf(one), { crumb: ["#/endpoints", "Endpoints"], lead: h("code", one.url), actions: actions(one) }),
    trouble(one),
    card("Deliveries", h("div.heading", h("p.muted", words), choice), body),
    h("div.columns", card("About", about(one, stats(), held, addresses)),
      !viewOnly && h("div.stack", await secretCard(one, signal), card("Send a test", testForm({ endpoints: [[one.id, nameOf(one)]], types }, "Sent once, with up to 22 seconds for the response. A failed test has no consequences; a successful one resets the endpoint's failure count.")))),
    card("Latest deliveries", recent, h("p", h("a", { href: `#/deliveries?endpointId=${one.id}` }, "All deliveries to this endpoint"))),
  ].filter((part) => part instanceof HTMLElement);
}

/** @param {Api.Stats} stats */
function numbers(stats) {
  const counts = total(stats);
  const each = counts.attempts / Math.max(1, counts.delivered + counts.failed + counts.waiting);
  return h("div.numbers",
    delivered("Success rate", counts),
    responseTime(stats),
    figure("Attempts", count(counts.attempts), counts.attempts ? `${each.toFixed(1)} per delivery` : "none"),
    figure("Waiting", count(counts.waiting), counts.cancelled ? `and ${count(counts.cancelled)} cancelled` : "pending or retrying"));
}

/** What is wrong with an endpoint, and what follows from it. @param {Api.WholeEndpoint} one */
function trouble(one) {
  const { health } = one;
  if (one.status === "disabled") {
    return h("p", { class: stateOf(one) === "paused" ? "notice" : "notice bad", role: "note" },
      h("strong", stateOf(one) === "paused" ? "Paused by a user. " : `Disabled by the system: ${one.disabledReason}. `),
      one.disabledAt && h("span", "Since ", moment(one.disabledAt), ". "),
      "New events are not delivered, and pending deliveries are held for up to five days. They are sent when the endpoint is enabled; you can replay the events it missed.");
  }
  return health.state === "failing" && h("p.notice.bad", { role: "note" },
    h("strong", `Failing: ${count(health.consecutiveFailures)} deliveries in a row. `),
    health.lastError && `${failure(health.lastError)} `,
    health.disablesAt && h("span", "Unless a delivery succeeds, its first failure after ", moment(health.disablesAt), " disables it. "),
    h("a", { href: `#/deliveries?endpointId=${one.id}&status=failed&test=false` }, "Failed deliveries"));
}

/**
 * What is not sent although it is due, and why.
 * @param {Api.WholeEndpoint} one
 * @param {AbortSignal} signal
 */
async function heldOf({ id, status, disabledAt, waiting }, signal) {
  const list = (/** @type {number} */ held) =>
    h("a", { href: withQuery("#/deliveries", { endpointId: id, status: "waiting", test: "false" }) }, `about ${count(held)}`);
  if (status === "disabled") {
    // What is held was raised at most five days before it was disabled, or is older than these and fails soon.
    const { waiting: held } = total(await get(withQuery("/api/stats", { hours: 168, step: "6h", endpointId: id }), signal));
    return held === 0 ? ["none"] : [list(held), ": the endpoint is disabled", ...(disabledAt ? [", since ", time(disabledAt)] : []), ". Each fails after five days."];
  }
  return waiting ? [list(waiting.deliveries), ": in line for the endpoint's pace. The last of them is sent ", countdown(waiting.until), "."] : ["none"];
}

/**
 * @param {Api.WholeEndpoint} one
 * @param {Api.Stats | undefined} stats
 * @param {Ui.Child[]} held
 * @param {Api.SourceIps} addresses
 */
function about(one, stats, held, addresses) {
  const { health } = one;
  const own = stats?.endpoints.find(({ endpointId }) => endpointId === one.id);
  return facts([
    ["State", badge(stateOf(one))],
    ["Held", held],
    ["Next retry", own?.nextAttemptAt ? countdown(own.nextAttemptAt) : "none"],
    ["Last success", time(health.lastSuccessAt)],
    ["Last failure", health.lastError ? lastError(health) : time(health.lastFailureAt)],
    ["Failing since", health.failingSince ? [time(health.failingSince), `, ${count(health.consecutiveFailures)} deliveries in a row`] : "—"],
    ["Disabled", health.disablesAt ? ["by its first failure after ", moment(health.disablesAt), ", unless a delivery succeeds"] : one.disabledAt ? ["since ", time(one.disabledAt)] : "no"],
    ["Last slow attempt", time(health.lastSlowAt)],
    ["Events", chips(one.events)],
    ["Projects", chips(one.projectIds, "all")],
    ["Filter", one.filter ? code("Filter", JSON.stringify(one.filter, null, 2)) : "none"],
    ["Updates", one.changed.length ? ["of ", ...chips(one.changed)] : "all"],
    ["Leaves out", one.skipKeys.length ? ["events caused by ", ...chips(one.skipKeys)] : "nothing"],
    ["Pace", one.maxPerSecond ? `at most ${one.maxPerSecond} a second` : "no limit"],
    ["Format", h("code.chip", one.format)],
    ["Custom headers", chips(Object.entries(one.headers).map(([name, value]) => `${name}: ${value}`), "none")],
    ["Delivered from", chips(addresses.static ? addresses.ips : [], "changing addresses")],
    ["Created", moment(one.createdAt)],
    ["Id", h("code", one.id)],
  ]);
}

/** What failed last, why, and which delivery that was. @param {Api.Health} health */
function lastError({ lastFailureAt, lastError }) {
  if (!lastError) return [];
  const { deliveryId, error, errorDetail, statusCode } = lastError;
  return [time(lastFailureAt), ": ", h("a", { href: `#/deliveries/${deliveryId}` }, statusCode ? `responded ${statusCode}` : errorWords(error, errorDetail)), `. ${failure(lastError)}`];
}

/** @param {Api.Endpoint} one */
function actions(one) {
  if (viewOnly) return [];
  const enabled = one.status === "enabled";
  const toggle = async () => {
    await patch(to`/api/endpoints/${one.id}`, { status: enabled ? "disabled" : "enabled" });
    toast(enabled ? "Paused. Nothing is delivered until you enable it." : "Enabled. Held deliveries are being sent.");
    reload();
  };
  const drop = async () => {
    const text = "Its pending and retrying deliveries are cancelled, and its secret is deleted. This can't be undone.";
    if (!(await confirm(`Delete “${nameOf(one)}”?`, text, "Delete"))) return;
    await remove(to`/api/endpoints/${one.id}`);
    toast("Deleted.");
    location.hash = "#/endpoints";
  };
  return [
    h("a.button", { href: `#/endpoints/${one.id}/edit` }, "Edit"),
    button(enabled ? "Pause" : "Enable", toggle, stateOf(one) === "disabled" ? "primary" : "", { "data-key": "toggle" }),
    h("a.button", { href: `#/replay?endpointId=${one.id}` }, "Replay"),
    button("Delete", drop, "danger quiet"),
  ];
}

/** Shows the page again with fresh data; focus and scroll position stay. */
export const reload = () => window.dispatchEvent(new Event("reload"));
