// @ts-check
import { sparkline } from "../chart.js";
import { allEndpoints, latestDeliveries, nameOf } from "../data.js";
import { h } from "../dom.js";
import { countdown, time } from "../format.js";
import { badge, empty, heading, table } from "../parts.js";

/** @type {import("../app.js").View} */
export async function endpoints({ signal }) {
  const [list, { list: deliveries }] = await Promise.all([allEndpoints(signal), latestDeliveries({}, 3, signal)]);
  const create = h("a", { class: "button primary", href: "#/endpoints/new" }, "New endpoint");
  const lead = "Where your events go.";
  if (list.length === 0) return [heading("Endpoints", { lead, actions: [create] }), empty("There is no endpoint yet", h("p", {}, "Make one to get events."))];
  const columns = ["Endpoint", "State", "Latest deliveries", "Last success", "Next retry"];
  return [heading("Endpoints", { lead, actions: [create] }), table("Endpoints", columns, list.map((one) => row(one, deliveries)))];
}

/**
 * @param {import("../data.js").Endpoint} endpoint
 * @param {import("../data.js").Delivery[]} deliveries
 */
function row(endpoint, deliveries) {
  const own = deliveries.filter((delivery) => delivery.endpointId === endpoint.id && !delivery.test);
  const retries = own.flatMap(({ status, nextAttemptAt }) => (status === "retrying" && nextAttemptAt ? [nextAttemptAt] : []));
  const next = retries.sort()[0];
  return h("tr", {},
    h("td", {}, h("a", { class: "strong", href: `#/endpoints/${endpoint.id}` }, nameOf(endpoint)),
      h("p", { class: "small muted clip" }, endpoint.events.join(", "))),
    h("td", {}, badge(stateOf(endpoint))),
    h("td", {}, sparkline(own)),
    h("td", {}, time(endpoint.health.lastSuccessAt)),
    h("td", {}, next ? countdown(next) : h("span", { class: "muted" }, "none")));
}

/** @param {import("../data.js").Endpoint} endpoint */
export const stateOf = (endpoint) => (endpoint.status === "disabled" ? "disabled" : endpoint.health.state);
