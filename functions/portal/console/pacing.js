/** Many calls in a row within the key's rate limit: they wait where it is used up, and say so. */

import { ApiError, usage } from "./api.js";
import { countdown } from "./format.js";

/** How often in a row a call is refused before that counts as a failure. */
const MAX_WAITS = 5;
/** What is left of a window to the user while calls are made in a row. */
const LEFT_TO_USER = 3;

/**
 * Makes one call of many.
 * @template T
 * @param {() => Promise<T>} call
 * @param {AbortSignal} signal ends the waiting
 * @param {(until: string | null) => void} waiting says until when it waits; null when it goes on
 * @returns {Promise<T>}
 */
export async function whenAllowed(call, signal, waiting) {
  for (let waits = 0; ; waits++) {
    const full = usedUpFor();
    if (full > 0) await wait(full);
    try {
      return await call();
    } catch (error) {
      const told = error instanceof ApiError && error.status === 429 ? (error.retryAfter ?? 1) : null;
      if (told === null || waits >= MAX_WAITS) throw error;
      await wait(told * 1000 + 200);
    }
  }

  /** @param {number} ms */
  async function wait(ms) {
    waiting(new Date(Date.now() + ms).toISOString());
    await sleep(ms, signal);
    signal.throwIfAborted();
    waiting(null);
  }
}

/** What is told meanwhile. @param {string} until */
export const usedUp = (until) => ["The key's rate limit is used up. Continuing ", countdown(until), "."];

/** How long until the key has calls again, in milliseconds; 0 if it has some. */
function usedUpFor() {
  const windows = usage();
  if (!windows) return 0;
  const full = [windows.minute, windows.hour].filter(({ limit, remaining }) => remaining < Math.min(LEFT_TO_USER, limit));
  return Math.max(0, ...full.map(({ resetsIn }) => resetsIn * 1000 + 200));
}

/** @param {number} ms @param {AbortSignal} signal ends it early */
export const sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
