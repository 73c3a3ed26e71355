/** Drawings in SVG: attributes only, colours from the style sheet. */

import { h, svg } from "./dom.js";
import { count, moment } from "./format.js";
import { table } from "./parts.js";

const HEIGHT = 140;
/** From the ground up, with their words. */
const KINDS = /** @type {const} */ ([["delivered", "Delivered"], ["cancelled", "Cancelled"], ["waiting", "Waiting"], ["failed", "Failed"]]);

/** @param {Api.Counts} counts */
export const all = ({ delivered, failed, waiting, cancelled }) => delivered + failed + waiting + cancelled;

/** @param {string} iso */
const clock = (iso) => new Date(iso).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false });

/**
 * Stacked bars per hour, with the same numbers as a table.
 * @param {Api.Stats} stats
 */
export function chart({ hours, complete, countedSince }) {
  const most = ceiling(Math.max(4, ...hours.map(all)));
  const step = 720 / hours.length;
  const bars = hours.flatMap((hour, i) => {
    let top = HEIGHT;
    return KINDS.map(([kind]) => {
      const height = (hour[kind] / most) * (HEIGHT - 4);
      top -= height;
      return height > 0 ? svg("rect", { class: kind, x: (i * step + step * 0.14).toFixed(1), y: top.toFixed(1), width: (step * 0.72).toFixed(1), height: height.toFixed(1) }) : null;
    });
  });
  const uncounted = complete ? 0 : hours.filter(({ at }) => at < countedSince).length;
  const lines = [0.5, 1].map((share) => svg("line", { class: "grid", x1: 0, x2: 720, y1: HEIGHT - share * (HEIGHT - 4), y2: HEIGHT - share * (HEIGHT - 4) }));
  const drawing = svg("svg", { viewBox: `0 0 720 ${HEIGHT}`, class: "bars", preserveAspectRatio: "none", "aria-hidden": "true" },
    uncounted > 0 && svg("rect", { class: "uncounted", x: 0, y: 0, width: (uncounted * step).toFixed(1), height: HEIGHT }),
    lines, bars, svg("line", { x1: 0, x2: 720, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }));
  const present = KINDS.filter(([kind]) => kind !== "cancelled" || hours.some((hour) => hour[kind] > 0));
  const rows = hours.map((hour) => h("tr", {}, h("td", {}, clock(hour.at)),
    complete || hour.at >= countedSince ? present.map(([kind]) => h("td", { class: "num" }, count(hour[kind]))) : h("td", { colspan: present.length, class: "muted" }, "not counted")));
  const ticks = [0, 6, 12, 18, 23].map((i) => hours[i]).filter((hour) => hour !== undefined);
  return h("div", {},
    h("p", { class: "legend" }, present.map(([kind, word]) => h("span", { class: kind }, word)), uncounted > 0 && h("span", { class: "uncounted" }, "Not counted")),
    h("div", { class: "plot" }, h("p", { class: "scale num", "aria-hidden": "true" }, h("span", {}, count(most)), h("span", {}, count(most / 2)), h("span", {}, "0")), drawing),
    h("p", { class: "axis num", "aria-hidden": "true" }, ticks.map((hour) => h("span", {}, clock(hour.at)))),
    !complete && h("p", { class: "small muted" }, "There were too many deliveries to count them all: the numbers are of those since ", moment(countedSince), "."),
    h("details", {}, h("summary", {}, "Show as a table"), table("Deliveries by hour", ["Hour", ...present.map(([, word]) => word)], rows)));
}

/**
 * An even number at the top of the scale.
 * @param {number} most
 */
function ceiling(most) {
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].map((times) => times * unit).find((round) => round >= most) ?? most;
}

/**
 * Small bars of one endpoint's deliveries per hour.
 * @param {Api.EndpointStats | undefined} one
 * @param {Api.Stats} stats
 */
export function sparkline(one, { hours }) {
  if (!one) return h("span", { class: "muted" }, "none in 24 h");
  const own = new Map(one.hours.map((hour) => [hour.at, hour]));
  const most = Math.max(...one.hours.map(all));
  const strokes = hours.flatMap(({ at }, i) => {
    const hour = own.get(at);
    if (!hour) return [svg("rect", { class: "ground", x: i * 5, y: 19, width: 4, height: 1 })];
    let top = 20;
    return KINDS.filter(([kind]) => hour[kind] > 0).map(([kind]) => {
      const height = Math.max(2, (hour[kind] / most) * 20);
      top -= height;
      return svg("rect", { class: kind, x: i * 5, y: Math.max(0, top).toFixed(1), width: 4, height: height.toFixed(1) });
    });
  });
  const words = KINDS.filter(([kind]) => one[kind] > 0).map(([kind, word]) => `${count(one[kind])} ${word.toLowerCase()}`).join(", ");
  return h("div", { class: "spark" },
    svg("svg", { class: "sparkline", viewBox: "0 0 120 20", width: 120, height: 20, role: "img", "aria-label": `In 24 hours: ${words}` }, strokes),
    h("span", { class: "small muted num", "aria-hidden": "true" }, count(all(one))));
}
