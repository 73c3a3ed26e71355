/**
 * Paged lists: they load more on demand, stay up to date, say how far back a search has gone, and are found again as they
 * were left. Rows can be selected.
 */

import { changes, get, signedIn, withQuery } from "./api.js";
import { h, redraw } from "./dom.js";
import { idTime, moment } from "./format.js";
import { viewOnly } from "./link.js";
import { keepLive } from "./live.js";
import { button, empty, labelled, table } from "./parts.js";
import { picker } from "./picker.js";

/** How many pages a search without results reads before it asks whether to go on. */
const MAX_LOOKS = 4;
const LIVE_MS = 10_000;
/** How many lists are remembered as they were left. */
const KEPT_LISTS = 5;

/** Lists as they were left, by their place in the history. @type {Map<string, { items: any[], pages: Ui.Begin[], next: string | null }>} */
const left = new Map();
const place = () => `${history.state?.place} ${location.hash}`;
changes.addEventListener("signedout", () => left.clear());

/**
 * Reads the pages of a list of the API.
 * @template {keyof Api.Lists} P
 * @param {P} path
 * @param {() => Record<string, string>} query what it is asked for
 * @returns {Ui.Read<Api.Lists[P]>}
 */
export const pagesOf =
  (path, query) =>
  (cursor, signal, limit = 50) =>
    get(withQuery(path, { ...query(), limit, cursor }), signal);

/**
 * A page, or the first one of some that has anything.
 * @template T
 * @param {(cursor: string | null) => Promise<Api.Page<T>>} read
 * @param {string | null} cursor
 */
export async function firstWithAny(read, cursor) {
  let page = await read(cursor);
  for (let looks = 1; looks < MAX_LOOKS && page.data.length === 0 && page.nextCursor; looks++) {
    page = await read(page.nextCursor);
  }
  return page;
}

/**
 * @template {{ id: string }} T
 * @param {Ui.Look<T>} look
 * @param {Ui.Read<T>} read
 * @param {{ signal: AbortSignal, back: boolean }} route of the view; back: whether the list was left before and is shown again
 */
