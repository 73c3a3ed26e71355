/** Plots of deliveries. Bars are links to what they count; heights are set by script, since the policy allows no style in markup. */

import { withQuery } from "./api.js";
import { h, svg } from "./dom.js";
import { count, duration, moment, wholeSeconds, zoned, zoneLabel } from "./format.js";
import { table } from "./parts.js";

/** From the top down, with their words. */
const KINDS = /** @type {const} */ ([["failed", "Failed"], ["waiting", "Waiting"], ["cancelled", "Cancelled"], ["delivered", "Delivered"]]);

const clock = zoned({ hour: "2-digit", minute: "2-digit" });
const day = zoned({ month: "short", day: "numeric" });
const span = zoned({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
/** @param {Date} at */
const hourOf = (at) => Number(clock().format(at).slice(0, 2));

/** @type {Record<string, Ui.Range>} */
export const RANGES = {
  "1h": {
    label: "1 hour", words: "The last hour", query: { hours: 1, step: "5m" }, bar: "5 minutes", ms: 300_000,
    tick: (at) => at.getUTCMinutes() % 15 === 0 && clock().format(at),
  },
  "24h": {
    label: "24 hours", words: "The last 24 hours", query: { hours: 24, step: "1h" }, bar: "hour", ms: 3_600_000,
    tick: (at) => hourOf(at) % 6 === 0 && clock().format(at),
  },
  "7d": {
    label: "7 days", words: "The last 7 days", query: { hours: 168, step: "6h" }, bar: "6 hours", ms: 21_600_000,
    tick: (at) => hourOf(at) < 6 && day().format(at),
  },
};

/** @param {Api.Counts} counts */
export const all = ({ delivered, failed, waiting, cancelled }) => delivered + failed + waiting + cancelled;

/** @param {Api.Counts} counts @param {Ui.Outcome} kind @param {string} word */
const numberOf = (counts, kind, word) => `${count(counts[kind])} ${word.toLowerCase()}`;

/** The steps of statistics, whatever they are called. @param {Api.Stats} stats */
export const stepsOf = ({ steps, hours }) => steps ?? hours;

/**
 * Stacked bars of deliveries over their response times, and the same numbers as a table.
 * @param {Api.Stats} stats
 * @param {Ui.Range} range
 * @param {string} [endpointId] of one endpoint only
 */
export function chart(stats, range, endpointId) {
  const steps = stepsOf(stats);
  const present = KINDS.filter(([kind]) => kind !== "cancelled" || steps.some((step) => step[kind] > 0));
  /** @type {Ui.Plot} */
  const look = {
    // Above the highest bar is room to click at.
    most: ceiling(1.1 * Math.max(4, ...steps.map(all))),
    slowest: ceiling(Math.max(10, ...steps.map(({ latencyMs }) => latencyMs?.p95 ?? 0))),
    present,
    isCounted: ({ at }) => stats.complete || at >= stats.countedSince,
    when: ({ at }) => span().formatRange(Date.parse(at), Date.parse(at) + range.ms),
    list: ({ at }, status = "") => {
      return withQuery("#/deliveries", { endpointId, status, test: "false", since: at, until: wholeSeconds(Date.parse(at) + range.ms) });
    },
  };
  const uncounted = !steps.every(look.isCounted);
  const element = h("div.chart",
    h("p.legend", present.map(([kind, word]) => h("span", { class: kind }, word)),
      h("span.latency", "Response time, 50 % to 95 %"), uncounted && h("span.uncounted", "Not counted")),
    h("div.plot",
      h("p.unit", `Deliveries per ${range.bar}`), scale("counts", look.most, count),
      h("p.unit.second", "Response time"), scale("times", look.slowest, duration),
      h("ol.bins", { "aria-label": `Deliveries per ${range.bar}` }, steps.map((step, i) => column(step, range, look, i >= steps.length - 2, i >= steps.length / 2)))),
    h("p.small.muted", "By the time of the event. Time zone: ", zoneLabel(), "."),
    uncounted && h("p.small.muted", "There were too many deliveries to count them all: the numbers are of those since ", moment(stats.countedSince), "."),
    h("details", h("summary", "Show as a table"), rows(steps, range, look)));
  // What a pointer or the focus opens can be put away without moving either.
  element.addEventListener("keydown", ({ key }) => key === "Escape" && element.classList.add("quiet"));
  for (const left of ["mouseout", "focusout"]) element.addEventListener(left, () => element.classList.remove("quiet"));
  return element;
}

/** @param {string} name @param {number} most @param {(value: number) => string} words */
const scale = (name, most, words) => [
  h("p", { class: `scale num ${name}`, "aria-hidden": "true" }, [most, most / 2, 0].map((value) => h("span", value ? words(value) : "0"))),
  h("span", { class: `lines ${name}`, "aria-hidden": "true" }),
];

/**
 * One step: a link for each outcome, how long responses took, and a note with all of it.
 * @param {Api.Step} step
 * @param {Ui.Range} range
 * @param {Ui.Plot} look
 * @param {boolean} last whether the time below it has no room to its right
 * @param {boolean} late whether the note opens to the left
 */
function column(step, range, look, last, late) {
  const tick = range.tick(new Date(step.at));
  const below = tick && h("span", { class: last ? "tick last" : "tick", "aria-hidden": "true" }, tick);
  if (!look.isCounted(step)) {
    return h("li.uncounted", h("span.hidden", `${look.when(step)}: not counted`), below);
  }
  const links = look.present.filter(([kind]) => step[kind] > 0).map(([kind, word]) => {
    const link = h("a", { class: kind, href: look.list(step, kind), "data-key": `${step.at} ${kind}` },
      h("span.hidden", `${look.when(step)}: ${numberOf(step, kind, word)}`));
    link.style.height = `${(step[kind] / look.most) * 100}%`;
    return link;
  });
  return h("li", { class: late ? "late" : "" },
    h("div.bars", h("a.rest", { href: look.list(step), tabindex: -1, "aria-hidden": "true" }), links),
    h("div.times", times(step, look.slowest)), below,
    h("div.tip", { "aria-hidden": "true" }, note(step, look)));
}

/** @param {Api.Step} step @param {number} slowest */
function times({ latencyMs }, slowest) {
  if (!latencyMs) return null;
  const bar = h("span.latency");
  bar.style.bottom = `${(latencyMs.p50 / slowest) * 100}%`;
  bar.style.height = `${((latencyMs.p95 - latencyMs.p50) / slowest) * 100}%`;
  return bar;
}

/** @param {Api.Step} step @param {Ui.Plot} look */
function note(step, look) {
  const numbers = look.present.filter(([kind]) => step[kind] > 0);
  return [
    h("p.strong", look.when(step)),
    ...(numbers.length ? numbers.map(([kind, word]) => h("p", { class: kind }, numberOf(step, kind, word))) : [h("p", "No deliveries")]),
    step.attempts > 0 && h("p", `${count(step.attempts)} attempts`),
    step.latencyMs && h("p", `50 % within ${duration(step.latencyMs.p50)}, 95 % within ${duration(step.latencyMs.p95)}`),
  ];
}

/**
 * The numbers as text, each a link to what it counts.
 * @param {Api.Step[]} steps
 * @param {Ui.Range} range
 * @param {Ui.Plot} look
 */
function rows(steps, range, look) {
  const columns = ["Time", ...look.present.map(([, word]) => word), "Attempts", "50 % within", "95 % within"];
  const cell = (/** @type {Api.Step} */ step, /** @type {Ui.Outcome} */ kind) =>
    h("td.num", step[kind] ? h("a", { href: look.list(step, kind) }, count(step[kind])) : "0");
  return table(`Deliveries per ${range.bar}`, columns, steps.map((step) => h("tr", h("td", look.when(step)),
    look.isCounted(step)
      ? [...look.present.map(([kind]) => cell(step, kind)), h("td.num", count(step.attempts)),
        h("td.num", duration(step.latencyMs?.p50)), h("td.num", duration(step.latencyMs?.p95))]
      : h("td.muted", { colspan: columns.length - 1 }, "not counted"))));
}

/** An even number at the top of the scale. @param {number} most */
function ceiling(most) {
  const unit = 10 ** Math.floor(Math.log10(most));
  const rounds = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((times) => Math.round(times * unit));
  return rounds.find((round) => round >= most && round % 2 === 0) ?? most;
}

/**
 * Small bars of one endpoint's deliveries per hour.
 * @param {Api.EndpointStats | undefined} one
 * @param {Api.Stats} stats
 */
export function sparkline(one, { hours }) {
  if (!one || all(one) === 0) return h("span.muted", "none in 24 h");
  const own = new Map(one.hours.map((hour) => [hour.at, hour]));
  const most = Math.max(...one.hours.map(all));
  const strokes = hours.flatMap(({ at }, i) => {
    const hour = own.get(at);
    if (!hour) return [svg("rect", { class: "ground", x: i * 5, y: 19, width: 4, height: 1 })];
    let top = 20;
    return [...KINDS].reverse().filter(([kind]) => hour[kind] > 0).map(([kind]) => {
      const height = Math.max(2, (hour[kind] / most) * 20);
      top -= height;
      return svg("rect", { class: kind, x: i * 5, y: Math.max(0, top).toFixed(1), width: 4, height: height.toFixed(1) });
    });
  });
  const words = KINDS.filter(([kind]) => one[kind] > 0).map(([kind, word]) => numberOf(one, kind, word)).join(", ");
  return h("div.spark",
    svg("svg", { class: "sparkline", viewBox: "0 0 120 20", width: 120, height: 20, role: "img", "aria-label": `In 24 hours: ${words}` }, strokes),
    h("span.small.muted.num", { "aria-hidden": "true" }, count(all(one)), one.failed > 0 && `, ${count(one.failed)} failed`));
}
