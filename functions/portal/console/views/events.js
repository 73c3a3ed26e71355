import { get, to, withQuery } from "../api.js";
import { endpointsById, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar, listAddress, oneOf, plain, wantedBy } from "../filters.js";
import { idTime, moment, shortId, time, wholeSeconds } from "../format.js";
import { viewOnly } from "../link.js";
import { growingList, nothing, pagesOf } from "../list.js";
import { card, code, empty, facts, heading } from "../parts.js";
import { resendEvents } from "../resend.js";
import { deliveryList, subjectOf } from "./deliveries.js";

/** @type {Ui.View} */
export async function events(route) {
  const wanted = wantedBy(route.query, ["event"]);
  const types = await eventTypes();
  const read = pagesOf("/api/events", () => ({ order: "newest", ...wanted }));
  const look = {
    label: "Events", columns: ["Event", "Record", "Time", "Request"], row,
    none: nothing("No events", "Events appear when records are created or changed."),
    pick: { word: (/** @type {Api.Event} */ one) => `${one.event} ${one.subject?.number ?? ""}`, action: "Send again…", run: resendEvents },
    tools: [exportButton({
      name: "events", read, at: (one) => one.timestamp,
      row: ({ subject, data, ...one }) => ({ ...one, ...recordColumns(subject), data }),
    })],
  };
  const list = growingList(look, read, route);
  const bar = filterBar("Filter events", "#/events", wanted, [oneOf("Event", "event", plain(types.map(({ name }) => name)), wanted)], () => list);
  await bar.load();
  return [heading("Events", { lead: "What happened, newest first." }), bar.form, list.element];
}

/** @param {Api.Event} event */
const row = (event) => h("tr",
  h("td", h("a.strong", { href: `#/events/${event.id}`, "data-key": event.id }, event.event)),
  h("td", subjectOf(event)),
  h("td", time(event.timestamp)),
  h("td", shortId(event.requestId)));

/** @type {Ui.View} */
export async function event(route) {
  const [one, names] = await Promise.all([get(to`/api/events/${route.path[1]}`, route.signal), endpointsById()]);
  const siblings = one.siblings.map((/** @type {{ id: string, event: string }} */ sibling) =>
    h("li", h("a", { href: `#/events/${sibling.id}` }, sibling.event)));
  const none = () => empty("Sent to no endpoint", h("p", "None asked for it, or it was part of a ", h("a", { href: "/docs/filters#loops" }, "loop"), ". A replay can still send it."));
  const list = deliveryList("Deliveries", () => ({ eventId: one.id }), names, route, none);
  await list.load();
  return [
    heading(one.event, { crumb: [listAddress("#/events"), "Events"], lead: subjectOf(one) }),
    h("div.columns",
      card("Source request", facts([
        ["Request", h("code", one.requestId)],
        ["Received", moment(idTime(one.id))],
        ["Record", subjectOf(one) ?? "none"],
        ["Other events", siblings.length ? h("ul.plain", siblings) : "none"],
      ])),
      card("Event", facts([["Id", h("code", one.id)], ["Timestamp", [moment(one.timestamp), h("p.small.muted", "When it happened, as in the body.")]],
        ["Schema", h("a", { href: `#/catalog/${one.event}` }, "in the catalog")]]))),
    card("Deliveries", list.element, missing(one, [...names.values()])),
    card("Data", code("data", JSON.stringify(one.data, null, 2))),
  ];
}

/**
 * Endpoints that have not got an event: a replay sends it to them.
 * @param {Api.WholeEvent} one
 * @param {Api.Endpoint[]} endpoints
 */
function missing(one, endpoints) {
  const got = new Set(one.deliveries.map(({ endpointId }) => endpointId));
  const others = endpoints.filter(({ id, status }) => !got.has(id) && status === "enabled");
  const received = Date.parse(idTime(one.id) ?? one.timestamp);
  // Whole seconds around it: the preview of the replay says how many events that are.
  const [since, until] = [wholeSeconds(received), wholeSeconds(received + 1000)];
  return others.length > 0 && !one.truncated && !viewOnly && h("details", h("summary", "Endpoints that have not got it"),
    h("p", "A replay sends it to those that subscribe to it by now:"),
    h("ul.advice", others.map((each) => h("li", h("a", {
      href: withQuery("#/replay", { endpointId: each.id, events: one.event, only: "missing", since, until }),
    }, `Replay to ${nameOf(each)}`)))));
}
