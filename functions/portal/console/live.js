/** Live updates that leave most of the key's rate limit to the user. */

import { ApiError, usage } from "./api.js";
import { isAbort } from "./parts.js";

/** The share of the remaining calls that live updates may use. */
const SHARE = 0.25;
/** When less than this share of a window is left, updates wait for the next one: the rest is for the user. */
const RESERVE = 0.2;
const LONGEST_MS = 120_000;
/** How many updates after an action of the user come without pacing: that is when something changes. */
const EAGER = 5;

/**
 * Calls `refresh` repeatedly, one call at a time, while the page is visible.
 * @param {() => Promise<number | void>} refresh resolves to how many milliseconds the next call may wait
 * @param {AbortSignal} signal
 * @param {{ every: number, say?: (words: string) => void, wanted?: () => boolean }} options say: why it waits, or ""
 */
export function keepLive(refresh, signal, { every, say = () => {}, wanted = () => true }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let running = false;
  let failures = 0;
  let eager = 0;
  const plan = (/** @type {number} */ wait) => {
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(tick, wait);
  };
  const tick = async () => {
    if (running || signal.aborted) return;
    if (!wanted() || document.hidden) return;
    const held = holdBack();
    if (held > 0) {
      say("Paused: rate limit nearly used up");
      return plan(held);
    }
    running = true;
    try {
      const wait = await refresh();
      failures = 0;
      say("");
      plan(Math.max(wait ?? every, eager-- > 0 ? 0 : pace()));
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
  const seen = () => document.hidden || plan(0);
  document.addEventListener("visibilitychange", seen);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  });
  plan(every);
  return {
    soon(wait = 0) {
      eager = EAGER;
      plan(wait);
    },
  };
}

/** How long to wait because a window is nearly used up, in milliseconds. */
function holdBack() {
  const windows = usage();
  if (!windows) return 0;
  const near = [windows.minute, windows.hour].filter(({ limit, remaining }) => remaining < limit * RESERVE);
  return Math.max(0, ...near.map(({ resetsIn }) => resetsIn * 1000 + 500));
}

/** How far apart readings are when they take their share of what is left and no more. */
function pace() {
  const windows = usage();
  if (!windows) return 0;
  return Math.max(
    ...[windows.minute, windows.hour].map(({ remaining, resetsIn }) => (resetsIn * 1000) / Math.max(1, remaining * SHARE)),
  );
}
