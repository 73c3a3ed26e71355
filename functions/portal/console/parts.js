/** Building blocks of the views. */

import { ApiError } from "./api.js";
import { freshId, h } from "./dom.js";
import { count, countdown } from "./format.js";

const WORDS = /** @type {Record<string, [string, string]>} */ ({
  delivered: ["good", "Delivered"],
  failed: ["bad", "Failed"],
  retrying: ["warn", "Retrying"],
  pending: ["idle", "Pending"],
  cancelled: ["idle", "Cancelled"],
  queued: ["good", "Queued"],
  refused: ["bad", "Not sent"],
  healthy: ["good", "Healthy"],
  failing: ["bad", "Failing"],
  paused: ["idle", "Paused"],
  disabled: ["bad", "Disabled"],
  deleted: ["idle", "Deleted"],
});

/** What people call a status. @param {string} state */
export const statusWord = (state) => WORDS[state]?.[1] ?? state;

/** A coloured word. @param {string} tone good, warn, bad or idle @param {string} word */
export const toned = (tone, word) => h("span", { class: `badge ${tone}` }, word);

/** A status as a coloured word. @param {string} state */
export const badge = (state) => toned(...(WORDS[state] ?? ["idle", state]));

/** Short pieces of code, such as ids. @param {string[]} words @param {string} [none] in place of no words */
export const chips = (words, none = "") => (words.length ? words.map((word) => h("code.chip", word)) : none);

/**
 * How much of a limit on calls is used.
 * @param {number} used
 * @param {number} limit
 * @param {string} label
 * @param {string} [name] that is shown
 */
export const meter = (used, limit, label, name) =>
  h("div", { class: used > limit * 0.8 ? "meter near" : "meter" },
    name && h("span", name),
    h("span.num", `${count(used)} of ${count(limit)}`),
    h("progress", { value: used, max: Math.max(1, limit), "aria-label": label }));

/**
 * The head of a view.
 * @param {string} title
 * @param {{ lead?: Ui.Children, actions?: Ui.Child[], crumb?: [string, string] }} [more]
 */
export function heading(title, { lead, actions = [], crumb } = {}) {
  return h("div.heading",
    h("div",
      crumb && h("a.crumb", { href: crumb[0] }, `← ${crumb[1]}`),
      h("h1", { tabindex: "-1" }, title),
      lead && h("p.lead", lead)),
    actions.length > 0 && h("div.actions", actions));
}

/**
 * A card with a title.
 * @param {string | HTMLElement} title
 * @param {...(Ui.Children)} children
 * @returns {HTMLElement}
 */
