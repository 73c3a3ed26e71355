import { get, withQuery } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h } from "../dom.js";
import { filterBar } from "../filters.js";
import { time } from "../format.js";
import { filter, select } from "../form.js";
import { growingList, nothing } from "../list.js";
import { heading } from "../parts.js";

const KINDS = /** @type {Record<string, [string, string]>} */ ({
  "delivery.failed": ["bad", "Delivery failed"],
  "endpoint.failing": ["warn", "Endpoint failing"],
  "endpoint.disabled": ["bad", "Endpoint disabled"],
  "endpoint.recovered": ["good", "Endpoint recovered"],
});

/** @type {import("../app.js").View} */
export async function alerts({ query, signal }) {
  const wanted = { kind: query.get("kind") ?? "", endpointId: query.get("endpointId") ?? "" };
  const endpoints = await allEndpoints();
  const names = new Map(endpoints.map((one) => [one.id, nameOf(one)]));
  const look = {
    label: "Alerts", columns: ["What happened", "When", ""],
    row: (/** @type {Api.Alert} */ alert) => alertRow(alert, names),
    none: nothing("No alerts", "You are told here when a delivery fails for good or an endpoint is in trouble."),
  };
  const list = growingList(look, (cursor, signal) => get(withQuery("/api/alerts", { ...wanted, limit: 50, cursor }), signal), signal);
  const bar = filterBar("Filter alerts", "#/alerts", wanted, [
    filter("Kind", select("kind", [["", "any"], ...Object.entries(KINDS).map(([key, [, word]]) => [key, word])], wanted.kind)),
    filter("Endpoint", select("endpointId", [["", "any"], ...names], wanted.endpointId)),
  ], () => list);
  await bar.load();
  return [heading("Alerts", { lead: "What a person had to be told. They also go to the alert topic, and by it to e-mail." }), bar.form, list.element];
}

/**
 * What the alert says, with names where it has ids: the ids are behind its links.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} names
 */
const told = ({ message, endpointId }, names) =>
  message.replaceAll(endpointId, names.get(endpointId) ?? "a deleted endpoint").replace(/\bdlv_\w+/g, "the delivery");

/**
 * What happened, and the way to its cause.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} [names] of endpoints: in full, with the sentence that says what to do
 */
export function alertRow(alert, names) {
  const [tone, word] = KINDS[alert.kind] ?? ["idle", alert.kind];
  const [href, action] = alert.deliveryId ? [`#/deliveries/${alert.deliveryId}`, "Look at the delivery"] : [`#/endpoints/${alert.endpointId}`, "Look at the endpoint"];
  return h("tr", {},
    h("td", {}, h("span", { class: `badge ${tone}` }, word), " ", alert.event && h("code", {}, alert.event), names && h("p", { class: "told" }, told(alert, names))),
    h("td", {}, time(alert.createdAt)),
    h("td", { class: "go" }, h("a", { href, "data-key": alert.id }, names ? action : "Look", !names && h("span", { class: "hidden" }, ` at what led to ${word}, ${alert.event ?? ""} ${time(alert.createdAt).textContent}`))));
}
