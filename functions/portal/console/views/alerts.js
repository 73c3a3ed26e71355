// @ts-check
import { get, withQuery } from "../api.js";
import { h } from "../dom.js";
import { time } from "../format.js";
import { filter, select } from "../form.js";
import { empty, growing, heading, table } from "../parts.js";

/** @typedef {import("../data.js").Alert} Alert */

const KINDS = /** @type {Record<string, [string, string]>} */ ({
  "delivery.failed": ["bad", "Delivery failed"],
  "endpoint.failing": ["warn", "Endpoint failing"],
  "endpoint.disabled": ["bad", "Endpoint disabled"],
  "endpoint.recovered": ["good", "Endpoint recovered"],
});

/** @type {import("../app.js").View} */
export async function alerts({ query, signal }) {
  const kind = query.get("kind") ?? "";
  const read = (/** @type {string | null} */ cursor) => get(withQuery("/api/alerts", { kind, limit: 50, cursor }), signal);
  const first = await read(null);
  const options = /** @type {[string, string][]} */ ([["", "any"], ...Object.entries(KINDS).map(([key, [, word]]) => [key, word])]);
  const choice = select("kind", options, kind);
  choice.addEventListener("change", () => (location.hash = withQuery("#/alerts", { kind: choice.value })));
  const bar = h("form", { class: "filters", role: "search", "aria-label": "Filter alerts" }, filter("Kind", choice));
  const list = growing(first, read, (/** @type {Alert[]} */ all) => all.length ? table("Alerts", ["What happened", "When", ""], all.map((alert) => alertRow(alert))) : empty("No alerts", h("p", {}, "You are told here when a delivery fails for good or an endpoint is in trouble.")));
  return [heading("Alerts", { lead: "What a person had to be told. They also go to the alert topic, and by it to e-mail." }), bar, list];
}

/**
 * What happened, and the way to its cause.
 * @param {Alert} alert
 * @param {boolean} [brief] without the sentence that says what to do
 */
export function alertRow(alert, brief = false) {
  const [tone, word] = KINDS[alert.kind] ?? ["idle", alert.kind];
  const [href, action] = alert.deliveryId ? [`#/deliveries/${alert.deliveryId}`, "Look at the delivery"] : [`#/endpoints/${alert.endpointId}`, "Look at the endpoint"];
  return h("tr", {},
    h("td", {}, h("span", { class: `badge ${tone}` }, word), " ", alert.event && h("code", {}, alert.event), !brief && h("p", {}, alert.message)),
    h("td", {}, time(alert.createdAt)),
    h("td", {}, h("a", { href }, brief ? "Look" : action, brief && h("span", { class: "hidden" }, ` at what led to ${word}, ${alert.event ?? ""} ${time(alert.createdAt).textContent}`))));
}