export function growingList({ label, columns: named, row, none, pick: chosen, tools = [] }, read, { signal, back }) {
  const pick = viewOnly ? undefined : chosen;
  const columns = pick ? ["Select", ...named] : named;
  const frame = table(label, columns, []);
  const body = /** @type {HTMLElement} */ (frame.querySelector("tbody"));
  const picked = pick && picker(pick, () => rows, refresh);
  const list = h("div.list");
  const over = h("div.tools", picked?.element, h("div.actions", tools));
  const note = h("p.muted", { role: "status" });
  const more = button("Load more", grow);
  const foot = h("div.more", note, more);
  /** @type {{ data: T, text: string, element: HTMLElement }[]} */
  let rows = [];
  /** @type {Ui.Begin[]} */
  let pages = [];
  /** @type {string | null} */
  let next = null;
  let turn = 0;
  let loading = new AbortController();
  let here = "";
  signal.addEventListener("abort", () => {
    loading.abort();
    left.delete(here);
    if (pages.length && signedIn()) left.set(here, { items: rows.map(({ data }) => data), pages, next });
    for (const oldest of [...left.keys()].slice(0, -KEPT_LISTS)) left.delete(oldest);
  });
  keepLive(refresh, signal, { every: LIVE_MS });

  /** @param {string | null} cursor */
  async function search(cursor) {
    const { signal } = loading;
    const page = await firstWithAny((cursor) => read(cursor, signal), cursor);
    signal.throwIfAborted();
    return page;
  }

  /** Shows the list from its beginning, or as it was left. */
  async function load() {
    loading.abort();
    loading = new AbortController();
    const known = here === "" && back ? left.get(place()) : undefined;
    here = place();
    if (known) {
      ({ pages, next } = known);
      rows = entries(known.items);
      draw();
      // What is shown is old; if it can't be read again now, the next live update does.
      refresh().catch(() => {});
      return;
    }
    const page = await search(null);
    rows = [];
    pages = [{ cursor: null, after: null }];
    next = page.nextCursor;
    turn = 0;
    rows = entries(page.data);
    draw();
  }

  async function grow() {
    const had = rows.length;
    const cursor = next;
    const page = await search(cursor);
    if (page.data.length) pages.push({ cursor, after: rows.at(-1)?.data.id ?? null });
    next = page.nextCursor;
    const known = new Set(rows.map(({ data }) => data.id));
    rows = [...rows, ...entries(page.data.filter(({ id }) => !known.has(id)))];
    draw();
    // The button has gone from under whoever pressed it.
    if (!next) /** @type {HTMLElement | null | undefined} */ (rows[had]?.element.querySelector("a"))?.focus();
  }

  /**
   * Rows for what was read; what has not changed keeps its row. The data are compared, not the words, which tell how
   * long ago something was and so change by themselves.
   * @param {T[]} data
   */
  function entries(data) {
    const known = new Map(rows.map((entry) => [entry.data.id, entry]));
    return data.map((item) => {
      const text = JSON.stringify(item);
      const old = known.get(item.id);
      return old?.text === text ? old : { data: item, text, element: rowOf(item) };
    });
  }

  /** @param {T} item */
  function rowOf(item) {
    const element = row(item);
    if (picked) element.prepend(picked.cell(item));
    return labelled(element, columns);
  }

  /**
   * Puts what was read in the place of what was known of the same span: rows that don't fit any more leave.
   * @param {Api.Page<T>} page
   * @param {string | null} after the id before the span, if it isn't the beginning
   */
  function merge({ data, nextCursor }, after) {
    const low = nextCursor ? (idOf(nextCursor) ?? data.at(-1)?.id) : "";
    if (low === undefined) return;
    const before = rows.filter(({ data: { id } }) => after !== null && id >= after);
    const behind = rows.filter(({ data: { id } }) => id < low);
    rows = [...before, ...entries(data), ...behind];
  }

  /** Changes only the rows that have changed, so that focus and place stay. */
  function draw() {
    redraw(body, () => {
      const wanted = new Set(rows.map(({ element }) => element));
      for (const element of [...body.children]) if (!wanted.has(/** @type {HTMLElement} */ (element))) element.remove();
      rows.forEach(({ element }, i) => {
        if (body.children[i] !== element) body.insertBefore(element, body.children[i] ?? null);
      });
    });
    const shown = rows.length ? frame : next ? null : none();
    if (shown !== frame || !frame.isConnected) list.replaceChildren(...(shown ? [shown] : []));
    picked?.draw();
    over.hidden = rows.length === 0;
    more.hidden = next === null;
    more.textContent = rows.length ? "Load more" : "Search older";
    const at = next && rows.length === 0 && idTime(idOf(next) ?? "");
    note.replaceChildren(
      ...(next && rows.length === 0
        ? ["No match among the latest", ...(at ? [", back to ", moment(at)] : []), ". There are older ones."]
        : []),
    );
  }

  /** Reads the head again, and in turn one of the pages behind it where something is still under way. */
  async function refresh() {
    // The first page could not be read: the user has to try again.
    if (pages.length === 0) return;
    const { signal } = loading;
    const head = await read(null, signal);
    if (signal.aborted) return;
    const newest = rows[0]?.data.id;
    const low = head.nextCursor && (idOf(head.nextCursor) ?? head.data.at(-1)?.id);
    if (!low || !newest || low > newest) {
      // It is all there is, or so much is new that there is a gap before what is known: the list begins anew.
      rows = entries(head.data);
      pages = [{ cursor: null, after: null }];
      next = head.nextCursor;
    } else merge(head, null);
    const behind = pages[1 + (turn++ % Math.max(1, pages.length - 1))];
    if (behind?.cursor && rows.some(({ data }) => behind.after !== null && data.id < behind.after && isMoving(data))) {
      const page = await read(behind.cursor, signal);
      if (!signal.aborted) merge(page, behind.after);
    }
    draw();
  }

  return { element: h("div.stack", over, list, foot), load, refresh, clear };

  /** @param {...HTMLElement} instead */
  function clear(...instead) {
    loading.abort();
    rows = [];
    pages = [];
    next = null;
    draw();
    list.replaceChildren(...instead);
  }
}

/** @param {object} item */
const isMoving = (item) => "status" in item && (item.status === "pending" || item.status === "retrying");

/** The id that a page ended at: that is what a cursor is. @param {string} cursor */
function idOf(cursor) {
  try {
    return atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

/**
 * A note in place of an empty list.
 * @param {string} title
 * @param {string} text
 * @param {Record<string, string>} [wanted] the filters, where it matters whether there are any
 */
export const nothing =
  (title, text, wanted = {}) =>
  () =>
    empty(title, h("p", Object.values(wanted).some(Boolean) ? `${title} match these filters.` : text));
