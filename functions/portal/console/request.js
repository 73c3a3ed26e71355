/** A delivery as an HTTP request. */

import { hex, standard } from "./signature.js";

/** By the format. */
const CONTENT_TYPES = /** @type {Record<Api.Format, string>} */ ({
  full: "application/json",
  thin: "application/json",
  cloudevents: "application/cloudevents+json",
});
/** The `User-Agent` of deliveries; its version is the API description's. */
async function userAgent() {
  const { info } = await (await fetch("/openapi.json")).json();
  return `WorkSkedge-Webhooks/${info.version} (+${location.origin}/docs)`;
}

/**
 * The format of an attempt; without one, that which the endpoint has.
 * @param {Api.WholeDelivery} one
 * @param {Api.Endpoint | undefined} endpoint
 * @param {number} attempt its number, from 1
 */
const formatOf = (one, endpoint, attempt) =>
  one.attempts.find(({ number }) => number === attempt)?.format ?? endpoint?.format ?? "full";

/**
 * The headers of an attempt. The endpoint's own are there by name only: their values are not shown again.
 * @param {Api.WholeDelivery} one
 * @param {Api.Endpoint | undefined} endpoint
 * @param {Ui.Signed} signed
 * @param {number} [attempt] its number, from 1; the latest by default
 */
export const headersOf = (one, endpoint, { seconds, signature, standard }, attempt = one.attemptCount) => [
  ["Content-Type", CONTENT_TYPES[formatOf(one, endpoint, attempt)]],
  ["X-Webhook-ID", one.id],
  ["X-Webhook-Event", one.event],
  ["X-Webhook-Event-ID", one.eventId],
  ["X-Webhook-Retry", String(Math.max(0, attempt - 1))],
  ["X-Webhook-Timestamp", seconds],
  ["X-Webhook-Signature", signature],
  ["webhook-id", one.id],
  ["webhook-timestamp", seconds],
  ["webhook-signature", standard],
  ...Object.keys(endpoint?.headers ?? {}).map((name) => [name, "<your value>"]),
];

/**
 * The signatures of a delivery at a time.
 * @param {Api.WholeDelivery} one
 * @param {string} secret
 * @param {number} at milliseconds
 * @returns {Promise<Ui.Signed>}
 */
export async function signedAt({ id, requestBody }, secret, at) {
  const timestamp = String(Math.floor(at / 1000));
  const parts = { body: requestBody ?? "", timestamp, secret, id };
  return { seconds: timestamp, signature: await hex(parts), standard: `v1,${await standard(parts)}` };
}

/**
 * A curl command that sends the delivery, signed now: receivers refuse old signatures.
 * @param {Api.WholeDelivery} one
 * @param {Api.Endpoint} endpoint
 * @param {string} secret
 */
export async function curl(one, endpoint, secret) {
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const body = one.requestBody ?? "";
  const signed = await signedAt(one, secret, Date.now());
  const headers = [...headersOf(one, endpoint, signed), ["User-Agent", await userAgent()]];
  const lines = headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  return ["curl", quote(endpoint.url), ...lines, `--data-binary ${quote(body)}`].join(" \\\n  ");
}
