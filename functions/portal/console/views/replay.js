import { post, to } from "../api.js";
import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { dateTime } from "../filters.js";
import { count, deliveriesOf, fromLocalInput, moment, queued, wholeSeconds, zoneLabel } from "../format.js";
import { choice, field, form, group, invalid, select } from "../form.js";
import { usedUp, whenAllowed } from "../pacing.js";
import { button, card, empty, heading, sentence } from "../parts.js";

/** The most calls that one replay makes. */
const MAX_CALLS = 50;

/** @type {Ui.View} */
export async function replay({ query, signal }) {
  const [endpoints, types] = await Promise.all([allEndpoints(), eventTypes()]);
  const lead = "Send failed or missed deliveries to an endpoint again. You see how many before anything is sent.";
  if (endpoints.length === 0) return [heading("Replay", { lead }), empty("No endpoints yet")];
  const outcome = h("div", { role: "status" }, empty("Nothing is sent yet", h("p", "The preview counts the deliveries that match.")));
  const only = ["missing", "all"].find((word) => word === query.get("only")) ?? "failed";
  const names = [["", "All events"], ...types.map(({ name }) => [name, name])];
  const options = endpoints.map((one) => [one.id, nameOf(one)]);
  const element = form([
    field("Endpoint", select("endpointId", options, query.get("endpointId") ?? "")),
    field(["From (", zoneLabel(), ")"], dateTime("since", query.get("since") ?? Math.floor(Date.now() / 60_000 - 1440) * 60_000)),
    field(["Until (", zoneLabel(), ")"], dateTime("until", query.get("until") ?? ""), { hint: "Leave empty for until now." }),
    field("Events", select("events", names, query.get("events") ?? "")),
    group("Which deliveries", [
      choice("only", "failed", "Failed or cancelled", only === "failed", "radio"),
      choice("only", "missing", "Missing, such as from before the endpoint was created", only === "missing", "radio"),
      choice("only", "all", "All, including delivered ones", only === "all", "radio"),
    ], "only"),
  ], "Preview", (data) => preview(outcome, String(data.get("endpointId")), bodyOf(data), signal));
  return [heading("Replay", { lead }), h("div.columns", h("div.card", element), outcome)];
}

/**
 * The body of the call. Without an end it ends now, so that what is sent later is what the preview counted.
 * @param {FormData} data
 * @returns {Ui.Wanted}
 */
function bodyOf(data) {
  const iso = (/** @type {string} */ name) => (data.get(name) ? fromLocalInput(String(data.get(name))) : "");
  const since = iso("since");
  if (!since) throw invalid("since", "must be a date and a time", "Enter a start time.");
  return { since, until: iso("until") || wholeSeconds(Date.now()), events: data.get("events") ? [String(data.get("events"))] : null, only: String(data.get("only")) };
}

/** @param {HTMLElement} outcome @param {string} id @param {Ui.Wanted} body @param {AbortSignal} signal */
async function preview(outcome, id, body, signal) {
  const status = h("p.muted", "Counting…");
  outcome.replaceChildren(card("Preview", status));
  const total = await run(id, { ...body, dryRun: true }, signal, ({ matched }) => status.replaceChildren(`Counting… ${count(matched)} so far`), status);
  if (signal.aborted) return;
  const send = button(`Send ${deliveriesOf(total.matched)}`, () => sendAll(outcome, id, body, total.matched, 0, signal), "primary");
  outcome.replaceChildren(card("Preview",
    h("p.value.num", total.next ? `${count(total.matched)} or more` : deliveriesOf(total.matched)),
    h("p", total.underWay ? `${count(total.underWay)} more are already in progress and are skipped.` : "None are in progress."),
    h("p.small.muted", "Covers events until ", moment(body.until), ", even if you send later."),
    total.next && h("p.notice", total.why, " Counted until ", moment(total.next), "; you can still send everything."),
    total.matched > 0 && h("div.actions", send)));
}

/**
 * @param {HTMLElement} outcome
 * @param {string} id
 * @param {Ui.Wanted} body
 * @param {number} expected
 * @param {number} before how many deliveries an earlier run has queued
 * @param {AbortSignal} signal
 */
async function sendAll(outcome, id, body, expected, before, signal) {
  const bar = h("progress", { max: Math.max(1, expected), value: before, "aria-label": "Queued" });
  const status = h("p.num", `${count(before)} of ${count(expected)} queued`);
  const title = h("h2", { tabindex: "-1" }, "Sending");
  outcome.replaceChildren(h("section.card", title, bar, status, h("p.small.muted", "Keep this page open until sending has finished.")));
  title.focus();
  const total = await run(id, body, signal, ({ queued }) => {
    bar.value = before + queued;
    status.replaceChildren(`${count(before + queued)} of ${count(expected)} queued`);
  }, status);
  if (signal.aborted) return;
  const sum = before + total.queued;
  const rest = total.next;
  outcome.replaceChildren(card(rest ? "Partly sent" : "Sent",
    h("p", queued(sum), " ", h("a", { href: `#/deliveries?endpointId=${id}` }, "View deliveries")),
    total.underWay > 0 && h("p", `${count(total.underWay)} were already in progress and were skipped.`),
    rest && [h("p.notice.bad", total.why, " Events from ", moment(rest), " on are not queued yet."),
      h("div.actions", button("Continue", () => sendAll(outcome, id, { ...body, since: rest }, Math.max(expected, sum), sum, signal), "primary"))]));
}

/**
 * Makes all calls of one replay: each says where the next begins.
 * @param {string} id
 * @param {Ui.Wanted & { dryRun?: boolean }} body
 * @param {AbortSignal} signal
 * @param {(so: Ui.Total) => void} report
 * @param {HTMLElement} status says when the replay waits for the rate limit
 * @returns {Promise<Ui.Total>}
 */
export async function run(id, body, signal, report, status) {
  /** @type {Ui.Total} */
  const total = { matched: 0, queued: 0, underWay: 0, next: body.since, why: "" };
  for (let calls = 0; total.next && calls < MAX_CALLS && !signal.aborted; calls++) {
    const part = { ...body, since: total.next };
    try {
      /** @type {Ui.Replayed} */
      const answer = await whenAllowed(() => post(to`/api/endpoints/${id}/replay`, part), signal, (until) => until && status.replaceChildren(...usedUp(until)));
      total.matched += answer.matched;
      total.queued += answer.queued;
      total.underWay += answer.underWay;
      total.next = answer.nextSince;
      report(total);
    } catch (error) {
      // Errors of the first call are shown at the form; nothing was done yet.
      if (calls === 0) throw error;
      return { ...total, why: sentence(error) };
    }
  }
  return { ...total, why: total.next ? "It stopped after too many calls." : "" };
}
