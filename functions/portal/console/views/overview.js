import { get, usage } from "../api.js";
import { allEndpoints, endpointLink, nameOf, stateOf } from "../data.js";
import { h } from "../dom.js";
import { delivered, figure, figures, responseTime, total } from "../figures.js";
import { count, onOwnMachine, time } from "../format.js";
import { viewOnly } from "../link.js";
import { badge, card, code, empty, heading, table } from "../parts.js";
import { alertRow } from "./alerts.js";

/** @type {Ui.View} */
export async function overview(route) {
  const [endpoints, alerts] = await Promise.all([allEndpoints(), get("/api/alerts?limit=5", route.signal)]);
  if (endpoints.length === 0) return firstRun();
  const { words, choice, body } = await figures("#/", route, { numbers: (stats) => numbers(stats, endpoints) });
  const named = (/** @type {Api.Alert} */ { endpointId }) => endpointId && nameOf(endpoints.find(({ id }) => id === endpointId));
  const troubles = h("div.columns",
    attention(endpoints),
    card("Latest alerts", alerts.data.length === 0 ? empty("No alerts")
      : [table("Latest alerts", ["What happened", "When", ""], alerts.data.map((/** @type {Api.Alert} */ alert) => alertRow(alert, undefined, named(alert)))),
        h("p", h("a", { href: "#/alerts" }, "All alerts"))]));
  const isWell = endpoints.every((one) => !["failing", "disabled"].includes(stateOf(one)));
  return [heading("Overview", { lead: words, actions: [choice] }), ...(isWell ? [body, troubles] : [troubles, body])];
}

/** @param {Api.Stats} stats @param {Api.Endpoint[]} endpoints */
function numbers(stats, endpoints) {
  const counts = total(stats);
  const states = endpoints.map(stateOf);
  const number = (/** @type {string} */ state) => states.filter((one) => one === state).length;
  const troubled = [[number("failing"), "failing"], [number("disabled"), "disabled"], [number("paused"), "paused"]].filter(([n]) => n);
  const hour = usage()?.hour;
  return h("div.numbers",
    delivered("Delivered", counts),
    figure("Waiting", count(counts.waiting), counts.cancelled ? `and ${count(counts.cancelled)} cancelled` : "pending or retrying"),
    responseTime(stats),
    figure("Endpoints", count(endpoints.length), troubled.length ? troubled.map(([n, word]) => `${n} ${word}`).join(", ") : "all healthy"),
    figure("Calls this hour", hour ? count(hour.limit - hour.remaining) : "—", hour ? `of ${count(hour.limit)}` : ""));
}

/**
 * Endpoints that fail and those that the system has disabled. Paused ones are not among them: somebody did that on
 * purpose.
 * @param {Api.Endpoint[]} endpoints
 */
function attention(endpoints) {
  const troubled = endpoints.filter((one) => ["failing", "disabled"].includes(stateOf(one)));
  const paused = endpoints.filter((one) => stateOf(one) === "paused").length;
  if (troubled.length === 0) {
    return card("Endpoints that need attention", empty(paused ? "All enabled endpoints are healthy" : "All endpoints are healthy", paused > 0 && h("p", `${count(paused)} paused`)));
  }
  return card("Endpoints that need attention", table("Endpoints that need attention", ["Endpoint", "Since", "State"], troubled.map((one) => h("tr",
    h("td", endpointLink(one),
      one.disabledReason && h("p.small.muted", one.disabledReason)),
    h("td", time(one.health.failingSince ?? one.health.lastFailureAt)),
    h("td", badge(stateOf(one)))))));
}

/** Three steps to the first delivery. */
const firstRun = () => [
  heading("Welcome", { lead: "Three steps to the first verified delivery." }),
  h("ol.steps",
    h("li", h("h2", "Create an endpoint"), h("p", "The URL that receives your events, and which events it receives."),
      !viewOnly && h("a.button.primary", { href: "#/endpoints/new" }, "New endpoint")),
    h("li", h("h2", "Verify deliveries"), h("p", "Check the signature of each delivery with the endpoint's secret. ",
      h("a", { href: "/docs/verifying-signatures" }, "Samples in nine languages")), onOwnMachine && code("On your own machine", "cargo run --bin receiver -- whsec_...")),
    h("li", h("h2", "Send an event"), h("p", "Send a test of any event from the endpoint's page, or a work order from the ",
      h("a", { href: "/docs/explorer" }, "API explorer"), "."), !onOwnMachine && code("Send records to", `${location.origin}/api/webhook/workorder`))),
];
