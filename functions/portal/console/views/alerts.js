import { get, patch, to, withQuery } from "../api.js";
import { endpointLink, endpointsById, nameOf } from "../data.js";
import { h, redraw } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar, oneOf, wantedBy } from "../filters.js";
import { answerWords, deliveriesOf, queued, time, wholeSeconds } from "../format.js";
import { viewOnly } from "../link.js";
import { growingList, nothing, pagesOf } from "../list.js";
import { button, card, confirm, heading, toast, toned } from "../parts.js";
import { reload } from "./endpoint.js";
import { run } from "./replay.js";

const KINDS = /** @type {Record<string, [string, string]>} */ ({
  "delivery.failed": ["bad", "Delivery failed"],
  "endpoint.failing": ["warn", "Endpoint failing"],
  "endpoint.disabled": ["bad", "Endpoint disabled"],
  "endpoint.recovered": ["good", "Endpoint recovered"],
  "event.failed": ["bad", "Event not passed on"],
  "event.looped": ["warn", "Loop stopped"],
});
/** Of alerts about failed deliveries. */
const STATUSES = /** @type {Record<string, [string, string]>} */ ({
  open: ["bad", "Open"],
  acknowledged: ["warn", "Acknowledged"],
  resolved: ["idle", "Resolved"],
});
/** A replay goes back as far. */
const LONGEST_MS = 30 * 86_400_000;

/** @type {Ui.View} */
export async function alerts(route) {
  const { signal } = route;
  const wanted = wantedBy(route.query, ["kind", "endpointId"]);
  const endpoints = await endpointsById();
  const names = new Map([...endpoints].map(([id, one]) => [id, nameOf(one)]));
  const read = pagesOf("/api/alerts", () => wanted);
  const look = {
    label: "Alerts", columns: ["What happened", "When", ""],
    row: (/** @type {Api.Alert} */ alert) => alertRow(alert, names),
    none: nothing("Nothing else", "Failing or disabled endpoints, and what was resolved, are listed here."),
    tools: [exportButton({
      name: "alerts", read, at: (one) => one.createdAt,
      row: ({ subject, examples: _, ...one }) => ({ ...one, ...recordColumns(subject), endpoint: one.endpointId && names.get(one.endpointId) }),
    })],
  };
  const cards = h("div.columns");
  // What is open has a card, which is read anew with each head of the list.
  const list = growingList(look, async (cursor, signal, limit = 50) => {
    const [page, found] = await Promise.all([read(cursor, signal, limit), cursor ? null : unresolved(wanted, signal)]);
    if (found) showCards(found);
    return { ...page, data: page.data.filter(({ id }) => !carded.has(id)) };
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
    oneOf("Kind", "kind", Object.entries(KINDS).map(([key, [, word]]) => [key, word]), wanted),
    oneOf("Endpoint", "endpointId", [...names], wanted),
  ], () => ({ load: list.load, clear }));
  await bar.load();
  const lead = "The failed deliveries of an endpoint become one alert within a minute, until it is resolved. Your operator can have alerts sent by e-mail.";
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
  return card(endpointLink(endpoint),
    h("p", toned(tone, word), " ", h("strong", `${deliveriesOf(alert.count ?? 0)} failed`), ", the latest ", time(lastAt),
      ": ", answerWords(lastStatusCode, lastError, lastErrorDetail) || "not sent", ". The oldest event was ", time(since), "."),
    recoveredAt && h("p", toned("good", "Works again"), " ", time(recoveredAt)),
    endpoint && !enabled && h("p.notice", "The endpoint is disabled. ", h("a", { href: `#/endpoints/${endpoint.id}` }, "Enable it"), " to replay what failed."),
    h("ul.plain", alert.examples.map((one) =>
      h("li", h("code", one.event ?? "event"), " ", h("a", { href: `#/deliveries/${one.deliveryId}` }, one.subject?.number ?? "delivery"), " ", time(one.failedAt)))),
    h("div.actions",
      enabled && !viewOnly && button("Replay what failed", () => replayFailed(alert, nameOf(endpoint), signal), "primary", { "data-key": `replay ${id}` }),
      !viewOnly && (status === "open" ? set("Acknowledge", "acknowledged") : set("Open again", "open")),
      !viewOnly && set("Resolve", "resolved"),
      deliveryId && h("a", { href: `#/deliveries/${deliveryId}` }, "Latest delivery"),
      endpoint && h("a", { href: `#/deliveries?endpointId=${endpoint.id}&status=failed&test=false` }, "All failed deliveries")));
}

/**
 * Sends again what failed, once the user has seen how much that is; then the alert is resolved.
 * @param {Api.Alert} alert
 * @param {string} name of the endpoint
 * @param {AbortSignal} signal
 */
async function replayFailed({ id, endpointId, since }, name, signal) {
  const from = Math.max(Date.parse(since ?? ""), Date.now() - LONGEST_MS + 60_000);
  const body = { since: wholeSeconds(from), until: wholeSeconds(Date.now()), events: null, only: "failed" };
  const send = (/** @type {object} */ more) => run(String(endpointId), { ...body, ...more }, signal, () => {}, h("p"));
  const { matched, underWay, next } = await send({ dryRun: true });
  if (matched === 0) return toast(underWay ? "What failed is being sent again already." : "Nothing that failed is left to be sent again.");
  const text = "What failed is sent again with the same X-Webhook-ID and body. The alert is resolved; what fails again begins another one.";
  if (!(await confirm(`Replay what failed to ${name}?`, text, `Send ${deliveriesOf(matched)}${next ? " or more" : ""}`, "primary"))) return;
  const sent = await send({});
  if (signal.aborted) return;
  if (sent.next) return toast(`${queued(sent.queued)} ${sent.why} Replay once more for the others.`, "bad");
  await patch(to`/api/alerts/${id}`, { status: "resolved" });
  toast(queued(sent.queued));
  reload();
}

/**
 * The message of an alert with names in place of ids; its links lead to what the ids stand for.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} names
 */
const told = ({ message, endpointId }, names) =>
  (endpointId ? message.replaceAll(endpointId, names.get(endpointId) ?? "a deleted endpoint") : message).replace(/\bdlv_\w+/g, "the delivery");

/** Where an alert's cause is shown, and the link's words. @param {Api.Alert} alert */
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
 * @param {string | null} [endpoint] its name, where there is no message
 */
export function alertRow(alert, names, endpoint) {
  const [tone, kind] = KINDS[alert.kind] ?? ["idle", alert.kind];
  const word = (alert.count ?? 0) > 1 ? `${deliveriesOf(alert.count ?? 0)} failed` : kind;
  const [href, action] = causeOf(alert);
  const stands = STATUSES[alert.status ?? ""];
  return h("tr",
    h("td", toned(alert.status === "resolved" ? "idle" : tone, word), " ",
      stands ? h("span.small.muted", stands[1]) : alert.event && h("code", alert.event),
      names && h("p.told", told(alert, names)),
      names && alert.kind === "event.looped" && h("a", { href: "/docs/filters#loops", "data-key": `${alert.id} loops` }, "How to end a loop"),
      endpoint && h("p.small.muted", endpoint)),
    h("td", time(alert.lastAt ?? alert.createdAt)),
    h("td.go", h("a", { href, "data-key": alert.id }, names ? action : "View", !names && h("span.hidden", ` what led to ${word}, ${alert.event ?? ""} ${time(alert.createdAt).textContent}`))));
}
