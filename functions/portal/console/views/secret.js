// @ts-check
import { get, post } from "../api.js";
import { h } from "../dom.js";
import { countdown } from "../format.js";
import { field, form } from "../form.js";
import { button, card, code, modal, toast } from "../parts.js";

/** A secret that was revealed is hidden again after so long. */
const SHOWN_MS = 30_000;

/**
 * The secret of an endpoint: hidden until it is asked for, and rotated.
 * @param {import("../data.js").Endpoint} endpoint
 */
export function secretCard(endpoint) {
  const shown = h("div", { class: "secret" }, hidden(endpoint.secretHint));
  const previous = h("div");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {{ secret: string, previous: { validUntil: string }[] }} answer */
  const show = (answer) => {
    clearTimeout(timer);
    shown.replaceChildren(code("Hidden again in 30 seconds", answer.secret));
    previous.replaceChildren(...answer.previous.map(({ validUntil }) => h("p", {}, "The secret before it signs too, and ends ", countdown(validUntil), ".")));
    timer = setTimeout(() => shown.replaceChildren(hidden(endpoint.secretHint)), SHOWN_MS);
  };
  const reveal = async () => show(await get(`/api/endpoints/${endpoint.id}/secret`));
  return card("Signing secret", h("p", {}, "Deliveries are signed with it. ", h("a", { href: "/docs/verifying-signatures" }, "How to verify")),
    shown, previous,
    h("div", { class: "actions" }, button("Reveal", reveal), button("Rotate", () => rotate(endpoint.id, show))));
}

/** @param {string} hint */
const hidden = (hint) => h("p", { class: "masked" }, h("code", {}, `whsec_••••••••••••••••••••${hint.slice(-4)}`));

/**
 * @param {string} id
 * @param {(answer: { secret: string, previous: { validUntil: string }[] }) => void} show
 */
function rotate(id, show) {
  const hours = h("input", { name: "overlapHours", type: "number", min: 0, max: 168, value: 24, required: true });
  const dialog = modal("Rotate the secret", [
    h("p", {}, "A new secret signs at once. The old one signs too until the overlap ends, so that receivers can change over."),
    form([field("Overlap in hours", hours, { hint: "0 to 168. 0 ends the old secret now: use it when it has leaked." })], "Rotate", async () => {
      show(await post(`/api/endpoints/${id}/secret/rotate`, { overlapHours: Number(hours.value) }));
      dialog.close();
      toast("Rotated. Give your receiver the new secret.");
    }, [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")]),
  ]);
}
