/** One record: how it is stored, and what happened to it. */

import { get, to, withQuery } from "../api.js";
import { endpointsById, nameOf } from "../data.js";
import { h, redraw } from "../dom.js";
import { moment, shortId } from "../format.js";
import { keepLive } from "../live.js";
import { badge, button, card, code, empty, facts, heading, table } from "../parts.js";
import { answer } from "./deliveries.js";
import { why } from "./requests.js";

const LIVE_MS = 20_000;
/** Fields that change with every update. */
const ALWAYS = new Set(["version", "updatedAt"]);

/** @type {Ui.View} */
export async function record({ path, signal }) {
  const place = to`/api/records/${path[1]}/${path[2]}`;
  const names = await endpointsById();
  const shown = h("div.stack");
  let text = "";
  let isGrown = false;
  const refresh = async () => {
    /** @type {[Api.WholeRecord, Api.Page<Api.Change>]} */
    const [one, first] = await Promise.all([get(place, signal), get(`${place}/timeline`, signal)]);
    const refused = await refusedCalls(one, signal);
    const fresh = JSON.stringify([one, first, refused]);
    // Somebody may be reading what lies further back, which does not change.
    if (fresh === text || isGrown) return;
    text = fresh;
    const grow = (/** @type {string} */ cursor) => {
      isGrown = true;
      return get(withQuery(`${place}/timeline`, { cursor }), signal);
    };
    redraw(shown, () => shown.replaceChildren(...parts(one, timeline(one.number, first, refused, names, grow))));
  };
  await refresh();
  keepLive(refresh, signal, { every: LIVE_MS, wanted: () => !isGrown });
  return [shown];
}

/**
 * The calls of the last week that were refused and named this record, newest first.
 * @param {Api.WholeRecord} one
 * @param {AbortSignal} signal
 * @returns {Promise<Api.RefusedCall[]>}
 */
async function refusedCalls({ type, number }, signal) {
  const { data } = await get(withQuery("/api/requests", { number, limit: 100 }), signal);
  return data.filter((/** @type {Api.RefusedCall} */ { subject }) => subject?.type === type);
}

/** @param {Api.WholeRecord} one @param {HTMLElement} history */
function parts(one, history) {
  return [
    heading(one.number, { lead: [TYPES[one.type] ?? one.type, one.title && `: ${one.title}`, " ", one.deletedAt && badge("deleted")] }),
    card("Timeline", history),
    h("div.columns",
      card("About", facts([
        ["Id", h("code", one.id)],
        ["Status", one.status?.replaceAll("_", " ") ?? "none"],
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
 * @param {string} number of the record
 * @param {Api.Page<Api.Change>} first
 * @param {Api.RefusedCall[]} refused
 * @param {Ui.Names} names
 * @param {(cursor: string) => Promise<Api.Page<Api.Change>>} grow reads the next page
 */
function timeline(number, first, refused, names, grow) {
  const list = h("ol.timeline");
  let next = first.nextCursor;
  let waiting = refused;
  const more = button("Show older changes", async () => {
    const had = list.children.length;
    add(await grow(String(next)));
    // The button has gone from under whoever pressed it.
    if (!next) list.children[had]?.querySelector("a")?.focus();
  });
  /** Refused calls stand among the changes by their time. @param {Api.Page<Api.Change>} page */
  const add = ({ data, nextCursor }) => {
    next = nextCursor;
    const end = next ? Date.parse(data.at(-1)?.receivedAt ?? "") : 0;
    const calls = waiting.map((call) => ({ at: Date.parse(call.createdAt), element: refusedEntry(call) })).filter(({ at }) => at > end);
    waiting = waiting.slice(calls.length);
    const changes = data.map((change) => ({ at: Date.parse(change.receivedAt), element: entry(change, names, number) }));
    list.append(...[...calls, ...changes].sort((one, other) => other.at - one.at).map(({ element }) => element));
    more.hidden = !next;
  };
  add(first);
  if (list.children.length === 0) return empty("No changes are known", h("p", "The timeline goes back as far as events are kept."));
  return h("div.stack", list, h("div", more));
}

/**
 * A call that changed the record, with what became of its events.
 * @param {Api.Change} change
 * @param {Ui.Names} names
 * @param {string} number of the record
 */
function entry({ requestId, receivedAt, events, truncated }, names, number) {
  const states = events.flatMap(({ deliveries }) => deliveries.map(({ status }) => status));
  const tone = states.includes("failed") ? "bad" : states.length && states.every((state) => state === "delivered") ? "good" : "";
  return h("li", { class: tone },
    called(receivedAt, requestId),
    events.map((event) => raised(event, names, number)),
    truncated && h("p.small.muted", "More deliveries are on the pages of the events."));
}

/** When a call came, and which it was. @param {string} at @param {string} id */
const called = (at, id) => h("p", h("span.strong", moment(at)), " ", h("span.small.muted", "request ", shortId(id)));

/** @param {Api.RefusedCall} call */
const refusedEntry = (call) => h("li.bad",
  called(call.createdAt, call.id),
  h("p", "A call was refused, with the key ", call.keyName, "."),
  why(call));

/** @param {Api.RaisedEvent} event @param {Ui.Names} names @param {string} number of the record */
function raised(event, names, number) {
  const { id, event: name, subject, data, deliveries } = event;
  const { changes, others } = differences(data);
  return h("div.stack",
    h("p", h("a", { href: `#/events/${id}` }, name), subject && subject.number !== number && ` ${subject.number}`),
    changes.length > 0 && table(`What ${name} changed`, ["Field", "Before", "After"], changes),
    others.length > 0 && h("p.small.muted", "Also changed, and not in the event: ", others.join(", "), "."),
    deliveries.length === 0 ? h("p.small.muted", "Sent to no endpoint.")
      : h("ul.plain", deliveries.map((delivery) => h("li",
        h("a", { href: `#/deliveries/${delivery.id}` }, badge(delivery.status)), " to ", nameOf(names.get(delivery.endpointId)), " · ",
        answer(delivery), " · ", h("span.small.muted", attempts(delivery.attemptCount))))));
}

/** @param {number} count */
const attempts = (count) => (count === 1 ? "1 attempt" : `${count} attempts`);

/**
 * What an update changed: a row for each field, with what it was before where the event says so; and fields of which it has nothing.
 * @param {Record<string, unknown>} data
 */
function differences(data) {
  const changed = Array.isArray(data.changedFields) ? data.changedFields.map(String) : [];
  const previous = /** @type {Record<string, unknown>} */ (data.previous ?? {});
  const fields = changed.filter((field) => !ALWAYS.has(field));
  const isTold = (/** @type {string} */ field) => field in previous || field in data;
  const changes = fields.filter(isTold).map((field) => h("tr",
    h("td", h("code", field)),
    h("td", field in previous ? value(previous[field]) : h("span.muted", "not in the event")),
    h("td", field in data ? value(data[field]) : h("span.muted", "not in the event"))));
  return { changes, others: fields.filter((field) => !isTold(field)) };
}

/** @param {unknown} one */
const value = (one) => (one === null ? h("span.muted", "empty") : typeof one === "string" ? one : h("code", JSON.stringify(one)));
