import { get, to, withQuery } from "../api.js";
import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { dateTime, filterBar } from "../filters.js";
import { countdown, duration, errorWords, localInput, time } from "../format.js";
import { filter, select } from "../form.js";
import { growingList, nothing } from "../list.js";
import { keepLive } from "../live.js";
import { badge, heading } from "../parts.js";

const FILTERS = ["status", "endpointId", "event", "since", "until", "eventId"];
const LIVE_MS = 10_000;

/** @type {import("../app.js").View} */
export async function deliveries({ query, signal }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const [endpoints, types] = await Promise.all([allEndpoints(), eventTypes()]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const look = {
    label: "Deliveries", columns: ["Event", "Record", "Status", "Endpoint", "Response", "Attempts", "When"],
    row: (/** @type {Api.Delivery} */ one) => deliveryRow(one, names),
    none: nothing("No deliveries", "No deliveries match these filters."),
  };
  const list = growingList(look, (cursor, signal) => get(withQuery("/api/deliveries", { ...wanted, limit: 50, cursor }), signal), signal);
  const bar = filterBar("Filter deliveries", "#/deliveries", wanted, controls(wanted, endpoints, types), () => list);
  await bar.load();
  return [
    heading("Deliveries", { lead: "Each event sent to each endpoint, and its outcome.", actions: [liveSwitch(list.refresh, signal)] }),
    bar.form, list.element,
  ];
}

/**
 * A row of a list of deliveries.
 * @param {Api.Delivery} delivery
 * @param {Map<string, Api.Endpoint>} [names] without it the row has no column for the endpoint
 */
export function deliveryRow(delivery, names) {
  const { id, event, status, test, nextAttemptAt, held, attemptCount, createdAt } = delivery;
  return h("tr", {},
    h("td", {}, h("a", { class: "strong", href: `#/deliveries/${id}`, "data-key": id }, event), test && h("span", { class: "chip" }, "test")),
    h("td", {}, subjectOf(delivery)),
    h("td", {}, badge(status), held && h("p", { class: "small muted" }, held === "endpoint_pace" ? "in line: its endpoint's pace" : "held: endpoint is disabled"), (held === "endpoint_pace" || (status === "retrying" && !held)) && nextAttemptAt && h("p", { class: "small muted" }, countdown(nextAttemptAt))),
    names && h("td", {}, h("p", { class: "clip" }, nameOf(names.get(delivery.endpointId)))),
    h("td", { class: "num" }, answer(delivery)),
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
  return `${lastStatusCode ?? errorWords(lastError, lastErrorDetail)} · ${duration(lastDurationMs)}`;
}

/**
 * The switch for live updates, with the reason when they are paused.
 * @param {() => Promise<void>} refresh
 * @param {AbortSignal} signal
 */
function liveSwitch(refresh, signal) {
  const input = h("input", { type: "checkbox", role: "switch", checked: true });
  const words = h("span", { class: "small muted", role: "status" });
  const say = (/** @type {string} */ text) => words.textContent !== text && (words.textContent = text);
  const live = keepLive(refresh, signal, { every: LIVE_MS, say, wanted: () => input.checked });
  input.addEventListener("change", () => (input.checked ? live.soon() : say("")));
  return h("div", { class: "live" }, words, h("label", { class: "choice" }, input, h("span", {}, "Live")));
}

/**
 * @param {Record<string, string>} wanted
 * @param {Api.Endpoint[]} endpoints
 * @param {Api.EventType[]} types
 */
function controls(wanted, endpoints, types) {
  const states = ["waiting", "pending", "retrying", "delivered", "failed", "cancelled"];
  return [
    filter("Status", select("status", [["", "any"], ...states.map((state) => [state, state === "waiting" ? "pending or retrying" : state])], wanted.status)),
    filter("Endpoint", select("endpointId", [["", "any"], ...endpoints.map((one) => [one.id, nameOf(one)])], wanted.endpointId)),
    filter("Event", select("event", [["", "any"], ...types.map(({ name }) => [name, name])], wanted.event)),
    filter("Event id", h("input", { name: "eventId", value: wanted.eventId, placeholder: "evt_...", spellcheck: "false" })),
    filter("From", dateTime("since", localInput(wanted.since ?? ""))),
    filter("Until", dateTime("until", localInput(wanted.until ?? ""))),
  ];
}
