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
  "event.failed": ["bad", "Event not passed on"],
});

/** @type {import("../app.js").View} */
export async function alerts({ query, signal }) {
  const wanted = { kind: query.get("kind") ?? "", endpointId: query.get("endpointId") ?? "" };
  const endpoints = await allEndpoints();
  const names = new Map(endpoints.map((one) => [one.id, nameOf(one)]));
  const look = {
    label: "Alerts", columns: ["What happened", "When", ""],
    row: (/** @type {Api.Alert} */ alert) => alertRow(alert, names),
    none: nothing("No alerts", "Failed deliveries and failing or disabled endpoints are listed here."),
  };
  const list = growingList(look, (cursor, signal) => get(withQuery("/api/alerts", { ...wanted, limit: 50, cursor }), signal), signal);
  const bar = filterBar("Filter alerts", "#/alerts", wanted, [
    filter("Kind", select("kind", [["", "any"], ...Object.entries(KINDS).map(([key, [, word]]) => [key, word])], wanted.kind)),
    filter("Endpoint", select("endpointId", [["", "any"], ...names], wanted.endpointId)),
  ], () => list);
  await bar.load();
  return [heading("Alerts", { lead: "Failed deliveries and endpoints that need attention. Alerts are also published to the alert topic, which can send e-mail." }), bar.form, list.element];
}

/**
 * The message of an alert with names in place of ids; its links lead to what the ids stand for.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} names
 */
const told = ({ message, endpointId }, names) =>
  (endpointId ? message.replaceAll(endpointId, names.get(endpointId) ?? "a deleted endpoint") : message).replace(/\bdlv_\w+/g, "the delivery");

/**
 * Where an alert's cause is shown, and the link's words.
 * @param {Api.Alert} alert
 */
function causeOf({ deliveryId, endpointId, eventId }) {
  if (deliveryId) {
    return [`#/deliveries/${deliveryId}`, "View delivery"];
  }
  return endpointId ? [`#/endpoints/${endpointId}`, "View endpoint"] : [`#/events/${eventId}`, "View event"];
}

/**
 * What happened, with a link to its cause.
 * @param {Api.Alert} alert
 * @param {Map<string, string>} [names] of endpoints; with them the row has the message that says what to do
 */
export function alertRow(alert, names) {
  const [tone, word] = KINDS[alert.kind] ?? ["idle", alert.kind];
  const [href, action] = causeOf(alert);
  return h("tr", {},
    h("td", {}, h("span", { class: `badge ${tone}` }, word), " ", alert.event && h("code", {}, alert.event), names && h("p", { class: "told" }, told(alert, names))),
    h("td", {}, time(alert.createdAt)),
    h("td", { class: "go" }, h("a", { href, "data-key": alert.id }, names ? action : "View", !names && h("span", { class: "hidden" }, ` what led to ${word}, ${alert.event ?? ""} ${time(alert.createdAt).textContent}`))));
}
