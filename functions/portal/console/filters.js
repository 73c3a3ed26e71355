/** A bar of filters over a list: the address says what is wanted, the list follows, the bar and the focus stay. */

import { ApiError, withQuery } from "./api.js";
import { h } from "./dom.js";
import { fromLocalInput } from "./format.js";
import { button, defects, empty, failure, isAbort } from "./parts.js";

/**
 * @typedef {{ load: () => Promise<void>, clear: (...instead: HTMLElement[]) => void }} List
 */

/**
 * @param {string} label
 * @param {string} place the address of the list, such as `#/deliveries`
 * @param {Record<string, string>} wanted what the address asks for; changed when the person changes it
 * @param {HTMLElement[]} controls
 * @param {() => List} list
 */
export function filterBar(label, place, wanted, controls, list) {
  const alert = h("p", { class: "defect", role: "alert" });
  const clear = button(
    "Clear",
    () => {
      for (const control of inputs()) control.value = "";
      apply();
    },
    "quiet",
  );
  const form = h(
    "form",
    { class: "filters", role: "search", "aria-label": label, novalidate: true },
    ...controls,
    controls.length > 1 && clear,
    alert,
  );
  const inputs = () => /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([...form.querySelectorAll("input, select")]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change();
  });
  // A date that is being typed goes through years such as 2 and 20: it counts once it is one that can be.
  form.addEventListener("change", change);
  form.addEventListener("focusout", ({ target }) => {
    if (target instanceof HTMLInputElement && !target.validity.valid) {
      target.setAttribute("aria-invalid", "true");
      alert.textContent = "Enter a whole date, with a year from 2000 on.";
    }
  });

  function change() {
    if (inputs().every(({ validity }) => validity.valid)) apply();
  }

  function apply() {
    let same = true;
    for (const control of inputs()) {
      const typed = control.value.trim();
      const value = control.type === "datetime-local" && typed ? fromLocalInput(typed) : typed;
      if (wanted[control.name] !== value) same = false;
      wanted[control.name] = value;
    }
    if (same) return;
    // Not a step of its own in the history: Back leads out of the list.
    history.replaceState(history.state, "", withQuery(place, wanted));
    load().catch((error) => list().clear(failure(error, load)));
  }

  /** Shows what is wanted, or what is wrong with that. */
  async function load() {
    alert.textContent = "";
    for (const control of inputs()) control.removeAttribute("aria-invalid");
    try {
      await list().load();
    } catch (error) {
      if (isAbort(error)) return;
      const wrong = defects(error);
      if (error instanceof ApiError && error.status === 400 && wrong.length) {
        alert.textContent = wrong.join(" ");
        for (const { field } of error.errors)
          form.querySelector(`[name="${CSS.escape(field)}"]`)?.setAttribute("aria-invalid", "true");
        list().clear(empty("These filters are not valid", h("p", {}, "Correct the marked filters, or clear them.")));
      } else if (error instanceof ApiError && error.status === 401) throw error;
      else list().clear(failure(error, load));
    }
  }
  return { form, load };
}

/** @param {string} name @param {string} value */
export const dateTime = (name, value) =>
  h("input", { type: "datetime-local", name, value, min: "2000-01-01T00:00", max: "2100-12-31T23:59" });
