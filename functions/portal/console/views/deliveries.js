import { get, to, withQuery } from "../api.js";
import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar, spanFilter } from "../filters.js";
import { answerWords, countdown, duration, time } from "../format.js";
import { filter, select } from "../form.js";
import { growingList, nothing } from "../list.js";
import { badge, heading, statusWord } from "../parts.js";
import { resend } from "../resend.js";

/** @typedef {Map<string, Api.Endpoint>} Names endpoints by their id */

const FILTERS = ["status", "endpointId", "event", "since", "until", "eventId"];
const STATES = ["waiting", "pending", "retrying", "delivered", "failed", "cancelled"];
const HELD = { endpoint_disabled: "waits until its endpoint is enabled", endpoint_pace: "waits in line: its endpoint has a pace" };

/** @type {import("../app.js").View} */
export async function deliveries(route) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
  const [endpoints, types] = await Promise.all([allEndpoints(), eventTypes()]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const list = deliveryList("Deliveries", () => wanted, names, route, nothing("No deliveries", "No deliveries match these filters."));
  const bar = filterBar("Filter deliveries", "#/deliveries", wanted, controls(wanted, endpoints, types), () => list);
  await bar.load();
  return [heading("Deliveries", { lead: "Each event sent to each endpoint, and its outcome." }), bar.form, list.element];
}

/**
 * A list of deliveries, which can be sent again and exported.
 * @param {string} label
 * @param {() => Record<string, string>} wanted the filters
 * @param {Names} names
 * @param {import("../app.js").Route} route
 * @param {() => HTMLElement} none in place of an empty list
 */
export function deliveryList(label, wanted, names, route, none) {
  const read = (/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal, limit = 50) =>
    get(withQuery("/api/deliveries", { ...wanted(), limit, cursor }), signal);
  const tools = [exportButton({
    name: "deliveries", read, at: (/** @type {Api.Delivery} */ one) => one.createdAt,
    row: ({ subject, ...one }) => ({ ...one, ...recordColumns(subject), endpoint: nameOf(names.get(one.endpointId)) }),
  })];
  const pick = { word: (/** @type {Api.Delivery} */ one) => `${one.event} ${one.subject?.number ?? ""} to ${nameOf(names.get(one.endpointId))}`, action: "Send again…", run: resend };
  const columns = ["Event", "Record", "Status", "Endpoint", "Response", "Attempts", "When"];
  return growingList({ label, columns, row: (/** @type {Api.Delivery} */ one) => deliveryRow(one, names), none, pick, tools }, read, route);
}

/**
 * A row of a list of deliveries.
 * @param {Api.Delivery} delivery
 * @param {Names} [names] without it the row has no column for the endpoint
 */
export function deliveryRow(delivery, names) {
  const { id, event, status, test, nextAttemptAt, held, attemptCount, createdAt } = delivery;
  const isPlanned = held === "endpoint_pace" || (status === "retrying" && !held);
  return h("tr", {},
    h("td", {}, h("a", { class: "strong", href: `#/deliveries/${id}`, "data-key": id }, event), test && h("span", { class: "chip" }, "test")),
    h("td", {}, subjectOf(delivery)),
    h("td", {}, badge(status), held && h("p", { class: "small muted" }, HELD[held]), isPlanned && nextAttemptAt && h("p", { class: "small muted" }, countdown(nextAttemptAt))),
    names && h("td", {}, h("p", { class: "clip" }, nameOf(names.get(delivery.endpointId)))),
    h("td", { class: "answer" }, answer(delivery)),
    h("td", { class: "num" }, String(attemptCount)),
    h("td", {}, time(createdAt)));
}

/**
 * The record that something is about, by the number by which people know it. That of a test is an example, and leads nowhere.
 * @param {{ subject: Api.Subject | null }} one
 */
export function subjectOf({ subject }) {
  if (!subject) return null;
  const isStored = /_[0-9A-HJKMNP-TV-Z]{26}$/.test(subject.id);
  return isStored ? h("a", { href: to`#/records/${subject.type}/${subject.id}` }, subject.number) : subject.number;
}

/** @param {Api.Delivery} delivery */
export function answer({ lastStatusCode, lastError, lastErrorDetail, lastDurationMs }) {
  if (lastDurationMs === null || lastDurationMs === undefined) return h("span", { class: "muted" }, "none yet");
  return [answerWords(lastStatusCode, lastError, lastErrorDetail), h("span", { class: "small muted num" }, ` ${duration(lastDurationMs)}`)];
}

/**
 * @param {Record<string, string>} wanted
 * @param {Api.Endpoint[]} endpoints
 * @param {Api.EventType[]} types
 */
function controls(wanted, endpoints, types) {
  return [
    filter("Status", select("status", [["", "Any"], ...STATES.map((state) => [state, state === "waiting" ? "Pending or retrying" : statusWord(state)])], wanted.status)),
    filter("Endpoint", select("endpointId", [["", "Any"], ...endpoints.map((one) => [one.id, nameOf(one)])], wanted.endpointId)),
    filter("Event", select("event", [["", "Any"], ...types.map(({ name }) => [name, name])], wanted.event)),
    filter("Event id", h("input", { name: "eventId", value: wanted.eventId, placeholder: "evt_...", spellcheck: "false" })),
    spanFilter(wanted),
  ];
}