export function card(title, ...children) {
  const id = freshId();
  return h("section.card", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/** Columns whose names are for screen readers: what is in them says it. @type {Record<string, string>} */
const UNNAMED = { "": "Actions", Select: "Select" };

/**
 * A table. Where it does not fit, each row becomes a card, so that nothing is out of sight.
 * @param {string} label
 * @param {string[]} columns
 * @param {HTMLElement[]} rows
 */
export function table(label, columns, rows) {
  const head = columns.map((column) => h("th", { scope: "col", role: "columnheader" }, UNNAMED[column] ? h("span.hidden", UNNAMED[column]) : column));
  // As cards they are no tables to browsers: the roles keep them tables to screen readers.
  const element = h("table", { role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows.map((row) => labelled(row, columns))));
  const frame = h("div.table", element);
  fit(frame, element);
  return frame;
}

/**
 * A row whose cells know their column: as a card it shows that.
 * @param {HTMLElement} row
 * @param {string[]} columns
 */
export function labelled(row, columns) {
  row.setAttribute("role", "row");
  // The first column with a name is the card's title.
  const title = columns.findIndex((column) => !UNNAMED[column]);
  [...row.children].forEach((cell, i) => {
    const column = columns[i] ?? "";
    cell.setAttribute("role", "cell");
    if (i !== title && !UNNAMED[column]) cell.setAttribute("data-label", column);
  });
  return row;
}

/**
 * Shows a table as cards while its frame is narrower than it needs: that is known before anything is drawn.
 * @param {HTMLElement} frame
 * @param {HTMLTableElement} table
 */
function fit(frame, table) {
  // Only its width ever changes, so that measuring it does not lead to measuring it again.
  const ruler = h("div.ruler");
  frame.prepend(ruler);
  const measure = () => {
    frame.classList.remove("cards");
    frame.classList.toggle("cards", table.offsetWidth > ruler.clientWidth);
  };
  new ResizeObserver(measure).observe(ruler);
  // The first paint of a page does not wait for observers.
  frame.addEventListener("drawn", measure);
  const grown = new MutationObserver(() => frame.classList.contains("cards") || measure());
  for (const body of table.tBodies) grown.observe(body, { childList: true });
}

/** Names and values. @param {[string, Ui.Children][]} pairs */
export const facts = (pairs) =>
  h("dl.facts", pairs.flatMap(([name, value]) => [h("dt", name), h("dd", value)]));

/**
 * A note in place of content that does not exist.
 * @param {string} title
 * @param {...(Ui.Children)} children
 */
export const empty = (title, ...children) =>
  h("div.empty", h("p.empty-title", title), ...children);

/**
 * @param {string} label
 * @param {() => unknown} action
 * @param {string} [kind] primary, danger or quiet
 * @param {Ui.Props} [more] such as an aria-label where rows have the same buttons
 */
export function button(label, action, kind = "", more = {}) {
  const run = () => busy(element, action).catch((error) => isAbort(error) || toast(sentence(error), "bad"));
  const element = h("button", { type: "button", class: kind, ...more, onclick: run }, label);
  return element;
}

/**
 * Runs an action once at a time. Its button is `aria-disabled` meanwhile, not `disabled`, which would lose the focus.
 * @param {HTMLElement} element
 * @param {() => unknown} action
 */
export async function busy(element, action) {
  if (element.getAttribute("aria-disabled") === "true") return;
  element.setAttribute("aria-disabled", "true");
  try {
    await action();
  } finally {
    element.removeAttribute("aria-disabled");
  }
}

/** Whether a call was aborted because the user left the view. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** The defects that the API found, a sentence each. @param {unknown} error */
export const defects = (error) =>
  error instanceof ApiError ? error.errors.map(({ field, message }) => `${field} ${message}.`) : [];

/** An error as a sentence. @param {unknown} error @param {string[]} [found] the defects that it names */
export function sentence(error, found = defects(error)) {
  if (!(error instanceof ApiError)) return "Something went wrong on this page. Reload it.";
  return [error.message, ...found, error.requestId && `(${error.requestId})`].filter(Boolean).join(" ");
}

const TITLES = /** @type {Record<number, string>} */ ({ 403: "Not allowed with this key", 404: "Not found", 429: "Rate limit exceeded" });

/**
 * A note in place of a view that could not be loaded.
 * @param {unknown} error
 * @param {() => void} again
 */
export function failure(error, again) {
  const known = error instanceof ApiError ? error : null;
  return h("div.empty", { role: "alert" },
    h("p.empty-title", TITLES[known?.status ?? 0] ?? "Something went wrong"),
    h("p", known ? known.message : "Something went wrong on this page."),
    known?.status === 429 && known.retryAfter !== null && h("p", "The next call is allowed ",
      countdown(new Date(Date.now() + known.retryAfter * 1000).toISOString()), "."),
    known?.requestId && h("p.small.muted", `Request ${known.requestId}`),
    button("Try again", again));
}

/** @param {string} text @param {"good" | "bad"} [tone] */
export function toast(text, tone = "good") {
  const element = h("div", { class: `toast ${tone}` }, text);
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), tone === "bad" ? 9000 : 5000);
}

/**
 * A block of text that scrolls within itself.
 * @param {string} label
 * @param {string} text
 * @param {boolean} [copy]
 */
export function code(label, text, copy = true) {
  const run = () => navigator.clipboard.writeText(text).then(() => toast("Copied."));
  return h("figure.code",
    h("figcaption", h("span", label), copy && button("Copy", run, "quiet")),
    h("pre", { tabindex: "0", "aria-label": label }, h("code", text)));
}

/** JSON with line breaks, or the text as it is. @param {string} text */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Asks for confirmation. Resolves to whether it was given.
 * @param {string} title
 * @param {Ui.Children} text
 * @param {string} action
 * @param {string} [kind] of its button
 * @returns {Promise<boolean>}
 */
export function confirm(title, text, action, kind = "danger") {
  return new Promise((resolve) => {
    const dialog = modal(title, [
      h("p", text),
      h("div.actions.end",
        closeButton(),
        h("button", { type: "button", class: kind, onclick: () => dialog.close("yes") }, action)),
    ]);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

/** A button that closes the dialog in which it is. */
export const closeButton = (word = "Cancel") => {
  const element = h("button", { type: "button", onclick: () => element.closest("dialog")?.close() }, word);
  return element;
};

/** Closes all dialogs: they belong to the page that the user has left. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/**
 * A dialog over the page.
 * @param {string} title
 * @param {Ui.Child[]} children
 */
export function modal(title, children) {
  const id = freshId();
  const dialog = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The control that opened it may have been replaced meanwhile.
    if (document.activeElement === document.body) document.querySelector("h1")?.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
