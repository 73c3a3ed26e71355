// @ts-check
/** Drawings in SVG: attributes only, colours from the style sheet. */

import { h, svg } from "./dom.js";
import { count } from "./format.js";
import { table } from "./parts.js";

/** @typedef {{ start: Date, delivered: number, failed: number, waiting: number }} Hour */

const HOUR = 3_600_000;
const HEIGHT = 120;

/**
 * Deliveries of the last 24 hours by the hour in which they were made.
 * @param {{ createdAt: string, status: string }[]} deliveries
 * @returns {Hour[]}
 */
export function byHour(deliveries) {
  const first = Math.floor(Date.now() / HOUR) * HOUR - 23 * HOUR;
  const hours = Array.from({ length: 24 }, (_, i) => ({ start: new Date(first + i * HOUR), delivered: 0, failed: 0, waiting: 0 }));
  for (const { createdAt, status } of deliveries) {
    const hour = hours[Math.floor((Date.parse(createdAt) - first) / HOUR)];
    if (!hour) continue;
    if (status === "delivered") hour.delivered += 1;
    else if (status === "failed") hour.failed += 1;
    else hour.waiting += 1;
  }
  return hours;
}

/**
 * Stacked bars with a table for those who don't see them.
 * @param {Hour[]} hours
 */
export function chart(hours) {
  const most = Math.max(4, ...hours.map(({ delivered, failed, waiting }) => delivered + failed + waiting));
  const bars = hours.flatMap((hour, i) => {
    let top = HEIGHT;
    return /** @type {const} */ (["delivered", "waiting", "failed"]).map((kind) => {
      const height = (hour[kind] / most) * (HEIGHT - 8);
      top -= height;
      return height > 0 ? svg("rect", { class: kind, x: i * 30 + 3, y: top.toFixed(1), width: 24, height: height.toFixed(1), rx: 2 }) : null;
    });
  });
  const drawing = svg("svg", { viewBox: `0 0 720 ${HEIGHT}`, class: "bars", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("line", { x1: 0, x2: 720, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }), bars);
  const clock = (/** @type {Date} */ date) => date.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false });
  const rows = hours.map((hour) => h("tr", {}, h("td", {}, clock(hour.start)),
    [hour.delivered, hour.waiting, hour.failed].map((value) => h("td", { class: "num" }, count(value)))));
  return h("div", {},
    h("p", { class: "legend" }, [["delivered", "Delivered"], ["waiting", "Waiting"], ["failed", "Failed"]].map(([kind, word]) =>
      h("span", { class: kind }, word)), h("span", { class: "scale num" }, `up to ${count(most)} an hour`)),
    drawing,
    h("p", { class: "axis num" }, [hours[0], hours[12], hours[23]].map((hour) => hour && h("span", {}, clock(hour.start)))),
    h("details", {}, h("summary", {}, "As a table"), table("Deliveries by hour", ["Hour", "Delivered", "Waiting", "Failed"], rows)));
}

/**
 * The outcomes of the latest deliveries, oldest first, as strokes.
 * @param {{ status: string }[]} deliveries newest first
 */
export function sparkline(deliveries) {
  const shown = deliveries.slice(0, 24).reverse();
  const failed = shown.filter(({ status }) => status === "failed" || status === "retrying").length;
  const words = shown.length === 0 ? "No deliveries yet" : `${failed} of the latest ${shown.length} not delivered`;
  const strokes = shown.map(({ status }, i) => {
    const kind = status === "delivered" ? "delivered" : status === "failed" || status === "retrying" ? "failed" : "waiting";
    const height = kind === "failed" ? 18 : kind === "delivered" ? 12 : 6;
    return svg("rect", { class: kind, x: (24 - shown.length + i) * 5, y: 18 - height, width: 3, height, rx: 1 });
  });
  return svg("svg", { class: "sparkline", viewBox: "0 0 120 18", width: 120, height: 18, role: "img", "aria-label": words }, strokes);
}

/**
 * @param {number[]} values
 * @param {number} share 0.5 for the median
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
