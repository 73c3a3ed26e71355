/** Calls to the API with the key of this tab, and what its responses say about the rate limit. */

import { changes, ownKey } from "./session.js";

export { changes, dropKey, isOwnKey, signIn, signOut, signedIn } from "./session.js";

/** Calls that need no key: their rate limit is that of the address. */
const OPEN = /^\/api\/(event-types|source-ips)(\/|$)/;

/** An error of the API, from its problem+json. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer
   * @param {{ detail?: string, code?: string, errors?: Ui.Defect[], requestId?: string }} problem
   * @param {number | null} retryAfter seconds
   */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? "The API can't be reached. Check your connection, then try again.");
    this.status = status;
    this.code = problem.code ?? "unreachable";
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId;
    this.retryAfter = retryAfter;
  }
}

/** @type {{ minute: Ui.Window, hour: Ui.Window, at: number } | null} */
let used = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resetting;
let made = 0;

/** How many calls this tab has made that count towards its rate limit. */
export const callsMade = () => made;
changes.addEventListener("signedout", () => {
  used = null;
  clearTimeout(resetting);
});

/**
 * The rate limit windows of the key now: as the last response said, or full if a new window has begun since.
 * @returns {{ minute: Ui.Window, hour: Ui.Window } | null}
 */
export function usage() {
  if (!used) return null;
  const passed = (Date.now() - used.at) / 1000;
  const now = (/** @type {Ui.Window} */ { limit, remaining, resetsIn }) => ({
    limit,
    remaining: passed >= resetsIn ? limit : remaining,
    resetsIn: Math.max(0, resetsIn - passed),
  });
  return { minute: now(used.minute), hour: now(used.hour) };
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => call("GET", path, { signal });
/**
 * A call with a key that this tab is not signed in with.
 * @param {string} key
 * @param {string} path
 */
export const getAs = (key, path) => call("GET", path, { key });
/**
 * A whole list, page by page.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export async function getAll(path, signal) {
  const all = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await get(`${path}?limit=100${cursor}`, signal);
    all.push(...page.data);
    cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
  }
  return all;
}

/** @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] */
export const post = (path, body, signal) => call("POST", path, { body, signal });

/**
 * A POST that may be sent twice and is done once: the same body goes under the same `Idempotency-Key` until it has
 * succeeded, so that another try after a lost answer makes nothing twice.
 */
export function postOnce() {
  let text = "";
  let key = "";
  return async (/** @type {string} */ path, /** @type {unknown} */ body) => {
    const wanted = `${path} ${JSON.stringify(body)}`;
    if (wanted !== text) [text, key] = [wanted, crypto.randomUUID()];
    const answer = await call("POST", path, { body, once: key });
    text = "";
    return answer;
  };
}

/** @param {string} path @param {unknown} body */
export const patch = (path, body) => call("PATCH", path, { body });
/** @param {string} path */
export const remove = (path) => call("DELETE", path);

/**
 * A path of the API with ids in it: to`/api/endpoints/${id}`. What comes from the address can't become another path.
 * @param {TemplateStringsArray} parts
 * @param {...(string | undefined)} ids
 */
export const to = (parts, ...ids) => parts.map((part, i) => part + encodeURIComponent(ids[i] ?? "")).join("");

/**
 * A path with a query; what is empty is left out.
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} query
 */
export function withQuery(path, query) {
  const present = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(present.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, signal?: AbortSignal | undefined, once?: string, key?: string }} [more] once: its Idempotency-Key
 * @returns {Promise<any>}
 */
async function call(method, path, { body, signal, once, key = ownKey() } = {}) {
  const headers = new Headers({ "X-API-Key": key });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (once) headers.set("Idempotency-Key", once);
  const text = body === undefined ? undefined : JSON.stringify(body);
  let response;
  try {
    response = await fetch(path, { method, headers, body: text, signal: signal ?? null, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, {}, null);
  }
  if (response.status !== 401 && !OPEN.test(path)) {
    made += 1;
    noteUsage(response.headers);
  }
  if (method !== "GET") changes.dispatchEvent(new Event("changed"));
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => {
    signal?.throwIfAborted();
    if (response.ok) throw new ApiError(0, {}, null);
    return {};
  });
  if (response.ok) return answer;
  // Another tab may have brought a new key meanwhile, or the key was only tried.
  if (response.status === 401 && key === ownKey()) changes.dispatchEvent(new Event("refused"));
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  throw new ApiError(response.status, answer, Number.isNaN(wait) ? null : wait);
}

/** @param {Headers} headers */
function noteUsage(headers) {
  const policy = read(headers.get("RateLimit-Policy"));
  const left = read(headers.get("RateLimit"));
  /** @param {string} name */
  const window = (name) => ({
    limit: policy[name]?.q ?? 0,
    remaining: left[name]?.r ?? 0,
    resetsIn: left[name]?.t ?? 0,
  });
  if (policy.permin) {
    used = { minute: window("permin"), hour: window("perhr"), at: Date.now() };
    tellOfReset();
    changes.dispatchEvent(new Event("usage"));
  }
}

/** Dispatches `usage` when a window begins, so that the meters don't keep showing the last response's numbers. */
function tellOfReset() {
  clearTimeout(resetting);
  const windows = usage();
  const waits = windows ? [windows.minute, windows.hour].map(({ resetsIn }) => resetsIn).filter((wait) => wait > 0) : [];
  if (waits.length === 0) return;
  resetting = setTimeout(
    () => {
      changes.dispatchEvent(new Event("usage"));
      tellOfReset();
    },
    Math.min(...waits) * 1000 + 50,
  );
}

/**
 * `"permin";r=12;t=31,"perhr";r=700;t=1800`
 * @param {string | null} header
 * @returns {Record<string, Record<string, number>>}
 */
function read(header) {
  const items = (header ?? "").split(",").map((item) => {
    const [name = "", ...parameters] = item.split(";");
    const pairs = parameters.map((parameter) => parameter.split("="));
    const numbers = pairs.map(([key = "", value]) => /** @type {[string, number]} */ ([key.trim(), Number(value)]));
    return /** @type {[string, Record<string, number>]} */ ([name.trim().replaceAll('"', ""), Object.fromEntries(numbers)]);
  });
  return Object.fromEntries(items);
}
