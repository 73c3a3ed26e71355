import { get, patch, to, withQuery } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h, redraw } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar } from "../filters.js";
import { answerWords, time } from "../format.js";
import { filter, select } from "../form.js";
import { growingList, nothing } from "../list.js";
import { button, card, confirm, heading, toast } from "../parts.js";
import { reload } from "./endpoint.js";
import { run, words } from "./replay.js";

const KINDS = /** @type {Record<string, [string, string]>} */ ({
  "delivery.failed": ["bad", "Delivery failed"],
  "endpoint.failing": ["warn", "Endpoint failing"],
  "endpoint.disabled": ["bad", "Endpoint disabled"],
  "endpoint.recovered": ["good", "Endpoint recovered"],
  "event.failed": ["bad", "Event not passed on"],
});
/** Of alerts about failed deliveries. */
const STATUSES = /** @type {Record<string, [string, string]>} */ ({
  open: ["bad", "Open"],
  acknowledged: ["warn", "Acknowledged"],
  resolved: ["idle", "Resolved"],
});
/** A replay goes back as far. */
const LONGEST_MS = 30 * 86_400_000;

/** @type {import("../app.js").View} */
export async function alerts(route) {
  const { query, signal } = route;
  const wanted = { kind: query.get("kind") ?? "", endpointId: query.get("endpointId") ?? "" };
  const endpoints = new Map((await allEndpoints()).map((one) => [one.id, one]));
  const names = new Map([...endpoints].map(([id, one]) => [id, nameOf(one)]));
  const read = (/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal, limit = 50) =>
    get(withQuery("/api/alerts", { ...wanted, limit, cursor }), signal);
  const look = {
    label: "Alerts", columns: ["What happened", "When", ""],
    row: (/** @type {Api.Alert} */ alert) => alertRow(alert, names),
    none: nothing("Nothing else", "Failing or disabled endpoints, and what was resolved, are listed here."),
    tools: [exportButton({
      name: "alerts", read, at: (/** @type {Api.Alert} */ one) => one.createdAt,
      row: ({ subject, examples: _, ...one }) => ({ ...one, ...recordColumns(subject), endpoint: one.endpointId && names.get(one.endpointId) }),
    })],
  };
  const cards = h("div", { class: "stack" });
  // What is open has a card, which is read anew with each head of the list.
  const list = growingList(look, async (cursor, signal, limit = 50) => {
    const [page, found] = await Promise.all([read(cursor, signal, limit), cursor ? null : unresolved(wanted, signal)]);
    if (found) showCards(found);
    return { ...page, data: page.data.filter((/** @type {Api.Alert} */ { id }) => !carded.has(id)) };
  }, route);
  /** Those that have a card. @type {Set<string>} */
  let carded = new Set();
  const showCards = (/** @type {Api.Alert[]} */ found) => {
    carded = new Set(found.map(({ id }) => id));
    redraw(cards, () => cards.replaceChildren(...found.map((alert) => alertCard(alert, endpoints.get(alert.endpointId ?? ""), signal))));
    cards.hidden = found.length === 0;
  };
  const clear = (/** @type {HTMLElement[]} */ ...instead) => {
    cards.replaceChildren();
    list.clear(...instead);
  };
  const bar = filterBar("Filter alerts", "#/alerts", wanted, [
    filter("Kind", select("kind", [["", "Any"], ...Object.entries(KINDS).map(([key, [, word]]) => [key, word])], wanted.kind)),
    filter("Endpoint", select("endpointId", [["", "Any"], ...names], wanted.endpointId)),
  ], () => ({ load: list.load, clear }));
  await bar.load();
  const lead = "The failed deliveries of an endpoint are one alert, until it is resolved. Alerts are also published to the alert topic, which can send e-mail.";
  return [heading("Alerts", { lead }), bar.form, cards, list.element];
}

/**
 * The newest alerts that somebody has to look at, then those that somebody does.
 * @param {Record<string, string>} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<Api.Alert[]>}
 */
async function unresolved(wanted, signal) {
  const read = (/** @type {string} */ status) => get(withQuery("/api/alerts", { ...wanted, status, limit: 50 }), signal);
  const [open, acknowledged] = await Promise.all([read("open"), read("acknowledged")]);
  return [...open.data, ...acknowledged.data];
}

/**
 * The failures of one endpoint, and what can be done about them.
 * @param {Api.Alert} alert
 * @param {Api.Endpoint | undefined} endpoint
 * @param {AbortSignal} signal
 */
