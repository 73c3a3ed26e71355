import { get, to, withQuery } from "../api.js";
import { allEndpoints, eventTypes } from "../data.js";
import { h } from "../dom.js";
import { filterBar } from "../filters.js";
import { idTime, moment, shortId, time } from "../format.js";
import { filter, select } from "../form.js";
import { growingList, nothing } from "../list.js";
import { card, code, empty, facts, heading, table } from "../parts.js";
import { deliveryRow, subjectOf } from "./deliveries.js";

/** @type {import("../app.js").View} */
export async function events({ query, signal }) {
  const wanted = { event: query.get("event") ?? "" };
  const types = await eventTypes();
  const look = {
    label: "Events", columns: ["Event", "Record", "Time", "Request"], row,
    none: nothing("No events", "Events appear when records are created or changed."),
  };
  const read = (/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal) =>
    get(withQuery("/api/events", { order: "newest", limit: 50, ...wanted, cursor }), signal);
  const list = growingList(look, read, signal);
  const bar = filterBar("Filter events", "#/events", wanted, [
    filter("Event", select("event", [["", "any"], ...types.map(({ name }) => [name, name])], wanted.event)),
  ], () => list);
  await bar.load();
  return [heading("Events", { lead: "What happened, newest first." }), bar.form, list.element];
}

/** @param {Api.Event} event */
const row = (event) => h("tr", {},
  h("td", {}, h("a", { class: "strong", href: `#/events/${event.id}`, "data-key": event.id }, event.event)),
  h("td", {}, subjectOf(event)),
  h("td", {}, time(event.timestamp)),
  h("td", {}, shortId(event.requestId)));

/** @type {import("../app.js").View} */
export async function event({ path, signal }) {
  const [one, endpoints] = await Promise.all([get(to`/api/events/${path[1]}`, signal), allEndpoints()]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const siblings = one.siblings.map((/** @type {{ id: string, event: string }} */ sibling) =>
    h("li", {}, h("a", { href: `#/events/${sibling.id}` }, sibling.event)));
  const rows = one.deliveries.map((/** @type {Api.Delivery} */ delivery) => deliveryRow(delivery, names));
  return [
    heading(one.event, { crumb: ["#/events", "Events"], lead: subjectOf(one) }),
    h("div", { class: "columns" },
      card("Source request", facts([
        ["Request", h("code", {}, one.requestId)],
        ["Received", moment(idTime(one.id))],
        ["Record", subjectOf(one) ?? "none"],
        ["Other events", siblings.length ? h("ul", { class: "plain" }, siblings) : "none"],
      ])),
      card("Event", facts([["Id", h("code", {}, one.id)], ["Timestamp", [moment(one.timestamp), h("p", { class: "small muted" }, "When it happened, as in the body.")]],
        ["Schema", h("a", { href: `#/catalog/${one.event}` }, "in the catalog")]]))),
    card("Deliveries", rows.length ? table("Deliveries", ["Event", "Record", "Status", "Endpoint", "Response", "Attempts", "When"], rows)
      : empty("No endpoint subscribed to it", h("p", {}, "Endpoints that subscribe later can get it by a replay.")),
      one.truncated && h("p", {}, "More deliveries exist. ", h("a", { href: `#/deliveries?eventId=${one.id}` }, "All deliveries of this event"))),
    card("Data", code("data", JSON.stringify(one.data, null, 2))),
  ];
}
