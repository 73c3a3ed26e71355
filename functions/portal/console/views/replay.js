// @ts-check
import { post } from "../api.js";
import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { count } from "../format.js";
import { choice, field, form, group, select } from "../form.js";
import { button, card, empty, heading, toast } from "../parts.js";

/** @typedef {{ dryRun: boolean, matched: number, queued: number, underWay: number, nextSince: string | null }} Replayed */

/** A replay goes on by itself over so many calls at most. */
const MAX_CALLS = 50;

/** @type {import("../app.js").View} */
export async function replay({ query, signal }) {
  const [endpoints, types] = await Promise.all([allEndpoints(signal), eventTypes()]);
  const lead = "Send an endpoint again what it failed to take or missed: first counted, then sent.";
  if (endpoints.length === 0) return [heading("Replay", { lead }), empty("There is no endpoint yet")];
  const outcome = h("div", { role: "status" });
  const names = /** @type {[string, string][]} */ ([["", "all events"], ...types.map(({ name }) => [name, name])]);
  const options = /** @type {[string, string][]} */ (endpoints.map((one) => [one.id, nameOf(one)]));
  const element = form([
    field("Endpoint", select("endpointId", options, query.get("endpointId") ?? "")),
    h("div", { class: "pair" },
      field("From", h("input", { type: "datetime-local", name: "since", value: local(Date.now() - 86_400_000), required: true })),
      field("Until", h("input", { type: "datetime-local", name: "until" }), { hint: "Empty for now." })),
    field("Events", select("events", names)),
    group("Which deliveries", [
      choice("only", "failed", "Failed or cancelled", true, "radio"),
      choice("only", "missing", "Never made, such as from before the endpoint was there", false, "radio"),
      choice("only", "all", "All, also those that arrived", false, "radio"),
    ], "only"),
  ], "Preview", async (data) => preview(outcome, String(data.get("endpointId")), bodyOf(data)));
  return [heading("Replay", { lead }), h("div", { class: "columns" }, h("div", { class: "card" }, element), outcome)];
}

/** @param {number} at */
const local = (at) => new Date(at - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** @param {FormData} data */
function bodyOf(data) {
  const iso = (/** @type {string} */ name) => (data.get(name) ? new Date(String(data.get(name))).toISOString() : null);
  return { since: iso("since"), until: iso("until"), events: data.get("events") ? [String(data.get("events"))] : null, only: data.get("only") };
}

/**
 * @param {HTMLElement} outcome
 * @param {string} id
 * @param {Record<string, unknown>} body
 */
async function preview(outcome, id, body) {
  const total = await run(id, { ...body, dryRun: true }, () => {});
  const words = total.matched === 1 ? "1 delivery" : `${count(total.matched)} deliveries`;
  const progress = h("p", { class: "muted" });
  const send = button(`Send ${words}`, async () => {
    const sent = await run(id, body, (so) => (progress.textContent = `${count(so)} queued…`));
    outcome.replaceChildren(card("Sent", h("p", {}, `${count(sent.queued)} deliveries are on their way. `,
      h("a", { href: `#/deliveries?endpointId=${id}` }, "Watch them"))));
    toast("The replay is on its way.");
  }, "primary");
  outcome.replaceChildren(card("Preview",
    h("p", { class: "value num" }, words), h("p", {}, total.underWay ? `${count(total.underWay)} more are under way anyway and are left alone.` : "Nothing of it is under way."),
    total.matched > 0 && h("div", { class: "actions" }, send), progress));
}

/**
 * All calls of one replay: each says where the next begins.
 * @param {string} id
 * @param {Record<string, unknown>} body
 * @param {(queued: number) => void} report
 */
async function run(id, body, report) {
  const total = { matched: 0, queued: 0, underWay: 0 };
  let since = body.since;
  for (let calls = 0; since && calls < MAX_CALLS; calls++) {
    const answer = /** @type {Replayed} */ (await post(`/api/endpoints/${id}/replay`, { ...body, since }));
    total.matched += answer.matched;
    total.queued += answer.queued;
    total.underWay += answer.underWay;
    report(total.queued);
    since = answer.nextSince;
  }
  return total;
}
