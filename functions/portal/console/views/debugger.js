// @ts-check
import { h } from "../dom.js";
import { field, form } from "../form.js";
import { card, code, heading } from "../parts.js";
import { diagnose } from "../signature.js";

/** @type {import("../app.js").View} */
export function debug() {
  const input = (/** @type {string} */ name, /** @type {string} */ placeholder) =>
    h("input", { name, placeholder, autocomplete: "off", spellcheck: "false", class: "mono" });
  const body = h("textarea", { name: "body", rows: 7, spellcheck: "false", class: "mono", placeholder: '{"event":"workorder.created",...}' });
  const outcome = h("div", { role: "status" });
  const element = form([
    field("Body, as it arrived", body, { hint: "The raw bytes, before any parser has seen them." }),
    h("div", { class: "pair" },
      field("X-Webhook-Timestamp", input("timestamp", "1760970600")),
      field("webhook-id", input("id", "dlv_..."), { hint: "Only for webhook-signature." })),
    field("X-Webhook-Signature or webhook-signature", input("signature", "5257a869e7ec... or v1,...")),
    field("Signing secret", h("input", { name: "secret", type: "password", autocomplete: "off", class: "mono", placeholder: "whsec_..." }), { hint: "Nothing of this leaves the page." }),
  ], "Check", async (data) => {
    const text = (/** @type {string} */ name) => String(data.get(name) ?? "");
    const finding = await diagnose({ body: text("body").replaceAll("\r\n", "\n"), timestamp: text("timestamp"), signature: text("signature"), secret: text("secret"), id: text("id") });
    outcome.replaceChildren(verdict(finding));
  });
  return [
    heading("Signature debugger", { lead: ["Says which of body, timestamp and secret is wrong. ", h("a", { href: "/docs/verifying-signatures" }, "How signatures are made")] }),
    h("div", { class: "columns" }, h("div", { class: "card" }, element), outcome),
  ];
}

/** @param {import("../signature.js").Finding} finding */
const verdict = ({ verified, title, advice, expected }) =>
  card(title, h("p", { class: `badge ${verified ? "good" : "bad"}` }, verified ? "Verified" : "Not verified"),
    h("ul", { class: "advice" }, advice.map((line) => h("li", {}, line))),
    expected && code("The signature of these three", expected));
