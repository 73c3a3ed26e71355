/** Rows that are selected, and what can be done with them. */

import { h } from "./dom.js";
import { count } from "./format.js";
import { button } from "./parts.js";

/**
 * @template {{ id: string }} T
 * @param {Ui.Pick<T>} pick
 * @param {() => { data: T }[]} rows
 * @param {() => Promise<void>} refresh shows what became of the rows
 */
export function picker({ word, action, run }, rows, refresh) {
  /** @type {Set<string>} */
  const ids = new Set();
  /** @type {Map<string, HTMLInputElement>} */
  const boxes = new Map();
  const all = h("input", { type: "checkbox", onchange: () => set(all.checked) });
  const words = h("span.muted", { role: "status" });
  const start = button(action, perform, "primary");
  const element = h("div.picked", h("label.choice", all, h("span", "Select all shown")), words, start);

  /** @param {boolean} on */
  function set(on) {
    for (const { data } of rows()) on ? ids.add(data.id) : ids.delete(data.id);
    for (const [id, box] of boxes) box.checked = ids.has(id);
    draw();
  }

  async function perform() {
    const done = await run(rows().map(({ data }) => data).filter(({ id }) => ids.has(id)));
    for (const { id } of done) {
      ids.delete(id);
      const box = boxes.get(id);
      if (box) box.checked = false;
    }
    draw();
    // The button has gone from under whoever pressed it.
    if (start.hidden) all.focus();
    if (done.length) await refresh();
  }

  function draw() {
    const shown = rows();
    const known = new Set(shown.map(({ data }) => data.id));
    for (const id of ids) if (!known.has(id)) ids.delete(id);
    for (const id of boxes.keys()) if (!known.has(id)) boxes.delete(id);
    all.checked = ids.size > 0 && ids.size === shown.length;
    all.indeterminate = ids.size > 0 && ids.size < shown.length;
    words.textContent = ids.size ? `${count(ids.size)} selected` : "";
    start.hidden = ids.size === 0;
  }

  return {
    element,
    draw,
    /** The cell with which a row is selected. @param {T} item */
    cell(item) {
      const change = () => {
        box.checked ? ids.add(item.id) : ids.delete(item.id);
        draw();
      };
      const box = h("input", { type: "checkbox", "aria-label": `Select ${word(item)}`, "data-key": `pick ${item.id}`, checked: ids.has(item.id), onchange: change });
      boxes.set(item.id, box);
      return h("td.pick", box);
    },
  };
}
