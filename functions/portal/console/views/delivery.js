import { get, postOnce, to } from "../api.js";
import { allEndpoints, nameOf } from "../data.js";
import { h, redraw } from "../dom.js";
import { listAddress } from "../filters.js";
import { answerWords, countdown, duration, failure, moment } from "../format.js";
import { viewOnly } from "../link.js";
import { keepLive } from "../live.js";
import { badge, button, card, code, confirm, facts, heading, pretty, toast } from "../parts.js";
import { curl } from "../request.js";
import { subjectOf } from "./deliveries.js";
import { requestCard } from "./request-card.js";

const TRIGGERS = /** @type {Record<string, string>} */ ({ scheduled: "scheduled", manual: "manual retry", test: "test", replay: "replay" });
const FINAL = ["delivered", "failed", "cancelled"];
/** While an attempt is due, and while the next one is far off. */
const [SOON_MS, LATER_MS] = [1_000, 30_000];

/** @type {Ui.View} */
export async function delivery({ path, signal }) {
  const read = () => get(to`/api/deliveries/${path[1]}`, signal);
  const [first, endpoints] = await Promise.all([read(), allEndpoints()]);
  const endpoint = endpoints.find(({ id }) => id === first.endpointId);
  /** @type {Api.WholeDelivery} */
  let one = first;
  const once = postOnce();
  const place = h("div.stack");
  const request = requestCard(endpoint);
  const draw = () => redraw(place, () => place.replaceChildren(
    heading(one.event, { crumb: [listAddress("#/deliveries"), "Deliveries"], lead: [subjectOf(one), " ", badge(one.status), " to ", nameOf(endpoint)], actions: actions(one, endpoint, retry) }),
    h("div.columns", h("div.stack", card("Last attempt", attempts(one)), card("About", about(one, endpoint))), request.show(one))));
  const live = keepLive(async () => {
    const fresh = await read();
    if (JSON.stringify(fresh) !== JSON.stringify(one)) {
      one = fresh;
      draw();
    }
    return untilNext(one);
  }, signal, { every: SOON_MS, wanted: () => !FINAL.includes(one.status) });
  async function retry() {
    const arrived = one.status === "delivered";
    const text = "It has already been delivered. The receiver gets it again with the same X-Webhook-ID.";
    if (arrived && !(await confirm("Send it again?", text, "Send again", "primary"))) return;
    // The response has no attempts, as in lists: those that are shown stay until the delivery is read again.
    one = { ...one, ...(await once(to`/api/deliveries/${one.id}/retry`, { force: arrived })) };
    toast("Retry queued.");
    draw();
    live.soon(500);
  }
  draw();
  live.soon(SOON_MS);
  return [place];
}

/**
 * When to read the delivery again: soon while an attempt is due, otherwise when the next one is.
 * @param {Api.WholeDelivery} one
 */
function untilNext({ status, nextAttemptAt }) {
  const wait = nextAttemptAt ? Date.parse(nextAttemptAt) - Date.now() : 0;
  return status === "retrying" && wait > 0 ? Math.min(wait + SOON_MS, LATER_MS) : SOON_MS;
}

/** @param {Api.WholeDelivery} one @param {Api.Endpoint | undefined} endpoint */
function about(one, endpoint) {
  return facts([
    ["Endpoint", endpoint ? h("a", { href: `#/endpoints/${endpoint.id}` }, nameOf(endpoint)) : "deleted"],
    ["Record", subjectOf(one) ?? "none"],
    ["Event", h("a", { href: `#/events/${one.eventId}` }, h("code", one.eventId))],
    ["Created", moment(one.createdAt)],
    ["Ended", moment(one.completedAt)],
    ["Next attempt", one.held === "endpoint_disabled" ? "waits until its endpoint is enabled, for up to five days" : one.nextAttemptAt ? countdown(one.nextAttemptAt) : "none"],
    ["X-Webhook-ID", h("code", one.id)],
  ]);
}

/** @param {Api.WholeDelivery} one @param {Api.Endpoint | undefined} endpoint @param {() => Promise<void>} retry */
function actions(one, endpoint, retry) {
  if (viewOnly) return [];
  const arrived = one.status === "delivered";
  const copy = async () => {
    if (!endpoint) return;
    const text = "The command contains a fresh signature, made in your browser with the endpoint's secret. Receivers accept it for five minutes. Anyone who has the command can send it.";
    if (!(await confirm("Copy as curl?", text, "Copy", "primary"))) return;
    const { secret } = await get(to`/api/endpoints/${endpoint.id}/secret`);
    await navigator.clipboard.writeText(await curl(one, endpoint, secret));
    toast("Copied. The signature is valid for five minutes.");
  };
  return [
    one.requestBody !== null && endpoint && button("Copy as curl", copy),
    !one.test && button(arrived ? "Send again" : "Retry now", retry, arrived ? "" : "primary", { "data-key": "retry" }),
  ];
}

/** @param {Api.WholeDelivery} one */
function attempts(one) {
  if (one.attempts.length === 0) {
    const none = FINAL.includes(one.status) ? "No attempt was made." : one.held === "endpoint_disabled" ? "None yet: the endpoint is disabled." : one.held ? "None yet: it waits in line, since its endpoint takes only so many attempts a second." : "None yet: the first attempt is queued.";
    return h("p.muted", none);
  }
  const [last, ...earlier] = [...one.attempts].reverse().map(attemptItem);
  return h("div.stack",
    h("ol.timeline", { "aria-live": "polite" }, last),
    earlier.length > 0 && h("details", h("summary", `Earlier attempts (${earlier.length})`), h("ol.timeline", earlier)));
}

/** @param {Api.Attempt} attempt */
function attemptItem(attempt) {
  const { number, trigger, format, statusCode, error, errorDetail, durationMs, startedAt, responseHeaders, responseBody } = attempt;
  const headers = Object.entries(responseHeaders ?? {});
  return h("li", { class: error ? "bad" : "good" },
    h("p", h("strong", `Attempt ${number}`), ` · ${TRIGGERS[trigger] ?? trigger} · `, format !== "full" && `${format} · `,
      h("span.num", `${answerWords(statusCode, error, errorDetail)} ${statusCode ? "in" : "after"} ${duration(durationMs)}`)),
    h("p.small.muted", moment(startedAt)),
    error && h("p", failure(attempt)),
    headers.length > 0 && code("Response headers", headers.map(([name, value]) => `${name}: ${value}`).join("\n")),
    responseBody && code("Response", pretty(responseBody)));
}
