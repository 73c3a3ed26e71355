/** Keeping a page up to date without using up what the key may call. */

import { ApiError, usage } from "./api.js";
import { isAbort } from "./parts.js";

/** Of what a window has left, live updates take no more than this share. */
const SHARE = 0.25;
/** Below this share of a window they wait until it begins anew: the rest is for what the person does. */
const RESERVE = 0.2;
const LONGEST_MS = 120_000;
/** After something that a person did, so many readings don't mind the pace: that is when there is something to see. */
const EAGER = 5;

/**
 * Reads again and again, one reading at a time, while the page is looked at.
 * @param {() => Promise<number | void>} refresh resolves to how many milliseconds the next reading may wait
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
      say("Paused: few calls are left");
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
      say(told ? "Paused: too many calls" : "Paused: it couldn't be read");
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
