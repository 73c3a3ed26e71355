/**
 * Live updates: the one mechanism of all pages, and its switch. They leave most of the key's rate limit to the user, and
 * stand still in a tab that nobody sees.
 */

import { ApiError, callsMade, usage } from "./api.js";
import { h } from "./dom.js";
import { session } from "./memory.js";
import { isAbort } from "./parts.js";

/** The share of the remaining calls that live updates may use. */
const SHARE = 0.25;
/** When less than this share of a window is left, updates wait for the next one: the rest is for the user. */
const RESERVE = 0.2;
const LONGEST_MS = 120_000;
/** How many updates after an action of the user come without pacing: that is when something changes. */
const EAGER = 5;
/** Whether it is switched off in this tab. */
const CHOICE = "workskedge.live";

/** What the page that is shown does to stay up to date. @type {{ soon: (wait: number) => void, words: string } | null} */
let current = null;
/** Dispatches `changed` when a page begins or ends to be live, and when it waits. */
const state = new EventTarget();
const isOn = () => session.getItem(CHOICE) !== "off";

/**
 * Calls `refresh` repeatedly, one call at a time, while the page is visible and live updates are switched on.
 * @param {() => Promise<number | void>} refresh resolves to how many milliseconds the next call may wait
 * @param {AbortSignal} signal of the view
 * @param {{ every: number, wanted?: () => boolean }} options
 */
export function keepLive(refresh, signal, { every, wanted = () => true }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let due = 0;
  let running = false;
  let failures = 0;
  let eager = 0;
  const plan = (/** @type {number} */ wait) => {
    clearTimeout(timer);
    due = Date.now() + wait;
    if (!signal.aborted) timer = setTimeout(tick, wait);
  };
  const tick = async () => {
    if (running || signal.aborted || document.hidden || !isOn() || !wanted()) return;
    const held = holdBack();
    if (held > 0) {
      say("Paused: rate limit nearly used up");
      return plan(held);
    }
    running = true;
    const before = callsMade();
    try {
      const wait = await refresh();
      failures = 0;
      say("");
      plan(Math.max(wait ?? every, eager-- > 0 ? 0 : pace(callsMade() - before)));
    } catch (error) {
      if (signal.aborted) return;
      if (isAbort(error)) return plan(every);
      failures += 1;
      const told = error instanceof ApiError ? error.retryAfter : null;
      say(told ? "Paused: rate limit exceeded" : "Paused: update failed");
      plan(told ? told * 1000 : Math.min(every * 2 ** failures, LONGEST_MS));
    } finally {
      running = false;
    }
  };
  const own = { soon: plan, words: "" };
  const say = (/** @type {string} */ words) => {
    own.words = words;
    state.dispatchEvent(new Event("changed"));
  };
  const seen = () => document.hidden || plan(Math.max(0, due - Date.now()));
  document.addEventListener("visibilitychange", seen);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
    if (current === own) current = null;
    state.dispatchEvent(new Event("changed"));
  });
  current = own;
  say("");
  plan(every);
  return {
    soon(wait = 0) {
      eager = EAGER;
      plan(wait);
    },
  };
}

/** The switch of live updates, with the reason when they wait. It is there while the page that is shown has any. */
export function liveSwitch() {
  const input = h("input", { type: "checkbox", role: "switch", checked: isOn() });
  const words = h("span.small", { role: "status" });
  const element = h("div.live", words, h("label.choice", input, h("span", "Live")));
  const draw = () => {
    element.hidden = current === null;
    const text = (input.checked && current?.words) || "";
    if (words.textContent !== text) words.textContent = text;
  };
  input.addEventListener("change", () => {
    session.setItem(CHOICE, input.checked ? "on" : "off");
    if (input.checked) current?.soon(0);
    draw();
  });
  state.addEventListener("changed", draw);
  draw();
  return element;
}

/** How long to wait because a window is nearly used up, in milliseconds. */
function holdBack() {
  const windows = usage();
  if (!windows) return 0;
  const near = [windows.minute, windows.hour].filter(({ limit, remaining }) => remaining < limit * RESERVE);
  return Math.max(0, ...near.map(({ resetsIn }) => resetsIn * 1000 + 500));
}

/**
 * How far apart readings are when they take their share of what is left and no more.
 * @param {number} calls how many one reading takes
 */
function pace(calls) {
  const windows = usage();
  if (!windows) return 0;
  const apart = [windows.minute, windows.hour].map(
    ({ remaining, resetsIn }) => (resetsIn * 1000) / Math.max(1, remaining * SHARE),
  );
  return Math.max(1, calls) * Math.max(...apart);
}
