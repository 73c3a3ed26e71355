/** Sending many deliveries again: what is wanted is shown first, then one call after another says what came of it. */

import { get, post, to, usage, withQuery } from "./api.js";
import { endpointsById, nameOf } from "./data.js";
import { h } from "./dom.js";
import { count, deliveriesOf, queued } from "./format.js";
import { choice } from "./form.js";
import { usedUp, whenAllowed } from "./pacing.js";
import { badge, button, closeButton, isAbort, modal, sentence, table } from "./parts.js";

/** The most deliveries that are sent again at once, and the most events whose deliveries are. */
const [MOST, MOST_EVENTS] = [50, 20];

/**
 * Shows what would be sent again, and sends it when that is confirmed. Resolves once the dialog is closed, to what was asked
 * for.
 * @param {Api.Delivery[]} chosen
 * @returns {Promise<Api.Delivery[]>}
 */
export async function resend(chosen) {
  const names = await endpointsById();
  const wanted = chosen.slice(0, MOST);
  const able = wanted.filter((one) => !obstacle(one, names));
  const arrived = able.filter(({ status }) => status === "delivered").length;
  const rest = able.length - arrived;
  const again = choice("force", "yes", `Also ${deliveriesOf(arrived)} that arrived: the receiver gets the same X-Webhook-ID again`, rest === 0);
  const box = /** @type {HTMLInputElement} */ (again.querySelector("input"));
  const list = () => able.filter(({ status }) => status !== "delivered" || box.checked);
  const send = button("", () => run(dialog, list(), names), "primary");
  const cost = h("p.small.muted");
  const draw = () => {
    const calls = list().length;
    const left = usage()?.minute.remaining ?? 0;
    send.textContent = `Send ${deliveriesOf(calls)}`;
    send.hidden = calls === 0;
    cost.textContent = `One call each; your key has ${count(left)} left in this minute.${calls > left ? " It waits where they run out." : ""}`;
  };
  box.addEventListener("change", draw);
  draw();
  const dialog = modal("Send again?", [
    h("p", rest ? `${deliveriesOf(rest)} ${rest === 1 ? "gets" : "get"} a new series of attempts now, in place of those that are planned.` : "None of them failed or waits."),
    arrived > 0 && again,
    able.length < wanted.length && h("div", h("p", "These can't be sent again:"), h("ul.advice", reasons(wanted, names))),
    chosen.length > MOST && h("p.notice", `The first ${MOST} of the ${count(chosen.length)} that you selected: the others stay selected.`),
    cost,
    h("div.actions.end", closeButton(), send),
  ]);
  await new Promise((resolve) => dialog.addEventListener("close", resolve));
  return dialog.dataset.sent ? wanted : [];
}

/** The same for all deliveries of events. @param {Api.Event[]} chosen */
export async function resendEvents(chosen) {
  const events = chosen.slice(0, MOST_EVENTS);
  const doing = `Looking for the deliveries of ${count(events.length)}${chosen.length > events.length ? `, the most at once of the ${count(chosen.length)} selected` : ""}…`;
  const status = h("p", { role: "status" }, doing);
  const dialog = modal("Send again?", [status, h("div.actions.end", closeButton())]);
  const polite = within(dialog, status);
  /** @type {Api.Delivery[]} */
  const found = [];
  try {
    for (const { id } of events) {
      const page = await polite((signal) => get(withQuery("/api/deliveries", { eventId: id, limit: 100 }), signal), doing);
      found.push(...page.data);
    }
  } catch (error) {
    if (!isAbort(error)) status.textContent = sentence(error);
    return [];
  }
  if (found.length === 0) {
    status.textContent = "They have no deliveries: no endpoint subscribed to them. A replay sends them to an endpoint that was created later.";
    return [];
  }
  dialog.close();
  return (await resend(found)).length ? events : [];
}

/**
 * Calls that belong to a dialog: they wait for the rate limit, say so, and end with it.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} status
 */
function within(dialog, status) {
  const leaving = new AbortController();
  const { signal } = leaving;
  dialog.addEventListener("close", () => leaving.abort());
  return (/** @type {(signal: AbortSignal) => Promise<any>} */ call, /** @type {string} */ doing) =>
    whenAllowed(() => call(signal), signal, (until) =>
      status.replaceChildren(...(until ? usedUp(until) : [doing])));
}

/**
 * Why a delivery can't be sent again, if it can't.
 * @param {Api.Delivery} delivery
 * @param {Ui.Names} names
 */
function obstacle({ test, endpointId }, names) {
  if (test) return "test sends: send another test instead";
  const endpoint = names.get(endpointId);
  if (!endpoint) return "their endpoint was deleted";
  return endpoint.status === "disabled" ? `${nameOf(endpoint)} is paused or disabled: enable it first` : "";
}

/** @param {Api.Delivery[]} wanted @param {Ui.Names} names */
function reasons(wanted, names) {
  const why = wanted.map((one) => obstacle(one, names)).filter(Boolean);
  return [...new Set(why)].map((reason) => h("li", `${count(why.filter((other) => other === reason).length)}: ${reason}`));
}

/** @param {HTMLDialogElement} dialog @param {Api.Delivery[]} list @param {Ui.Names} names */
async function run(dialog, list, names) {
  dialog.dataset.sent = "yes";
  dialog.classList.add("broad");
  const bar = h("progress", { max: list.length, value: 0, "aria-label": "Sent again" });
  const status = h("p", { role: "status" });
  const polite = within(dialog, status);
  const results = list.map(() => h("td", h("span.muted", "waits")));
  const rows = list.map((one, i) => h("tr", h("td", one.event), h("td", one.subject?.number), h("td", nameOf(names.get(one.endpointId))), results[i]));
  const stop = closeButton("Stop");
  const title = /** @type {HTMLElement} */ (dialog.querySelector("h2"));
  title.textContent = "Sending again";
  title.tabIndex = -1;
  dialog.replaceChildren(title, bar, status, table("What came of each", ["Event", "Record", "Endpoint", "Result"], rows), h("div.actions.end", stop));
  title.focus();
  let taken = 0;
  for (const [i, one] of list.entries()) {
    const doing = `${count(i)} of ${count(list.length)}`;
    status.textContent = doing;
    try {
      await polite((signal) => post(to`/api/deliveries/${one.id}/retry`, { force: one.status === "delivered" }, signal), doing);
      taken += 1;
      results[i]?.replaceChildren(badge("queued"));
    } catch (error) {
      if (!dialog.open) return;
      results[i]?.replaceChildren(badge("refused"), h("p.small", sentence(error)));
    }
    bar.value = i + 1;
  }
  status.textContent = `${queued(taken)}${taken < list.length ? " The table says why the others are not." : ""}`;
  stop.textContent = "Close";
}
