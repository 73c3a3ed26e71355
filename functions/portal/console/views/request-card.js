import { get, to } from "../api.js";
import { h } from "../dom.js";
import { viewOnly } from "../link.js";
import { button, card, code, pretty } from "../parts.js";
import { headersOf, signedAt } from "../request.js";

/**
 * The card of a delivery's request: as one of its attempts sent it. Signatures are not stored: they are made again, in the
 * browser, when somebody asks for them.
 * @param {Api.Endpoint | undefined} endpoint
 */
export function requestCard(endpoint) {
  const place = h("div.stack");
  const element = card("Request", place);
  /** The number of the attempt that was chosen; null for the latest. @type {number | null} */
  let chosen = null;
  /** @type {{ secret: string, rotating: boolean } | null} */
  let opened = null;
  /** By the number of the attempt. @type {Map<number, Ui.Signed>} */
  const made = new Map();
  /** @type {Api.WholeDelivery | null} */
  let one = null;

  /** @param {Api.WholeDelivery} delivery */
  function show(delivery) {
    one = delivery;
    draw();
    return element;
  }

  async function draw() {
    const shown = one;
    if (!shown) return;
    if (shown.requestBody === null) return place.replaceChildren(h("p", "The body is no longer available: events are not kept for longer."));
    const attempt = shown.attempts.find(({ number }) => number === chosen) ?? shown.attempts.at(-1);
    // The body that is shown, and signed again, is that of the latest.
    const format = shown.attempts.at(-1)?.format;
    if (attempt && attempt.format !== format) {
      const words = `Attempt ${attempt.number} was sent in the format ${attempt.format}, before the endpoint's was changed. The body is shown of the latest attempt only.`;
      return place.replaceChildren(choice(shown.attempts, attempt.number), h("p", words));
    }
    if (opened && attempt && !made.has(attempt.number)) made.set(attempt.number, await signedAt(shown, opened.secret, Date.parse(attempt.startedAt)));
    if (one !== shown) return;
    const signed = made.get(attempt?.number ?? 0) ?? {
      seconds: attempt ? String(Date.parse(attempt.startedAt) / 1000) : "<seconds>",
      signature: "<hex HMAC-SHA256 of timestamp.body>", standard: "v1,<base64>",
    };
    place.replaceChildren(
      ...(shown.attempts.length > 1 ? [choice(shown.attempts, attempt?.number)] : []),
      code(attempt ? `Headers of attempt ${attempt.number}` : "Headers", lines(shown, signed, attempt)),
      ...note(attempt),
      code("Body, formatted", pretty(shown.requestBody ?? "")),
      h("details", h("summary", "Signed bytes"), code("Body", shown.requestBody ?? "")));
  }

  /** @param {Api.WholeDelivery} shown @param {Ui.Signed} signed @param {Api.Attempt | undefined} attempt */
  const lines = (shown, signed, attempt) =>
    [`POST ${endpoint?.url ?? ""}`, ...headersOf(shown, endpoint, signed, attempt?.number).map(([name, value]) => `${name}: ${value}`)].join("\n");

  /** @param {Api.Attempt[]} attempts @param {number | undefined} number */
  function choice(attempts, number) {
    const select = h("select", { "aria-label": "Attempt" }, [...attempts].reverse().map((each, i) =>
      h("option", { value: each.number, selected: each.number === number }, `Attempt ${each.number}${i === 0 ? ", the latest" : ""}`)));
    select.addEventListener("change", () => {
      chosen = select.selectedIndex === 0 ? null : Number(select.value);
      draw().then(() => element.querySelector("select")?.focus());
    });
    return select;
  }

  /** @param {Api.Attempt | undefined} attempt */
  function note(attempt) {
    if (!endpoint || !attempt || viewOnly) return [];
    if (!opened) return [h("div.actions", button("Show the signatures", open), h("span.small.muted", "Made again in your browser, with the endpoint's secret."))];
    const words = opened.rotating
      ? "The secret is being rotated: these are by the newest one. While the one before signs X-Webhook-Signature, this is the value of X-Webhook-Signature-Next."
      : Date.parse(attempt.startedAt) <= Date.parse(endpoint.updatedAt)
        ? "The endpoint was changed after this attempt. If that was its secret, other signatures were sent: these are by the present one."
        : "As they were sent: neither the secret nor anything else of the endpoint was changed since.";
    return [h("p.small.muted", words)];
  }

  async function open() {
    const { secret, previous } = await get(to`/api/endpoints/${endpoint?.id}/secret`);
    opened = { secret, rotating: previous.length > 0 };
    await draw();
  }

  return { show };
}
