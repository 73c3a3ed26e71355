import { ApiError, get, to } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h } from "../dom.js";
import { field, form } from "../form.js";
import { card, code, empty, heading } from "../parts.js";
import { diagnose } from "../signature.js";

/** @type {Ui.View} */
export function debug({ query }) {
  const input = (/** @type {string} */ name, /** @type {string} */ placeholder, value = "") =>
    h("input.mono", { name, placeholder, value, autocomplete: "off", spellcheck: "false" });
  const body = h("textarea", { name: "body", rows: 7, spellcheck: "false", class: "mono", placeholder: '{"event":"workorder.created",...}' });
  const outcome = h("div", { role: "status" }, empty("Paste what your receiver got", h("p", "The more you fill in, the more precise the result.")));
  const element = form([
    field("X-Webhook-ID", input("id", "dlv_...", query.get("id") ?? ""), { hint: "With the id, each part is compared with what was sent. Required for a webhook-signature." }),
    field("Body, as received", body, { hint: "The raw bytes, before any parsing." }),
    h("div.pair",
      field("X-Webhook-Timestamp", input("timestamp", "1760970600")),
      field("Signing secret", h("input", { name: "secret", type: "password", autocomplete: "off", class: "mono", placeholder: "whsec_..." }))),
    field("X-Webhook-Signature or webhook-signature", input("signature", "5257a869e7ec... or v1,...")),
    h("p.hint", "Checked in your browser. Only the id is sent, to look up the delivery."),
  ], "Check", async (data) => {
    const text = (/** @type {string} */ name) => String(data.get(name) ?? "");
    const id = text("id").trim();
    const { sent, words } = await lookUp(id);
    const finding = await diagnose({ body: text("body").replaceAll("\r\n", "\n"), timestamp: text("timestamp"), signature: text("signature"), secret: text("secret"), id }, sent);
    outcome.replaceChildren(verdict(finding, words));
  });
  return [
    heading("Signature debugger", { lead: ["Finds out which of body, timestamp and secret is wrong. ", h("a", { href: "/docs/verifying-signatures" }, "How signatures are made")] }),
    h("div.columns", h("div.card", element), outcome),
  ];
}

/**
 * What was sent, as far as it is still known.
 * @param {string} id
 * @returns {Promise<{ sent: Ui.Sent | null, words: string }>}
 */
async function lookUp(id) {
  if (!id) return { sent: null, words: "" };
  try {
    const [delivery, endpoints] = await Promise.all([get(to`/api/deliveries/${id}`), allEndpoints()]);
    const endpoint = endpoints.find((one) => one.id === delivery.endpointId);
    if (!endpoint) return { sent: null, words: "The endpoint of this delivery was deleted together with its secret, so nothing can be compared." };
    const { secret, previous } = await get(to`/api/endpoints/${endpoint.id}/secret`);
    const attempts = delivery.attempts.map((/** @type {{ startedAt: string }} */ { startedAt }) => Math.floor(Date.parse(startedAt) / 1000));
    const others = endpoints.filter((one) => one !== endpoint).map((one) => ({ name: nameOf(one), hint: one.secretHint }));
    const formats = new Set(delivery.attempts.map((/** @type {Api.Attempt} */ { format }) => format));
    const words = formats.size > 1 ? `The endpoint's format was changed between the attempts. The body is compared with that of the latest one, ${delivery.attempts.at(-1)?.format}.` : "";
    return { sent: { body: delivery.requestBody, secret, previous: previous.length, attempts, endpoint: nameOf(endpoint), others }, words };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { sent: null, words: "There is no delivery with this id in your account, so nothing can be compared." };
    throw error;
  }
}

/** @param {Ui.Finding} finding @param {string} words */
const verdict = ({ tone, verdict, title, advice, parts, expected }, words) =>
  card(title, h("p", { class: `badge ${tone}` }, verdict),
    words && h("p.notice", words),
    parts && h("dl.parts", parts.map(({ name, right, words }) =>
      h("div", { class: right ? "good" : "bad" }, h("dt", h("span", { "aria-hidden": "true" }, right ? "✓" : "✗"), ` ${name}`, h("span.hidden", right ? ": right" : ": wrong")), h("dd", words)))),
    advice.length > 0 && h("ul.advice", advice.map((line) => h("li", line))),
    expected && code(parts ? "Expected signature" : "Signature of body, timestamp and secret", expected));