function alertCard(alert, endpoint, signal) {
  const { id, status, since, lastAt, recoveredAt, lastStatusCode, lastError, lastErrorDetail, deliveryId } = alert;
  const [tone, word] = STATUSES[status ?? ""] ?? ["idle", ""];
  const enabled = endpoint?.status === "enabled";
  const set = (/** @type {string} */ label, /** @type {string} */ status) => button(label, async () => {
    await patch(to`/api/alerts/${id}`, { status });
    reload();
  }, "", { "data-key": `${status} ${id}` });
  return card(nameOf(endpoint),
    h("p", {}, h("span", { class: `badge ${tone}` }, word), " ", h("strong", {}, `${words(alert.count ?? 0)} failed`), ", the latest ", time(lastAt),
      ": ", answerWords(lastStatusCode, lastError, lastErrorDetail) || "not sent", ". The oldest event was ", time(since), "."),
    recoveredAt && h("p", {}, h("span", { class: "badge good" }, "Works again"), " ", time(recoveredAt)),
    endpoint && !enabled && h("p", { class: "notice" }, "The endpoint is disabled. ", h("a", { href: `#/endpoints/${endpoint.id}` }, "Enable it"), " to replay what failed."),
    h("ul", { class: "plain" }, alert.examples.map((one) =>
      h("li", {}, h("code", {}, one.event ?? "event"), " ", h("a", { href: `#/deliveries/${one.deliveryId}` }, one.subject?.number ?? "delivery"), " ", time(one.failedAt)))),
    h("div", { class: "actions" },
      enabled && button("Replay what failed", () => replayFailed(alert, signal), "primary", { "data-key": `replay ${id}` }),
      status === "open" ? set("Acknowledge", "acknowledged") : set("Open again", "open"),
      set("Resolve", "resolved"),
      deliveryId && h("a", { href: `#/deliveries/${deliveryId}` }, "View delivery"),
      endpoint && h("a", { href: `#/deliveries?endpointId=${endpoint.id}&status=failed` }, "All failed deliveries")));
}

/**
 * Sends again what failed, once the user has seen how much that is; then the alert is resolved.
 * @param {Api.Alert} alert
 * @param {AbortSignal} signal
 */
async function replayFailed({ id, endpointId, since }, signal) {
  const iso = (/** @type {number} */ at) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
  const from = Math.max(Date.parse(since ?? ""), Date.now() - LONGEST_MS + 60_000);
  const body = { since: iso(from), until: iso(Date.now()), events: null, only: "failed" };
  const send = (/** @type {object} */ more) => run(String(endpointId), { ...body, ...more }, signal, () => {}, h("p"));
  const { matched, underWay, next } = await send({ dryRun: true });
  if (matched === 0) return toast(underWay ? "What failed is being sent again already." : "Nothing that failed is left to be sent again.");
  const text = "They keep their ids and bodies. This alert is resolved; what fails again begins another one.";
  if (!(await confirm("Replay what failed", text, `Send ${words(matched)}${next ? " or more" : ""}`, "primary"))) return;
  const sent = await send({});
  if (signal.aborted) return;
  if (sent.next) return toast(`${words(sent.queued)} queued. ${sent.why} Replay once more for the others.`, "bad");
  await patch(to`/api/alerts/${id}`, { status: "resolved" });
  toast(`${words(sent.queued)} ${sent.queued === 1 ? "is" : "are"} queued.`);
  reload();
}

/**
 * The message of an alert with names in place of ids; its links lead to what the ids stand for.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} names
 */
const told = ({ message, endpointId }, names) =>
  (endpointId ? message.replaceAll(endpointId, names.get(endpointId) ?? "a deleted endpoint") : message).replace(/\bdlv_\w+/g, "the delivery");

/**
 * Where an alert's cause is shown, and the link's words.
 * @param {Api.Alert} alert
 */
function causeOf({ deliveryId, endpointId, eventId }) {
  if (deliveryId) {
    return [`#/deliveries/${deliveryId}`, "View delivery"];
  }
  return endpointId ? [`#/endpoints/${endpointId}`, "View endpoint"] : [`#/events/${eventId}`, "View event"];
}

/**
 * What happened, with a link to its cause.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} [names] of endpoints; with them the row has the message that says what to do
 */
export function alertRow(alert, names) {
  const [tone, kind] = KINDS[alert.kind] ?? ["idle", alert.kind];
  const word = (alert.count ?? 0) > 1 ? `${words(alert.count ?? 0)} failed` : kind;
  const [href, action] = causeOf(alert);
  const stands = STATUSES[alert.status ?? ""];
  return h("tr", {},
    h("td", {}, h("span", { class: `badge ${alert.status === "resolved" ? "idle" : tone}` }, word), " ",
      stands ? h("span", { class: "small muted" }, stands[1]) : alert.event && h("code", {}, alert.event), names && h("p", { class: "told" }, told(alert, names))),
    h("td", {}, time(alert.lastAt ?? alert.createdAt)),
    h("td", { class: "go" }, h("a", { href, "data-key": alert.id }, names ? action : "View", !names && h("span", { class: "hidden" }, ` what led to ${word}, ${alert.event ?? ""} ${time(alert.createdAt).textContent}`))));
}
