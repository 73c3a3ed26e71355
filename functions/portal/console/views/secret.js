import { get, postOnce, to } from "../api.js";
import { h } from "../dom.js";
import { countdown } from "../format.js";
import { field, form, overlapField } from "../form.js";
import { button, card, closeButton, code, modal, toast } from "../parts.js";

/** How long a revealed secret is shown. */
const SHOWN_MS = 30_000;
/** The longest overlap: an endpoint that was not changed for so long has no previous secret. */
const LONGEST_OVERLAP_MS = 168 * 3_600_000;

/**
 * The card of an endpoint's secret: reveals, rotates and promotes it.
 * @param {Api.Endpoint} endpoint
 * @param {AbortSignal} signal
 */
export async function secretCard(endpoint, signal) {
  let hint = endpoint.secretHint;
  const shown = h("div");
  const overlap = h("div");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hide = () => {
    clearTimeout(timer);
    shown.replaceChildren(hidden(hint));
  };
  const promote = async () => {
    show(await postOnce()(to`/api/endpoints/${endpoint.id}/secret/promote`, {}));
    toast("Promoted. The new secret signs X-Webhook-Signature from now on.");
  };
  /** @param {Ui.Overlap} answer */
  const showOverlap = ({ promotesAt, previous }) => overlap.replaceChildren(
    ...(promotesAt ? [h("p.notice", "The new secret signs X-Webhook-Signature-Next. It will sign X-Webhook-Signature ", countdown(promotesAt), ", or as soon as you promote it."),
      h("div.actions", button("Promote now", promote))] : []),
    ...previous.map(({ validUntil }) => h("p.notice", "A previous secret is also valid. It expires ", countdown(validUntil), ".")));
  /** @param {Ui.Overlap & { secret: string }} answer */
  const show = (answer) => {
    clearTimeout(timer);
    hint = answer.secret;
    shown.replaceChildren(code("Hidden again in 30 seconds", answer.secret), h("div.actions.end", button("Hide", hide, "quiet")));
    showOverlap(answer);
    timer = setTimeout(hide, SHOWN_MS);
  };
  signal.addEventListener("abort", hide);
  hide();
  showOverlap(await overlapOf(endpoint, signal));
  const reveal = async () => show(await get(to`/api/endpoints/${endpoint.id}/secret`));
  return card("Signing secret", h("p", "Signs every delivery to this endpoint. ", h("a", { href: "/docs/verifying-signatures" }, "How to verify")),
    shown, overlap,
    h("div.actions", button("Reveal", reveal), button("Rotate", () => rotate(endpoint.id, show))));
}

/**
 * When the newest secret is promoted, and when the previous ones expire. The response has the secret too, which is not
 * used; the call is made only after a possible rotation, since each reading of a secret is logged.
 * @param {Api.Endpoint} endpoint
 * @param {AbortSignal} signal
 * @returns {Promise<Ui.Overlap>}
 */
async function overlapOf({ id, version, updatedAt }, signal) {
  if (version === 1 || Date.parse(updatedAt) < Date.now() - LONGEST_OVERLAP_MS) return { promotesAt: null, previous: [] };
  const { promotesAt, previous } = await get(to`/api/endpoints/${id}/secret`, signal);
  return { promotesAt, previous };
}

/** @param {string} hint */
const hidden = (hint) => h("p.masked", h("code", `whsec_••••••••••••••••••••${hint.slice(-4)}`));

/** @param {string} id @param {(answer: Ui.Overlap & { secret: string }) => void} show */
function rotate(id, show) {
  const once = postOnce();
  const when = h("select", { name: "promote" }, h("option", { value: "later" }, "Later, when I promote it"), h("option", { value: "now" }, "Now: the old one has leaked"));
  const dialog = modal("Rotate the secret", [
    h("p", "Both secrets sign until the overlap ends, so that receivers can change over. ", h("a", { href: "/docs/rotating-secrets" }, "How to rotate")),
    form([
      overlapField("0 to 168. With 0 the old secret expires now."),
      field("Use the new secret for X-Webhook-Signature", when, { hint: "Until you promote it, or the overlap ends, it signs X-Webhook-Signature-Next, and nothing changes for your receiver." }),
    ], "Rotate", async (data) => {
      show(await once(to`/api/endpoints/${id}/secret/rotate`, { overlapHours: Number(data.get("overlapHours")), promote: when.value }));
      dialog.close();
      toast("Rotated. Give your receiver the new secret, then promote it.");
    }, [closeButton()]),
  ]);
}
