/** Paged lists: they load more on demand, refresh their beginning, and say how far back a search has gone. */

import { h, redraw } from "./dom.js";
import { idTime, moment } from "./format.js";
import { button, empty, table } from "./parts.js";

/** How many pages a search without results reads before it asks whether to go on. */
const MAX_LOOKS = 4;

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
 * @param {{ label: string, columns: string[], row: (item: T) => HTMLElement, none: () => HTMLElement }} look
 * @param {(cursor: string | null, signal: AbortSignal) => Promise<Api.Page<T>>} read
 * @param {AbortSignal} signal of the view
 */
export function growingList({ label, columns, row, none }, read, signal) {
  const body = h("tbody");
  const frame = table(label, columns, []);
  frame.querySelector("tbody")?.replaceWith(body);
  const place = h("div", { class: "list" });
  const note = h("p", { class: "muted", role: "status" });
  const more = button("Load more", grow);
  const foot = h("div", { class: "more" }, note, more);
  /** @type {{ data: T, text: string, element: HTMLElement }[]} */
  let rows = [];
  /** Where each page that is shown begins: its cursor and the id before it. @type {{ cursor: string | null, after: string | null }[]} */
  let pages = [];
  /** @type {string | null} */
  let next = null;
  let turn = 0;
  let loading = new AbortController();
  signal.addEventListener("abort", () => loading.abort());

  /** @param {string | null} cursor */
  async function search(cursor) {
    const { signal } = loading;
    const page = await firstWithAny((cursor) => read(cursor, signal), cursor);
    signal.throwIfAborted();
    return page;
  }

  /** Shows the list from its beginning. */
  async function load() {
    loading.abort();
    loading = new AbortController();
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
      return old?.text === text ? old : { data: item, text, element: row(item) };
    });
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
    if (shown !== frame || !frame.isConnected) place.replaceChildren(...(shown ? [shown] : []));
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

  return { element: h("div", {}, place, foot), load, refresh, clear };

  /** @param {...HTMLElement} instead */
  function clear(...instead) {
    loading.abort();
    rows = [];
    pages = [];
    next = null;
    draw();
    place.replaceChildren(...instead);
  }
}

/** @param {object} item */
const isMoving = (item) => "status" in item && (item.status === "pending" || item.status === "retrying");

/**
 * The id that a page ended at: that is what a cursor is.
 * @param {string} cursor
 */
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
 */
export const nothing = (title, text) => () => empty(title, h("p", {}, text));
