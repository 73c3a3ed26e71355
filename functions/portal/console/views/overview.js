// @ts-check
import { get, usage } from "../api.js";
import { byHour, chart, quantile } from "../chart.js";
import { allEndpoints, latestDeliveries, nameOf } from "../data.js";
import { h } from "../dom.js";
import { count, duration, time } from "../format.js";
import { badge, card, code, empty, heading, table } from "../parts.js";
import { alertRow } from "./alerts.js";

const DAY = 86_400_000;

/** @type {import("../app.js").View} */
export async function overview({ signal }) {
  const since = new Date(Date.now() - DAY).toISOString();
  const [endpoints, { list, more }, alerts] = await Promise.all([
    allEndpoints(signal),
    latestDeliveries({ since }, 3, signal),
    get("/api/alerts?limit=5", signal),
  ]);
  if (endpoints.length === 0) return firstRun();
  const deliveries = list.filter((delivery) => !delivery.test);
  const failing = endpoints.filter((endpoint) => endpoint.health.state === "failing");
  return [
    heading("Overview", { lead: more ? `The latest ${count(list.length)} deliveries of the last 24 hours` : "The last 24 hours" }),
    numbers(deliveries, endpoints, failing),
    card("Deliveries", chart(byHour(deliveries)), deliveries.length === 0 && h("p", { class: "muted" }, "Nothing was delivered yet.")),
    h("div", { class: "columns" },
      card("Failing endpoints", failing.length === 0 ? empty("All endpoints are well") : failingTable(failing)),
      card("Latest alerts", alerts.data.length === 0 ? empty("No alerts")
        : table("Latest alerts", ["What happened", "When", ""], alerts.data.map((/** @type {import("../data.js").Alert} */ alert) => alertRow(alert, true))))),
  ];
}

/**
 * @param {import("../data.js").Delivery[]} deliveries
 * @param {import("../data.js").Endpoint[]} endpoints
 * @param {import("../data.js").Endpoint[]} failing
 */
function numbers(deliveries, endpoints, failing) {
  const ended = deliveries.filter(({ status }) => status === "delivered" || status === "failed");
  const good = ended.filter(({ status }) => status === "delivered").length;
  const times = deliveries.flatMap(({ lastDurationMs }) => (lastDurationMs === null ? [] : [lastDurationMs]));
  const waiting = deliveries.filter(({ status }) => status === "pending" || status === "retrying").length;
  const hour = usage()?.hour;
  return h("div", { class: "numbers" },
    figure("Delivered", ended.length ? `${percent(good / ended.length)}` : "—", `${count(good)} of ${count(ended.length)} that ended`),
    figure("Waiting", count(waiting), "pending or retrying"),
    figure("Answer time", duration(quantile(times, 0.5)), `95 % within ${duration(quantile(times, 0.95))}`),
    figure("Endpoints", count(endpoints.length), failing.length ? `${failing.length} failing` : "none failing"),
    figure("Calls this hour", hour ? count(hour.limit - hour.remaining) : "—", hour ? `of ${count(hour.limit)} with this key` : ""));
}

/** @param {number} share */
const percent = (share) => `${(Math.floor(share * 1000) / 10).toFixed(share === 1 ? 0 : 1)} %`;

/**
 * @param {string} name
 * @param {string} value
 * @param {string} note
 */
const figure = (name, value, note) =>
  h("div", { class: "number" }, h("p", {}, name), h("p", { class: "value num" }, value), h("p", { class: "small muted" }, note));

/** @param {import("../data.js").Endpoint[]} failing */
const failingTable = (failing) =>
  table("Failing endpoints", ["Endpoint", "Since", "State"], failing.map((endpoint) => h("tr", {},
    h("td", {}, h("a", { href: `#/endpoints/${endpoint.id}` }, nameOf(endpoint))),
    h("td", {}, time(endpoint.health.failingSince)),
    h("td", {}, badge(endpoint.status === "disabled" ? "disabled" : "failing")))));

/** Three steps to the first delivery. */
const firstRun = () => [
  heading("Welcome", { lead: "Three steps to the first verified delivery." }),
  h("ol", { class: "steps" },
    h("li", {}, h("h2", {}, "Make an endpoint"), h("p", {}, "The address that gets your events, and which of them."),
      h("a", { class: "button primary", href: "#/endpoints/new" }, "New endpoint")),
    h("li", {}, h("h2", {}, "Verify what arrives"), h("p", {}, "Check the signature of each delivery with the endpoint's secret. ",
      h("a", { href: "/docs/verifying-signatures" }, "Samples in eight languages")), code("On your own machine", "cargo run --bin receiver -- whsec_...")),
    h("li", {}, h("h2", {}, "Send something"), h("p", {}, "A test of any event from the endpoint's page, or a work order from the ",
      h("a", { href: "/docs/explorer" }, "API explorer"), "."))),
];
