// @ts-check
import { get, withQuery } from "../api.js";
import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { countdown, duration, time } from "../format.js";
import { filter, select } from "../form.js";
import { badge, button, empty, heading, sentence, table, toast } from "../parts.js";

/** @typedef {import("../data.js").Delivery} Delivery */
/** @typedef {import("../data.js").Endpoint} Endpoint */

const FILTERS = ["endpointId", "event", "status", "since", "until", "eventId"];
const COLUMNS = ["Event", "Status", "Endpoint", "Answer", "Attempts", "When"];
const LIVE_MS = 10_000;

/** @type {import("../app.js").View} */
export async function deliveries({ query, signal }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const read = (/** @type {string | null} */ cursor) => get(withQuery("/api/deliveries", { ...wanted, limit: 50, cursor }), signal);
  const [endpoints, types, first] = await Promise.all([allEndpoints(signal), eventTypes(), read(null)]);
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const list = liveList(first, read, names);
  const live = liveSwitch(() => list.refresh(), signal);
  return [
    heading("Deliveries", { lead: "What became of each event at each endpoint.", actions: [live] }),
    filterBar(wanted, endpoints, types.map(({ name }) => name)),
    list.element,
  ];
}

/**
 * A row of a list of deliveries.
 * @param {Delivery} delivery
 * @param {Map<string, Endpoint>} [names] leaves the endpoint out when there are none
 */
export function deliveryRow(delivery, names) {
  const { id, event, status, test, nextAttemptAt, attemptCount, createdAt } = delivery;
  return h("tr", { "data-id": id },
    h("td", {}, h("a", { class: "strong", href: `#/deliveries/${id}` }, event), test && h("span", { class: "chip" }, "test")),
    h("td", {}, badge(status), status === "retrying" && nextAttemptAt && h("p", { class: "small muted" }, countdown(nextAttemptAt))),
    names && h("td", { class: "clip" }, nameOf(names.get(delivery.endpointId))),
    h("td", { class: "num" }, answer(delivery)),
    h("td", { class: "num" }, String(attemptCount)),
    h("td", {}, time(createdAt)));
}

/** @param {Delivery} delivery */
function answer({ lastStatusCode, lastError, lastDurationMs }) {
  if (lastDurationMs === null || lastDurationMs === undefined) return h("span", { class: "muted" }, "none yet");
  return `${lastStatusCode ?? lastError ?? ""} · ${duration(lastDurationMs)}`;
}

/**
 * The list, which grows at its end on demand and at its head by itself.
 * @param {import("../data.js").Page<Delivery>} first
 * @param {(cursor: string | null) => Promise<import("../data.js").Page<Delivery>>} read
 * @param {Map<string, Endpoint>} names
 */
function liveList(first, read, names) {
  const body = h("div");
  const more = h("div", { class: "more" });
  let shown = first.data;
  let cursor = first.nextCursor;
  const draw = () => {
    const rows = shown.map((delivery) => deliveryRow(delivery, names));
    body.replaceChildren(rows.length ? table("Deliveries", COLUMNS, rows) : empty("No deliveries", h("p", {}, "Nothing fits these filters.")));
    more.replaceChildren(...(cursor ? [button("Load more", load)] : []));
  };
  const load = async () => {
    const page = await read(cursor);
    shown = [...shown, ...page.data];
    cursor = page.nextCursor;
    draw();
  };
  const refresh = async () => {
    const page = await read(null);
    const fresh = new Map(page.data.map((delivery) => [delivery.id, delivery]));
    const known = new Set(shown.map(({ id }) => id));
    shown = [...page.data.filter(({ id }) => !known.has(id)), ...shown.map((old) => fresh.get(old.id) ?? old)];
    update(body, shown, names, draw);
  };
  draw();
  return { element: h("div", {}, body, more), refresh };
}

/**
 * Changes only the rows that have changed, so that focus and place stay.
 * @param {HTMLElement} body
 * @param {Delivery[]} shown
 * @param {Map<string, Endpoint>} names
 * @param {() => void} draw
 */
function update(body, shown, names, draw) {
  const rows = body.querySelector("tbody");
  if (!rows) return draw();
  const present = new Map([...rows.children].map((row) => [row.getAttribute("data-id"), row]));
  let before = rows.firstElementChild;
  for (const delivery of shown) {
    const fresh = deliveryRow(delivery, names);
    const old = present.get(delivery.id);
    if (!old) rows.insertBefore(fresh, before);
    else {
      if (old.textContent !== fresh.textContent && !old.contains(document.activeElement)) old.replaceWith(fresh);
      before = (old.isConnected ? old : fresh).nextElementSibling;
    }
  }
}

/**
 * Whether the list keeps up with what happens.
 * @param {() => Promise<void>} refresh
 * @param {AbortSignal} signal
 */
function liveSwitch(refresh, signal) {
  const input = h("input", { type: "checkbox", role: "switch", checked: true });
  const timer = setInterval(async () => {
    if (!input.checked || document.hidden) return;
    try {
      await refresh();
    } catch (error) {
      if (signal.aborted) return;
      input.checked = false;
      toast(`Live updates are off. ${sentence(error)}`, "bad");
    }
  }, LIVE_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return h("label", { class: "choice live" }, input, h("span", {}, "Live"));
}

/**
 * @param {Record<string, string>} wanted
 * @param {Endpoint[]} endpoints
 * @param {string[]} events
 */
function filterBar(wanted, endpoints, events) {
  const any = /** @type {[string, string]} */ (["", "any"]);
  const states = ["pending", "retrying", "delivered", "failed", "cancelled"];
  const local = (/** @type {string} */ iso) => (iso ? new Date(Date.parse(iso) - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter deliveries" },
    filter("Status", select("status", [any, ...states.map((state) => /** @type {[string, string]} */ ([state, state]))], wanted.status)),
    filter("Endpoint", select("endpointId", [any, ...endpoints.map((one) => /** @type {[string, string]} */ ([one.id, nameOf(one)]))], wanted.endpointId)),
    filter("Event", select("event", [any, ...events.map((name) => /** @type {[string, string]} */ ([name, name]))], wanted.event)),
    filter("From", h("input", { type: "datetime-local", name: "since", value: local(wanted.since ?? "") })),
    filter("Until", h("input", { type: "datetime-local", name: "until", value: local(wanted.until ?? "") })),
    filter("Event id", h("input", { name: "eventId", value: wanted.eventId, placeholder: "evt_...", size: 12 })),
    h("a", { class: "button quiet", href: "#/deliveries" }, "Clear"));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    const data = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    for (const name of ["since", "until"]) if (data[name]) data[name] = new Date(data[name]).toISOString();
    location.hash = withQuery("#/deliveries", data);
  });
  return form;
}
