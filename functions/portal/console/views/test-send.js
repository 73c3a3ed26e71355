import { post, to } from "../api.js";
import { h } from "../dom.js";
import { duration, failure } from "../format.js";
import { field, form, parsed, select } from "../form.js";
import { badge, button, code, pretty } from "../parts.js";

/**
 * A form that sends a test of an event: the catalog's example, or what the person makes of it.
 * @param {{ endpoints: [string, string][], types: Api.EventType[] }} choices of both; a single one is not asked for
 * @param {string} [note]
 */
export function testForm({ endpoints, types }, note = "") {
  const outcome = h("div.outcome", { role: "status" });
  const endpoint = select("endpoint", endpoints);
  const event = select("event", types.map(({ name }) => [name, name]));
  const body = h("textarea.mono", { name: "data", rows: 14, spellcheck: "false" });
  const example = () => JSON.stringify(types.find(({ name }) => name === event.value)?.example.data, null, 2);
  const reset = () => (body.value = example());
  event.addEventListener("change", reset);
  reset();
  const fields = [
    endpoints.length > 1 && field("Endpoint", endpoint),
    types.length > 1 && field("Event", event),
    h("details", h("summary", "Change what is sent"),
      field("data", body, { hint: "As in the schema of the event. It is checked before it is sent." }),
      button("Back to the example", reset, "quiet")),
  ];
  return h("div.stack", note && h("p", note), form(fields, "Send test", send), outcome);

  async function send() {
    const own = body.value.trim() === example() ? {} : { data: parsed(body.value, "data", "Correct the data, or go back to the example.") };
    outcome.replaceChildren(h("p.muted", "Sending…"));
    try {
      outcome.replaceChildren(result(await post(to`/api/endpoints/${endpoint.value}/test`, { event: event.value, ...own })));
    } catch (error) {
      outcome.replaceChildren();
      body.closest("details")?.setAttribute("open", "");
      throw error;
    }
  }
}

/** @param {{ deliveryId: string, status: string, attempt: Api.Attempt }} test */
function result({ deliveryId, status, attempt }) {
  return h("div",
    h("p", badge(status), " ", attempt.statusCode ? `responded ${attempt.statusCode} in ` : "after ", duration(attempt.durationMs), " · ",
      h("a", { href: `#/deliveries/${deliveryId}` }, "Delivery")),
    attempt.error && h("p", attempt.error === "timeout" ? "No response within 22 seconds, the limit for a test. Respond at once and do the work afterwards." : failure(attempt)),
    attempt.responseBody && code("Response", pretty(attempt.responseBody)));
}
