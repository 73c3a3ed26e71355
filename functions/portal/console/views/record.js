/** One record: how it is stored, and what happened to it. */

import { get, to, withQuery } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h } from "../dom.js";
import { moment, shortId } from "../format.js";
import { badge, button, card, code, empty, facts, heading, table } from "../parts.js";
import { answer } from "./deliveries.js";

/** Fields that change with every update. */
const ALWAYS = new Set(["version", "updatedAt"]);

/** @type {import("../app.js").View} */
export async function record({ path, signal }) {
  const place = to`/api/records/${path[1]}/${path[2]}`;
  /** @type {[Api.WholeRecord, Api.Page<Api.Change>, Api.Endpoint[]]} */
  const [one, first, endpoints] = await Promise.all([get(place, signal), get(`${place}/timeline`, signal), allEndpoints()]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return [
    heading(one.number, { lead: [TYPES[one.type] ?? one.type, one.title && `: ${one.title}`, " ", one.deletedAt && badge("deleted")] }),
    card("Timeline", timeline(place, first, names, signal)),
    h("div", { class: "columns" },
      card("About", facts([
        ["Id", h("code", {}, one.id)],
        ["Status", one.status ?? "none"],
        ["Version", String(one.version)],
        ["Updated", moment(one.updatedAt)],
        ["Deleted", moment(one.deletedAt)],
      ])),
      one.record && card("As stored", code("record", JSON.stringify(one.record, null, 2)))),
  ];
}

export const TYPES = /** @type {Record<string, string>} */ ({
  workorder: "Work order", project: "Project", employee: "Employee", vendor: "Vendor", timeoff: "Time off",
});

/**
 * @param {string} place
 * @param {Api.Page<Api.Change>} first
 * @param {Map<string, Api.Endpoint>} names
 * @param {AbortSignal} signal
 */
function timeline(place, first, names, signal) {
  const list = h("ol", { class: "timeline" });
  let next = first.nextCursor;
  const more = button("Show older changes", async () => {
    const had = list.children.length;
    add(await get(withQuery(`${place}/timeline`, { cursor: next }), signal));
    // The button has gone from under whoever pressed it.
    if (!next) list.children[had]?.querySelector("a")?.focus();
  });
  /** @param {Api.Page<Api.Change>} page */
  const add = ({ data, nextCursor }) => {
    list.append(...data.map((change) => entry(change, names)));
    next = nextCursor;
    more.hidden = !next;
  };
  add(first);
  if (first.data.length === 0) return empty("No changes are known", h("p", {}, "The timeline goes back as far as events are kept."));
  return h("div", { class: "stack" }, list, h("div", {}, more));
}

/**
 * A call that changed the record, with what became of its events.
 * @param {Api.Change} change
 * @param {Map<string, Api.Endpoint>} names
 */
function entry({ requestId, receivedAt, events, truncated }, names) {
  const states = events.flatMap(({ deliveries }) => deliveries.map(({ status }) => status));
  const tone = states.includes("failed") ? "bad" : states.length && states.every((state) => state === "delivered") ? "good" : "";
  return h("li", { class: tone },
    h("p", {}, h("span", { class: "strong" }, moment(receivedAt)), " ", h("span", { class: "small muted" }, "request ", shortId(requestId))),
    events.map((event) => raised(event, names)),
    truncated && h("p", { class: "small muted" }, "More deliveries are on the pages of the events."));
}

/**
 * @param {Api.RaisedEvent} event
 * @param {Map<string, Api.Endpoint>} names
 */
function raised(event, names) {
  const { id, event: name, subject, data, deliveries } = event;
  const changes = differences(data);
  return h("div", { class: "stack" },
    h("p", {}, h("a", { href: `#/events/${id}` }, name), " ", subject?.number),
    changes.length > 0 && table(`What ${name} changed`, ["Field", "Before", "After"], changes),
    deliveries.length === 0 ? h("p", { class: "small muted" }, "No endpoint subscribed to it.")
      : h("ul", { class: "plain" }, deliveries.map((delivery) => h("li", {},
        h("a", { href: `#/deliveries/${delivery.id}` }, badge(delivery.status)), " to ", nameOf(names.get(delivery.endpointId)), " ",
        answer(delivery), " ", h("span", { class: "small muted" }, attempts(delivery.attemptCount))))));
}

/** @param {number} count */
const attempts = (count) => (count === 1 ? "1 attempt" : `${count} attempts`);

/**
 * What an update changed: a row for each field, with what it was before where the event says so.
 * @param {Record<string, unknown>} data
 */
function differences(data) {
  const changed = Array.isArray(data.changedFields) ? data.changedFields.map(String) : [];
  const previous = /** @type {Record<string, unknown>} */ (data.previous ?? {});
  return changed.filter((field) => !ALWAYS.has(field)).map((field) => h("tr", {},
    h("td", {}, h("code", {}, field)),
    h("td", {}, field in previous ? value(previous[field]) : h("span", { class: "muted" }, "not in the event")),
    h("td", {}, field in data ? value(data[field]) : h("span", { class: "muted" }, "not in the event"))));
}

/** @param {unknown} one */
const value = (one) => (one === null ? h("span", { class: "muted" }, "empty") : typeof one === "string" ? one : h("code", {}, JSON.stringify(one)));
