/** Numbers of a range that people choose, with their plot. */

import { get, withQuery } from "./api.js";
import { all, chart, RANGES, stepsOf } from "./chart.js";
import { h, redraw } from "./dom.js";
import { count, duration } from "./format.js";
import { button, empty } from "./parts.js";
import { zone } from "./zone.js";

/**
 * The range of the address, or a day, and a switch that changes it in place.
 * @param {string} place the address of the view, such as `#/`
 * @param {Ui.Route} route
 * @param {{ endpointId?: string, numbers: (stats: Api.Stats) => HTMLElement }} look
 */
export async function figures(place, { query, signal }, { endpointId, numbers }) {
  const words = h("span", { role: "status" });
  const body = h("div.stack");
  const names = Object.keys(RANGES);
  const buttons = names.map((name) => button(RANGES[name]?.label ?? "", () => show(name, true)));
  /** @type {Api.Stats | undefined} */
  let stats;
  let turn = 0;
  let shown = "24h";
  /** @param {string} name @param {boolean} chosen */
  async function show(name, chosen) {
    const range = /** @type {Ui.Range} */ (RANGES[name]);
    const mine = ++turn;
    const read = /** @type {Api.Stats} */ (await get(withQuery("/api/stats", { ...range.query, endpointId }), signal));
    // Another range was chosen meanwhile.
    if (mine !== turn) return;
    [stats, shown] = [read, name];
    words.textContent = range.words;
    buttons.forEach((element, i) => element.setAttribute("aria-pressed", String(names[i] === name)));
    draw();
    if (!chosen) return;
    // The view that is shown anew begins with it.
    query.set("range", name);
    history.replaceState(history.state, "", withQuery(place, { range: name }));
  }
  function draw() {
    const [read, range] = [stats, RANGES[shown]];
    if (read && range) redraw(body, () => body.replaceChildren(numbers(read), plot(read, range, endpointId)));
  }
  zone.addEventListener("changed", draw, { signal });
  const wanted = query.get("range") ?? "";
  await show(Object.hasOwn(RANGES, wanted) ? wanted : "24h", false);
  const refresh = () => show(shown, false);
  return { words, body, stats: () => stats, refresh, choice: h("div.ranges", { role: "group", "aria-label": "Range" }, buttons) };
}

/** @param {Api.Stats} stats @param {Ui.Range} range @param {string} [endpointId] */
const plot = (stats, range, endpointId) =>
  stepsOf(stats).some((step) => all(step) > 0) ? chart(stats, range, endpointId) : empty("No deliveries", h("p", `${range.words} had none.`));

/** @param {Api.Stats} stats */
export function total(stats) {
  const sum = (/** @type {keyof Api.Counts} */ kind) => stepsOf(stats).reduce((total, step) => total + step[kind], 0);
  return { delivered: sum("delivered"), failed: sum("failed"), waiting: sum("waiting"), cancelled: sum("cancelled"), attempts: sum("attempts") };
}

/**
 * How many of those that came to an end were delivered.
 * @param {string} name
 * @param {Api.Counts} counts
 */
export function delivered(name, { delivered, failed }) {
  const ended = delivered + failed;
  return figure(name, ended ? percent(delivered / ended) : "—", `${count(delivered)} of ${count(ended)}`, failed > ended * 0.01 ? "bad" : "");
}

/** @param {Api.Stats} stats */
export const responseTime = ({ latencyMs }) =>
  figure("Response time", latencyMs ? duration(latencyMs.p50) : "—", latencyMs ? `95 % within ${duration(latencyMs.p95)}` : "nothing delivered yet");

/** @param {number} share */
const percent = (share) => `${(Math.floor(share * 1000) / 10).toFixed(share === 1 ? 0 : 1)} %`;

/** @param {string} name @param {string} value @param {Ui.Children} note @param {string} [tone] */
export const figure = (name, value, note, tone = "") =>
  h("div.number", h("p", name), h("p", { class: `value num ${tone}` }, value), h("p.small.muted", note));
