/** Fields with labels, and where the API's defects of a body are shown. */

import { ApiError } from "./api.js";
import { freshId, h } from "./dom.js";
import { busy, isAbort, sentence } from "./parts.js";

/**
 * A field with its label, a hint and a place for its error.
 * @param {Ui.Children} label
 * @param {HTMLElement} control
 * @param {{ hint?: Ui.Children, name?: string }} [more] name: the API's name of the field
 */
export function field(label, control, { hint, name = control.getAttribute("name") ?? "" } = {}) {
  const [id, hintId, errorId] = [freshId(), freshId(), freshId()];
  control.id = id;
  control.setAttribute("aria-describedby", hint ? `${hintId} ${errorId}` : errorId);
  return h("div.field", { "data-field": name },
    h("label", { for: id }, label),
    control,
    hint && h("p.hint", { id: hintId }, hint),
    h("p.defect", { id: errorId }),
  );
}

/**
 * A field of a bar of filters.
 * @param {Ui.Children} label
 * @param {HTMLElement} control
 */
export function filter(label, control) {
  control.id = freshId();
  return h("div.filter", h("label", { for: control.id }, label), control);
}

/**
 * Radio buttons, check boxes: several controls under one name.
 * @param {string} legend
 * @param {Ui.Child[]} children
 * @param {string} [name]
 */
export const group = (legend, children, name = "") =>
  h("fieldset.field", { "data-field": name }, h("legend", legend), ...children, h("p.defect"));

/**
 * @param {string} name
 * @param {string} value
 * @param {string} label
 * @param {boolean} checked
 * @param {"checkbox" | "radio"} [type]
 */
export const choice = (name, value, label, checked, type = "checkbox") =>
  h("label.choice", h("input", { type, name, value, checked }), h("span", label));

/** @param {string} name @param {string[][]} options value and word @param {string} [value] */
export const select = (name, options, value = "") =>
  // A value from the address is shown even if it is not an option: the list is filtered by it.
  h(
    "select",
    { name },
    [...options, ...(value && !options.some(([key]) => key === value) ? [[value, value]] : [])].map(([key, word]) =>
      h("option", { value: key, selected: key === value }, word),
    ),
  );

/** How long what is replaced still works. @param {string} hint */
export const overlapField = (hint) =>
  field("Overlap in hours", h("input", { name: "overlapHours", type: "number", min: 0, max: 168, value: 24, required: true }), { hint });

/** The words of a field that takes several, such as ids. @param {string} text */
export const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/**
 * What the API would say of a field, found before it is asked.
 * @param {string} field
 * @param {string} message
 * @param {string} detail
 */
export const invalid = (field, message, detail) => new ApiError(400, { detail, errors: [{ field, code: "invalid", message }] }, null);

/** The JSON that somebody has typed. @param {string} text @param {string} field @param {string} detail what to do if it is none */
export function parsed(text, field, detail) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(field, `is no JSON: ${error instanceof Error ? error.message : ""}`, detail);
  }
}

/**
 * A form whose defects are shown at their fields.
 * @param {Ui.Child[]} children
 * @param {string} action what its button says
 * @param {(data: FormData) => Promise<void>} submit
 * @param {Ui.Child[]} [more] beside the button
 */
export function form(children, action, submit, more = []) {
  const alert = h("p.defect", { role: "alert" });
  const button = h("button.primary", { type: "submit" }, action);
  const element = h("form", { novalidate: true }, ...children, alert, h("div.actions.end", ...more, button));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    clear(element, alert);
    try {
      await busy(button, () => submit(new FormData(element)));
    } catch (error) {
      if (!isAbort(error)) show(element, alert, error);
    }
  });
  return element;
}

/** @param {HTMLFormElement} form @param {HTMLElement} alert */
function clear(form, alert) {
  alert.textContent = "";
  for (const place of form.querySelectorAll(".defect")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @param {HTMLElement} alert @param {unknown} error */
function show(form, alert, error) {
  const elsewhere = [];
  for (const defect of error instanceof ApiError ? error.errors : []) {
    const name = defect.field.split(/[.[]/)[0];
    const place = form.querySelector(`[data-field="${CSS.escape(name ?? "")}"]`);
    const text = place?.querySelector(".defect");
    if (place && text) {
      text.textContent = `${text.textContent} ${defect.field} ${defect.message}.`.trim();
      place.closest("details")?.setAttribute("open", "");
      place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    } else elsewhere.push(`${defect.field} ${defect.message}.`);
  }
  alert.textContent = sentence(error, elsewhere);
  /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid]"))?.focus();
}
