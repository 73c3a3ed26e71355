import { get, usage } from "../api.js";
import { all, chart } from "../chart.js";
import { allEndpoints, dayStats, nameOf, stateOf } from "../data.js";
import { h } from "../dom.js";
import { count, duration, onOwnMachine, time } from "../format.js";
import { badge, card, code, empty, heading, table } from "../parts.js";
import { alertRow } from "./alerts.js";

/** @type {import("../app.js").View} */
export async function overview({ signal }) {
  const [endpoints, stats, alerts] = await Promise.all([allEndpoints(), dayStats(signal), get("/api/alerts?limit=5", signal)]);
  if (endpoints.length === 0) return firstRun();
  return [
    heading("Overview", { lead: "The last 24 hours" }),
    numbers(stats, endpoints),
    card("Deliveries per hour", stats.hours.some((hour) => all(hour) > 0) ? chart(stats) : empty("No deliveries in the last 24 hours")),
    h("div", { class: "columns" },
      attention(endpoints),
      card("Latest alerts", alerts.data.length === 0 ? empty("No alerts")
        : [table("Latest alerts", ["What happened", "When", ""], alerts.data.map((/** @type {Api.Alert} */ alert) => alertRow(alert))),
          h("p", {}, h("a", { href: "#/alerts" }, "All alerts"))])),
  ];
}

/**
 * @param {Api.Stats} stats
 * @param {Api.Endpoint[]} endpoints
 */
function numbers({ hours, latencyMs }, endpoints) {
  const sum = (/** @type {keyof Api.Counts} */ kind) => hours.reduce((total, hour) => total + hour[kind], 0);
  const [delivered, failed, waiting, cancelled] = [sum("delivered"), sum("failed"), sum("waiting"), sum("cancelled")];
  const ended = delivered + failed;
  const states = endpoints.map(stateOf);
  const number = (/** @type {string} */ state) => states.filter((one) => one === state).length;
  const troubled = [[number("failing"), "failing"], [number("disabled"), "disabled"], [number("paused"), "paused"]].filter(([n]) => n);
  const hour = usage()?.hour;
  return h("div", { class: "numbers" },
    figure("Delivered", ended ? percent(delivered / ended) : "—", `${count(delivered)} of ${count(ended)}`, failed > ended * 0.01 ? "bad" : ""),
    figure("Waiting", count(waiting), cancelled ? `and ${count(cancelled)} cancelled` : "pending or retrying"),
    figure("Response time", latencyMs ? duration(latencyMs.p50) : "—", latencyMs ? `95 % within ${duration(latencyMs.p95)}` : "no deliveries yet"),
    figure("Endpoints", count(endpoints.length), troubled.length ? troubled.map(([n, word]) => `${n} ${word}`).join(", ") : "all healthy"),
    figure("Calls this hour", hour ? count(hour.limit - hour.remaining) : "—", hour ? `of ${count(hour.limit)}` : ""));
}

/** @param {number} share */
const percent = (share) => `${(Math.floor(share * 1000) / 10).toFixed(share === 1 ? 0 : 1)} %`;

/**
 * @param {string} name
 * @param {string} value
 * @param {string} note
 * @param {string} [tone]
 */
const figure = (name, value, note, tone = "") =>
  h("div", { class: "number" }, h("p", {}, name), h("p", { class: `value num ${tone}` }, value), h("p", { class: "small muted" }, note));

/**
 * Endpoints that fail and those that the system has disabled. Paused ones are not among them: somebody did that on
 * purpose.
 * @param {Api.Endpoint[]} endpoints
 */
function attention(endpoints) {
  const troubled = endpoints.filter((one) => ["failing", "disabled"].includes(stateOf(one)));
  const paused = endpoints.filter((one) => stateOf(one) === "paused").length;
  if (troubled.length === 0) {
    return card("Endpoints that need attention", empty(paused ? "All enabled endpoints are healthy" : "All endpoints are healthy", paused > 0 && h("p", {}, `${count(paused)} paused`)));
  }
  return card("Endpoints that need attention", table("Endpoints that need attention", ["Endpoint", "Since", "State"], troubled.map((one) => h("tr", {},
    h("td", {}, h("a", { class: "strong", href: `#/endpoints/${one.id}` }, nameOf(one)),
      one.disabledReason && h("p", { class: "small muted" }, one.disabledReason)),
    h("td", {}, time(one.health.failingSince ?? one.health.lastFailureAt)),
    h("td", {}, badge(stateOf(one)))))));
}

/** Three steps to the first delivery. */
const firstRun = () => [
  heading("Welcome", { lead: "Three steps to the first verified delivery." }),
  h("ol", { class: "steps" },
    h("li", {}, h("h2", {}, "Create an endpoint"), h("p", {}, "The URL that receives your events, and which events it receives."),
      h("a", { class: "button primary", href: "#/endpoints/new" }, "New endpoint")),
    h("li", {}, h("h2", {}, "Verify deliveries"), h("p", {}, "Check the signature of each delivery with the endpoint's secret. ",
      h("a", { href: "/docs/verifying-signatures" }, "Samples in eight languages")), onOwnMachine && code("On your own machine", "cargo run --bin receiver -- whsec_...")),
    h("li", {}, h("h2", {}, "Send an event"), h("p", {}, "Send a test of any event from the endpoint's page, or a work order from the ",
      h("a", { href: "/docs/explorer" }, "API explorer"), "."), !onOwnMachine && code("Send records to", `${location.origin}/api/webhook/workorder`))),
];
