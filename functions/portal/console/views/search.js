/** The search box: numbers of records, ids of anything, parts of titles. */

import { get, to, withQuery } from "../api.js";
import { h } from "../dom.js";
import { time } from "../format.js";
import { badge, empty, heading, table } from "../parts.js";
import { TYPES } from "./record.js";

/** Where ids lead, by their prefix. */
const PLACES = /** @type {Record<string, string>} */ ({ evt: "events", dlv: "deliveries", ep: "endpoints" });

/** The box in the frame. */
export function searchBox() {
  const input = h("input", {
    type: "search", name: "q", placeholder: "WO-12345, an id, a title", "aria-label": "Search records, events and deliveries",
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

/** @type {import("../app.js").View} */
export async function search({ query, signal }) {
  const sought = (query.get("q") ?? "").trim();
  const found = await placeOf(sought, signal);
  if (found) {
    return leaveTo(found, signal);
  }
  /** @type {Api.RecordSummary[]} */
  const records = sought ? (await get(withQuery("/api/records", { q: sought }), signal)).data : [];
  const exact = records.filter(({ number, id }) => id === sought || number.toLowerCase() === sought.toLowerCase());
  if (exact.length === 1) {
    return leaveTo(address(/** @type {Api.RecordSummary} */ (exact[0])), signal);
  }
  return [
    heading("Search", { lead: `“${sought}”` }),
    records.length ? table("Records", ["Number", "Title", "Type", "Status", "Updated"], records.map(row))
      : empty("Nothing found", h("p", {}, "Numbers and ids have to be whole. Parts of titles and names are looked for in the latest 500 events.")),
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
 * Where an id of something that is no record leads.
 * @param {string} sought
 * @param {AbortSignal} signal
 */
async function placeOf(sought, signal) {
  const prefix = sought.match(/^([a-z]+)_[0-9A-HJKMNP-TV-Z]{26}$/)?.[1] ?? "";
  if (PLACES[prefix]) return `#/${PLACES[prefix]}/${sought}`;
  if (prefix !== "req") return null;
  const { data } = await get(withQuery("/api/events", { requestId: sought }), signal);
  return data.length ? `#/events/${data[0].id}` : null;
}

/** @param {Api.RecordSummary} record */
const row = (record) => h("tr", {},
  h("td", {}, h("a", { class: "strong", href: address(record) }, record.number)),
  h("td", {}, record.title ?? ""),
  h("td", {}, TYPES[record.type] ?? record.type),
  h("td", {}, record.deletedAt ? badge("deleted") : (record.status ?? "")),
  h("td", {}, time(record.updatedAt)));
