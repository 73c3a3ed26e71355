import { to } from "../api.js";
import { endpointsById, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar, oneOf, plain, spanFilter, typed, wantedBy } from "../filters.js";
import { answerWords, countdown, duration, time } from "../format.js";
import { mayUse } from "../link.js";
import { growingList, nothing, pagesOf } from "../list.js";
import { badge, heading, statusWord } from "../parts.js";
import { resend } from "../resend.js";

const FILTERS = ["status", "endpointId", "event", "test", "since", "until", "eventId"];
const STATES = ["waiting", "pending", "retrying", "delivered", "failed", "cancelled"];
const HELD = { endpoint_disabled: "waits until its endpoint is enabled", endpoint_pace: "waits in line: its endpoint has a pace" };

/** @type {Ui.View} */
export async function deliveries(route) {
  const wanted = wantedBy(route.query, FILTERS);
  const [names, types] = await Promise.all([endpointsById(), eventTypes()]);
  const list = deliveryList("Deliveries", () => wanted, names, route, nothing("No deliveries", "No deliveries match these filters."));
  const bar = filterBar("Filter deliveries", "#/deliveries", wanted, controls(wanted, names, types), () => list);
  await bar.load();
  return [heading("Deliveries", { lead: "Each event sent to each endpoint, and its outcome." }), bar.form, list.element];
}

/**
 * A list of deliveries, which can be sent again and exported.
 * @param {string} label
 * @param {() => Record<string, string>} wanted the filters
 * @param {Ui.Names} names
 * @param {Ui.Route} route
 * @param {() => HTMLElement} none in place of an empty list
 */
export function deliveryList(label, wanted, names, route, none) {
  const read = pagesOf("/api/deliveries", wanted);
  const tools = [exportButton({
    name: "deliveries", read, at: (one) => one.createdAt,
    row: ({ subject, ...one }) => ({ ...one, ...recordColumns(subject), endpoint: nameOf(names.get(one.endpointId)) }),
  })];
  const pick = { word: (/** @type {Api.Delivery} */ one) => `${one.event} ${one.subject?.number ?? ""} to ${nameOf(names.get(one.endpointId))}`, action: "Send again…", run: resend };
  const columns = ["Event", "Record", "Status", "Endpoint", "Response", "Attempts", "When"];
  return growingList({ label, columns, row: (one) => deliveryRow(one, names), none, pick, tools }, read, route);
}

/**
 * A row of a list of deliveries.
 * @param {Api.Delivery} delivery
 * @param {Ui.Names} [names] without it the row has no column for the endpoint
 */
export function deliveryRow(delivery, names) {
  const { id, event, status, test, nextAttemptAt, held, attemptCount, createdAt } = delivery;
  const isPlanned = held === "endpoint_pace" || (status === "retrying" && !held);
  return h("tr",
    h("td", h("a.strong", { href: `#/deliveries/${id}`, "data-key": id }, event), test && h("span.chip", "test")),
    h("td", subjectOf(delivery)),
    h("td", badge(status), held && h("p.small.muted", HELD[held]), isPlanned && nextAttemptAt && h("p.small.muted", countdown(nextAttemptAt))),
    names && h("td", h("p.clip", nameOf(names.get(delivery.endpointId)))),
    h("td", answer(delivery)),
    h("td.num", String(attemptCount)),
    h("td", time(createdAt)));
}

/**
 * The record that something is about, by the number by which people know it. That of a test is an example, and leads nowhere.
 * @param {{ subject: Api.Subject | null }} one
 */
export function subjectOf({ subject }) {
  if (!subject) return null;
  const isStored = /_[0-9A-HJKMNP-TV-Z]{26}$/.test(subject.id);
  return isStored && mayUse("records:read") ? h("a", { href: to`#/records/${subject.type}/${subject.id}` }, subject.number) : subject.number;
}

/** @param {Api.Delivery} delivery */
export function answer({ lastStatusCode, lastError, lastErrorDetail, lastDurationMs }) {
  if (lastDurationMs === null || lastDurationMs === undefined) return h("span.muted", "none yet");
  return [answerWords(lastStatusCode, lastError, lastErrorDetail), h("span.small.muted.num", ` ${duration(lastDurationMs)}`)];
}

/** @param {Record<string, string>} wanted @param {Ui.Names} names @param {Api.EventType[]} types */
function controls(wanted, names, types) {
  return [
    oneOf("Status", "status", STATES.map((state) => [state, state === "waiting" ? "Pending or retrying" : statusWord(state)]), wanted),
    oneOf("Endpoint", "endpointId", [...names].map(([id, one]) => [id, nameOf(one)]), wanted),
    oneOf("Event", "event", plain(types.map(({ name }) => name)), wanted),
    oneOf("Test sends", "test", [["false", "Left out"], ["true", "Only these"]], wanted),
    typed("Event id", "eventId", "evt_...", wanted),
    spanFilter(wanted),
  ];
}
