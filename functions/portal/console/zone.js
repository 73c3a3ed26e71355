/** The time zone in which times are shown and typed: the reader's own, or UTC. Kept in this browser. */

import { lasting } from "./memory.js";

const CHOICE = "workskedge.zone";

/** Dispatches `changed`. */
export const zone = new EventTarget();

/** Whether times are in UTC. */
export const isUtc = () => lasting.getItem(CHOICE) === "utc";
/** The zone for `Intl`; undefined is the reader's own. */
export const timeZone = () => (isUtc() ? "UTC" : undefined);

/** What people call the reader's own zone on that day, such as `CET` or `GMT+2`. @param {Date} at */
const ownName = (at) =>
  new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(at).find(({ type }) => type === "timeZoneName")
    ?.value ?? "";

/** The zone that times are in now. */
export const zoneName = () => (isUtc() ? "UTC" : ownName(new Date()));

/** The choice of a zone. */
export function zoneChoice() {
  const local = ownName(new Date());
  const select = document.createElement("select");
  select.append(new Option(`Local (${local})`, "local"), new Option("UTC", "utc"));
  select.value = isUtc() ? "utc" : "local";
  select.addEventListener("change", () => choose(select.value));
  return select;
}

/** @param {string} wanted */
function choose(wanted) {
  lasting.setItem(CHOICE, wanted);
  zone.dispatchEvent(new Event("changed"));
}
