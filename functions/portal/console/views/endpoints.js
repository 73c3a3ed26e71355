import { sparkline } from "../chart.js";
import { allEndpoints, dayStats, endpointLink, stateOf } from "../data.js";
import { h } from "../dom.js";
import { countdown, moment, time } from "../format.js";
import { viewOnly } from "../link.js";
import { badge, empty, heading, table } from "../parts.js";

/** @type {Ui.View} */
export async function endpoints({ signal }) {
  const [list, stats] = await Promise.all([allEndpoints(), dayStats(signal)]);
  const actions = viewOnly ? [] : [h("a.button.primary", { href: "#/endpoints/new" }, "New endpoint")];
  const lead = "URLs that receive your events, and how they do.";
  if (list.length === 0) return [heading("Endpoints", { lead, actions }), empty("No endpoints yet", !viewOnly && h("p", "Create one to receive events."))];
  const columns = ["Endpoint", "State", "Last 24 hours", "Last success", "Next retry"];
  return [
    heading("Endpoints", { lead, actions }),
    table("Endpoints", columns, list.map((one) => row(one, stats))),
    ...(stats.complete ? [] : [h("p.small.muted", "There were too many deliveries to count them all: these are counted since ", moment(stats.countedSince), ".")]),
  ];
}

/** @param {Api.Endpoint} endpoint @param {Api.Stats} stats */
function row(endpoint, stats) {
  const own = stats.endpoints.find(({ endpointId }) => endpointId === endpoint.id);
  return h("tr",
    h("td", endpointLink(endpoint),
      h("p.small.muted.clip", endpoint.events.includes("*") ? "every event" : endpoint.events.join(", "))),
    h("td", badge(stateOf(endpoint))),
    h("td", sparkline(own, stats)),
    h("td", time(endpoint.health.lastSuccessAt)),
    h("td", own?.nextAttemptAt ? countdown(own.nextAttemptAt) : h("span.muted", "none")));
}
