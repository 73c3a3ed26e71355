/** The search box: numbers of records, ids of anything, parts of titles. What is clear leads to its page at once. */

import { get, to, withQuery } from "../api.js";
import { h } from "../dom.js";
import { idTime, time, wholeSeconds } from "../format.js";
import { mayUse } from "../link.js";
import { badge, empty, heading, table } from "../parts.js";
import { TYPES } from "./record.js";

/** Where an id leads, by its prefix. @type {Record<string, (id: string, signal: AbortSignal) => string | Promise<string | null>>} */
const PLACES = {
  evt: (id) => `#/events/${id}`,
  dlv: (id) => `#/deliveries/${id}`,
  ep: (id) => `#/endpoints/${id}`,
  key: () => "#/keys",
  alr: async (id, signal) => {
    const { kind, endpointId } = await get(to`/api/alerts/${id}`, signal);
    return withQuery("#/alerts", { kind, endpointId });
  },
  req: ofRequest,
};
/** The longest number that the list of refused calls takes. */
const LONGEST_NUMBER = 50;

/** The box in the frame. */
export function searchBox() {
  const input = h("input", {
    type: "search", name: "q", placeholder: "Number, id or title", "aria-label": "Search records, events and deliveries",
    autocomplete: "off", spellcheck: "false", maxlength: 100,
  });
  return h("form", {
    role: "search", class: "search",
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const sought = input.value.trim();
      const place = withQuery("#/search", { q: sought });
      if (sought && location.hash === place) dispatchEvent(new Event("reload"));
      else if (sought) location.hash = place;
    },
  }, input);
}

/** @type {Ui.View} */
export async function search({ query, signal }) {
  const sought = (query.get("q") ?? "").trim();
  const prefix = sought.match(/^([a-z]+)_[0-9A-HJKMNP-TV-Z]{26}$/)?.[1] ?? "";
  const found = await PLACES[prefix]?.(sought, signal);
  if (found) {
    return leaveTo(found, signal);
  }
  /** @type {Api.RecordSummary[]} */
  const records = sought && mayUse("records:read") ? (await get(withQuery("/api/records", { q: sought }), signal)).data : [];
  const exact = records.filter(({ number, id }) => id === sought || number.toLowerCase() === sought.toLowerCase());
  if (exact.length === 1) {
    return leaveTo(address(/** @type {Api.RecordSummary} */ (exact[0])), signal);
  }
  // What was never stored may have been refused.
  const refused = withQuery("#/requests", { number: sought });
  if (records.length === 0 && sought && sought.length <= LONGEST_NUMBER && (await get(withQuery("/api/requests", { number: sought, limit: 1 }), signal)).data.length) {
    return leaveTo(refused, signal);
  }
  return [
    heading("Search", { lead: `“${sought}”` }),
    records.length ? table("Records", ["Number", "Title", "Type", "Status", "Updated"], records.map(row))
      : empty("Nothing found", h("p", "Enter a whole number or id. Parts of titles and names are found in the latest 500 events.")),
  ];
}

/**
 * Shows another page in the place of this one: not a step of its own in the history, so that Back leads to where the search began.
 * What is there stays until that page comes.
 * @param {string} place
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
function leaveTo(place, signal) {
  location.replace(place);
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** @param {{ type: string, id: string }} record */
const address = ({ type, id }) => to`#/records/${type}/${id}`;

/**
 * A call leads to the event that it raised, or to where it stands among the refused ones. Those are listed by time, which
 * the id begins with.
 * @param {string} id
 * @param {AbortSignal} signal
 */
async function ofRequest(id, signal) {
  const { data } = await get(withQuery("/api/events", { requestId: id }), signal);
  if (data.length) return `#/events/${data[0].id}`;
  const at = Date.parse(idTime(id) ?? "");
  const span = { since: wholeSeconds(at), until: wholeSeconds(at + 1000) };
  const refused = await get(withQuery("/api/requests", { ...span, limit: 100 }), signal);
  return refused.data.some((/** @type {Api.RefusedCall} */ one) => one.id === id) ? withQuery("#/requests", span) : null;
}

/** @param {Api.RecordSummary} record */
const row = (record) => h("tr",
  h("td", h("a.strong", { href: address(record) }, record.number)),
  h("td", record.title ?? ""),
  h("td", TYPES[record.type] ?? record.type),
  h("td", record.deletedAt ? badge("deleted") : (record.status?.replaceAll("_", " ") ?? "")),
  h("td", time(record.updatedAt)));
