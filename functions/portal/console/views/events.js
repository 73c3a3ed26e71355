// @ts-check
import { get, withQuery } from "../api.js";
import { allEndpoints, eventTypes } from "../data.js";
import { h } from "../dom.js";
import { moment, shortId, time } from "../format.js";
import { filter, select } from "../form.js";
import { card, code, empty, facts, growing, heading, table } from "../parts.js";
import { deliveryRow } from "./deliveries.js";

/** @typedef {import("../data.js").Event} Event */

/** @type {import("../app.js").View} */
export async function events({ query, signal }) {
  const name = query.get("event") ?? "";
  const read = (/** @type {string | null} */ cursor) => get(withQuery("/api/events", { order: "newest", limit: 50, event: name, cursor }), signal);
  const [types, first] = await Promise.all([eventTypes(), read(null)]);
  const options = /** @type {[string, string][]} */ ([["", "any"], ...types.map((type) => [type.name, type.name])]);
  const choice = select("event", options, name);
  choice.addEventListener("change", () => (location.hash = withQuery("#/events", { event: choice.value })));
  const bar = h("form", { class: "filters", role: "search", "aria-label": "Filter events" }, filter("Event", choice));
  const list = growing(first, read, (/** @type {Event[]} */ all) => all.length ? table("Events", ["Event", "About", "When", "Request"], all.map(row)) : empty("No events yet", h("p", {}, "They appear when records are sent.")));
  return [heading("Events", { lead: "What happened, newest first." }), bar, list];
}

/** @param {Event} event */
const row = (event) => h("tr", {},
  h("td", {}, h("a", { class: "strong", href: `#/events/${event.id}` }, event.event)),
  h("td", {}, subject(event)),
  h("td", {}, time(event.timestamp)),
  h("td", {}, shortId(event.requestId)));

/**
 * The number by which people know the record.
 * @param {Event} event
 */
function subject({ data }) {
  const key = ["workOrderNumber", "requestNumber", "projectNumber", "employeeNumber", "vendorNumber", "name"].find((name) => name in data);
  return String(data[key ?? "id"] ?? "");
}

/** @type {import("../app.js").View} */
export async function event({ path, signal }) {
  const [one, endpoints] = await Promise.all([get(`/api/events/${path[1]}`, signal), allEndpoints(signal)]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const siblings = one.siblings.map((/** @type {{ id: string, event: string }} */ sibling) =>
    h("li", {}, h("a", { href: `#/events/${sibling.id}` }, sibling.event)));
  const rows = one.deliveries.map((/** @type {import("../data.js").Delivery} */ delivery) => deliveryRow(delivery, names));
  return [
    heading(one.event, { crumb: ["#/events", "Events"], lead: subject(one) }),
    h("div", { class: "columns" },
      card("Request that caused it", facts([
        ["Request", h("code", {}, one.requestId)],
        ["Came", moment(one.timestamp)],
        ["Record", subject(one)],
        ["Also raised", siblings.length ? h("ul", { class: "plain" }, siblings) : "nothing else"],
      ])),
      card("Event", facts([["Id", h("code", {}, one.id)], ["Happened", moment(one.timestamp)],
        ["Schema", h("a", { href: `#/catalog/${one.event}` }, "in the catalog")]]))),
    card("Deliveries that it made", rows.length ? table("Deliveries", ["Event", "Status", "Endpoint", "Answer", "Attempts", "When"], rows)
      : empty("No endpoint wanted it", h("p", {}, "Endpoints that ask for it later can get it by a replay."))),
    card("Data", code("data", JSON.stringify(one.data, null, 2))),
  ];
}
