/** Exports of lists: what the filters match, up to a bound, as a file that is made in the browser. */

import { h } from "./dom.js";
import { count, moment } from "./format.js";
import { choice, group } from "./form.js";
import { usedUp, whenAllowed } from "./pacing.js";
import { button, closeButton, isAbort, modal, sentence } from "./parts.js";

/** The most rows of one file, and the most calls that reading them takes: a search may find few on a page. */
const MAX_ROWS = 2_000;
const MAX_CALLS = 40;
const PAGE = 100;

/**
 * The button that exports a list.
 * @template T
 * @param {Ui.Exported<T>} what
 */
export const exportButton = (what) => button("Export…", () => ask(what));

/**
 * @template T
 * @param {Ui.Exported<T>} what
 */
function ask(what) {
  const leaving = new AbortController();
  const status = h("p", { role: "status" });
  const format = group("Format", [
    choice("format", "csv", "CSV, for spreadsheets", true, "radio"),
    choice("format", "jsonl", "JSON lines: each item as the API returns it", false, "radio"),
  ]);
  const close = closeButton();
  const start = button("Export", run, "primary");
  const dialog = modal(`Export ${what.name}`, [
    h("p", `What the filters match, newest first: up to ${count(MAX_ROWS)}, read ${PAGE} a call. The file is made in your browser; its times are in UTC.`),
    format,
    h("p.small.muted", "In CSV, text that a spreadsheet would run as a formula has an apostrophe in front."),
    status,
    h("div.actions.end", close, start),
  ]);
  dialog.addEventListener("close", () => leaving.abort());

  async function run() {
    const wanted = dialog.querySelector("input:checked")?.getAttribute("value") ?? "csv";
    try {
      const { items, more } = await readAll(what, leaving.signal, status);
      if (items.length === 0) return status.replaceChildren("Nothing matches, so there is no file.");
      save(`${what.name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.${wanted}`, wanted === "csv" ? csv(items.map(what.row)) : jsonLines(items));
      const last = items.at(-1);
      status.replaceChildren(
        `Exported ${count(items.length)}.`,
        ...(more ? [" There are older ones", ...(last ? [", from before ", moment(what.at(last))] : []), ": narrow the filters to get those."] : []),
      );
      close.textContent = "Close";
    } catch (error) {
      if (!isAbort(error)) status.replaceChildren(`Nothing was saved: ${sentence(error)}`);
    }
  }
}

/**
 * @template T
 * @param {Ui.Exported<T>} what
 * @param {AbortSignal} signal
 * @param {HTMLElement} status
 */
async function readAll({ read }, signal, status) {
  /** @type {T[]} */
  const items = [];
  /** @type {string | null} */
  let cursor = null;
  for (let calls = 0; calls < MAX_CALLS && items.length < MAX_ROWS; calls++) {
    status.replaceChildren(`${count(items.length)} read…`);
    /** @type {Api.Page<T>} */
    const page = await whenAllowed(
      () => read(cursor, signal, PAGE),
      signal,
      (until) => until && status.replaceChildren(`${count(items.length)} read. `, ...usedUp(until)),
    );
    items.push(...page.data);
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  return { items: items.slice(0, MAX_ROWS), more: cursor !== null };
}

/**
 * RFC 4180, in UTF-8 with a byte order mark, without which Excel reads another encoding.
 * @param {Record<string, unknown>[]} rows
 */
function csv(rows) {
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row).map(cell))];
  return `\uFEFF${lines.map((line) => `${line.join(",")}\r\n`).join("")}`;
}

/**
 * The record that something is about, as columns.
 * @param {{ type: string, number: string, id?: string } | null} subject a refused call has no id of it
 */
export const recordColumns = (subject) => ({ recordType: subject?.type, recordNumber: subject?.number, recordId: subject?.id });

/**
 * A value in quotes. What a spreadsheet would take for a formula becomes text by an apostrophe:
 * https://owasp.org/www-community/attacks/CSV_Injection
 * @param {unknown} value
 */
function cell(value) {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const harmless = typeof value !== "string" || !/^\s*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? text : `'${text}`;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/** @param {unknown[]} items */
const jsonLines = (items) => items.map((item) => `${JSON.stringify(item)}\n`).join("");

/** @param {string} name @param {string} text */
function save(name, text) {
  const type = name.endsWith(".csv") ? "text/csv" : "application/x-ndjson";
  const href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  h("a", { href, download: name }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
