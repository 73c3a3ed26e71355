/** What an endpoint asks for beside names and projects: content, changed fields, who caused it. Tried before it is saved. */

import { post } from "../api.js";
import { h } from "../dom.js";
import { count, time } from "../format.js";
import { choice, field, parsed, words } from "../form.js";
import { button, sentence, table } from "../parts.js";
import { subjectOf } from "./deliveries.js";

/** What the fields of a subscription leave out. @type {Record<string, string>} */
const UNMET = {
  events: "another event",
  projectIds: "another project",
  skipKeys: "caused by a key that is left out",
  changed: "an update of other fields",
  filter: "its content does not match",
};
const EXAMPLE = '{ "data": { "priority": ["high", "urgent"] } }';

/**
 * @param {Api.Endpoint | null} endpoint null for a new one
 * @param {(form: FormData) => { events: string[], projectIds: string[] }} others the other conditions of the form
 */
export function conditions(endpoint, others) {
  const pattern = endpoint?.filter ? JSON.stringify(endpoint.filter, null, 2) : "";
  const rows = Math.min(20, Math.max(5, pattern.split("\n").length));
  const filter = h("textarea.mono", { name: "filter", rows, spellcheck: "false", placeholder: EXAMPLE }, pattern);
  const changed = h("input", { name: "changed", value: endpoint?.changed.join(" ") ?? "", placeholder: "scheduledStart status" });
  const keys = h("input", { name: "skipKeys", value: endpoint?.skipKeys.join(" ") ?? "", placeholder: "key_..." });
  const outcome = h("div", { role: "status", class: "outcome" });
  const guard = h("div.notice", { hidden: true });
  const read = () => ({ filter: filter.value.trim() ? parsed(filter.value, "filter", "Correct the filter.") : null, changed: words(changed.value), skipKeys: [...words(keys.value), ...own(guard)] });
  const attempt = button("Try on the latest events", async () => {
    try {
      const form = new FormData(/** @type {HTMLFormElement} */ (attempt.closest("form")));
      outcome.replaceChildren(...result(await post("/api/endpoints/preview", { ...others(form), ...read() })));
    } catch (error) {
      outcome.replaceChildren(h("p.defect", sentence(error)));
    }
  });
  const isSet = endpoint && (endpoint.filter || endpoint.changed.length > 0 || endpoint.skipKeys.length > 0);
  const element = h("details", { open: Boolean(isSet) }, h("summary", "Filter by content, changed fields or sender"),
    h("div.stack",
      field("Filter", filter, { hint: ["JSON: what an event must have, in the pattern language of Amazon EventBridge. Empty for all. ", h("a", { href: "/docs/filters" }, "How to write one")] }),
      field("Only updates of these fields", changed, { hint: "Names, separated by spaces. Events that are no updates are sent all the same. Empty for all." }),
      field("No events caused by these API keys", keys, { hint: "Ids, separated by spaces, of the keys that the receiver itself sends with: else it would get back what it sent." }),
      h("div.actions", attempt), outcome));
  if (!endpoint) propose(guard);
  return { element, guard, read };
}

/**
 * Offers to leave out the events of the key of this console, if it sends: whoever receives may send with the same key.
 * @param {HTMLElement} guard
 */
async function propose(guard) {
  const answer = await post("/api/endpoints/preview", {}).catch(() => null);
  if (!answer?.key.sends) return;
  guard.replaceChildren(
    h("p", "Your key (", h("strong", answer.key.name), ") also sends. If the system behind this endpoint sends with it, leave out its own events, or the two answer each other."),
    choice("ownKey", "self", "Leave out events that this key causes", false));
  guard.hidden = false;
}

/** @param {HTMLElement} guard */
const own = (guard) => (guard.querySelector("input")?.checked ? ["self"] : []);

/** @param {Api.Preview} preview */
function result({ examples, examined, matched, events }) {
  const of = examples ? `the ${count(examined)} examples of the catalog, since there are no events yet` : `the latest ${count(examined)} events`;
  const row = (/** @type {Api.Preview["events"][number]} */ one) => h("tr",
    h("td", one.id ? h("a", { href: `#/events/${one.id}` }, one.event) : one.event),
    h("td", subjectOf(one)),
    h("td", time(one.raisedAt)),
    h("td", one.unmet ? h("span.muted", `No: ${UNMET[one.unmet] ?? one.unmet}`) : h("strong", "Yes")));
  return [
    h("p", h("strong", `${count(matched)} of ${of}`), " would be sent."),
    h("details", h("summary", "Show each event"), table("Latest events", ["Event", "Record", "When", "Sent"], events.map(row))),
  ];
}
