// @ts-check
import { get, post } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h } from "../dom.js";
import { countdown, duration, ERRORS, moment } from "../format.js";
import { badge, button, card, code, confirm, copyButton, facts, heading, pretty, toast } from "../parts.js";
import { reload } from "./endpoint.js";

/** @typedef {import("../data.js").WholeDelivery} WholeDelivery */

const TRIGGERS = /** @type {Record<string, string>} */ ({ scheduled: "by schedule", manual: "by hand", test: "test", replay: "replay" });

/** @type {import("../app.js").View} */
export async function delivery({ path, signal }) {
  const [one, endpoints] = await Promise.all([get(`/api/deliveries/${path[1]}`, signal), allEndpoints(signal)]);
  const endpoint = endpoints.find(({ id }) => id === one.endpointId);
  return [
    heading(one.event, { crumb: ["#/deliveries", "Deliveries"], lead: [badge(one.status), " to ", nameOf(endpoint)], actions: actions(one, endpoint) }),
    h("div", { class: "columns" }, card("About", about(one, endpoint)), card("Attempts", attempts(one))),
    card("Request", request(one, endpoint)),
  ];
}

/**
 * @param {WholeDelivery} one
 * @param {import("../data.js").Endpoint | undefined} endpoint
 */
function about(one, endpoint) {
  return facts([
    ["Endpoint", endpoint ? h("a", { href: `#/endpoints/${endpoint.id}` }, nameOf(endpoint)) : "deleted"],
    ["Caused by", h("a", { href: `#/events/${one.eventId}` }, "the event and its request")],
    ["Made", moment(one.createdAt)],
    ["Ended", moment(one.completedAt)],
    ["Next attempt", one.nextAttemptAt ? countdown(one.nextAttemptAt) : "none"],
    ["X-Webhook-ID", h("code", {}, one.id)],
  ]);
}

/**
 * @param {WholeDelivery} one
 * @param {import("../data.js").Endpoint | undefined} endpoint
 */
function actions(one, endpoint) {
  const retry = async () => {
    const arrived = one.status === "delivered";
    const text = "It has arrived already. The receiver gets it once more under the same X-Webhook-ID.";
    if (arrived && !(await confirm("Send it again?", text, "Send again"))) return;
    await post(`/api/deliveries/${one.id}/retry`, { force: arrived });
    toast("It is on its way.");
    // The attempt takes a moment; the page is shown anew when it is likely made, unless the person has gone on.
    const here = location.hash;
    setTimeout(() => here === location.hash && reload(), 1200);
  };
  const copy = one.requestBody !== null && endpoint && copyButton("Copy as curl", () => curl(one, endpoint.url));
  return [copy, !one.test && button(one.status === "delivered" ? "Send again" : "Retry now", retry, one.status === "delivered" ? "" : "primary")];
}

/** @param {WholeDelivery} one */
function attempts(one) {
  if (one.attempts.length === 0) return h("p", { class: "muted" }, "None yet: the first is on its way.");
  return h("ol", { class: "timeline" }, [...one.attempts].reverse().map((attempt) =>
    h("li", { class: attempt.error ? "bad" : "good" },
      h("p", {}, h("strong", {}, `Attempt ${attempt.number}`), ` · ${TRIGGERS[attempt.trigger] ?? attempt.trigger} · `,
        h("span", { class: "num" }, attempt.statusCode ? `${attempt.statusCode} in ${duration(attempt.durationMs)}` : `${attempt.error} after ${duration(attempt.durationMs)}`)),
      h("p", { class: "small muted" }, moment(attempt.startedAt)),
      attempt.error && h("p", {}, ERRORS[attempt.error] ?? attempt.error),
      attempt.responseBody && code("Answer", pretty(attempt.responseBody)))));
}

/**
 * @param {WholeDelivery} one
 * @param {import("../data.js").Endpoint | undefined} endpoint
 */
function request(one, endpoint) {
  if (one.requestBody === null) return h("p", {}, "The body is kept for 30 days.");
  return h("div", {},
    code("Headers", headers(one, endpoint?.url ?? "").join("\n")),
    code("Body, with line breaks", pretty(one.requestBody)),
    h("details", {}, h("summary", {}, "The bytes that were signed"), code("Body", one.requestBody)));
}

/**
 * @param {WholeDelivery} one
 * @param {string} url
 */
function headers(one, url) {
  const last = one.attempts.at(-1);
  const seconds = last ? Math.floor(Date.parse(last.startedAt) / 1000) : "<seconds>";
  return [
    `POST ${url}`, "Content-Type: application/json", `X-Webhook-ID: ${one.id}`, `X-Webhook-Event: ${one.event}`,
    `X-Webhook-Retry: ${Math.max(0, one.attemptCount - 1)}`, `X-Webhook-Timestamp: ${seconds}`,
    "X-Webhook-Signature: <hex HMAC-SHA256 of timestamp.body>", `webhook-id: ${one.id}`, `webhook-timestamp: ${seconds}`,
    "webhook-signature: v1,<base64>",
  ];
}

/**
 * @param {WholeDelivery} one
 * @param {string} url
 */
function curl(one, url) {
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = headers(one, url).slice(1).map((header) => `-H ${quote(header)}`);
  return ["curl", quote(url), ...lines, `--data-binary ${quote(one.requestBody ?? "")}`].join(" \\\n  ");
}
