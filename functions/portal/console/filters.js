/** A bar of filters over a list: the address says what is wanted, the list follows, the bar and the focus stay. */

import { ApiError, changes, withQuery } from "./api.js";
import { h } from "./dom.js";
import { fromLocalInput, localInput, zoneLabel } from "./format.js";
import { filter, select } from "./form.js";
import { button, defects, empty, failure, isAbort } from "./parts.js";

/** The address of each list as it was last looked at, filters included. @type {Map<string, string>} */
const latest = new Map();
changes.addEventListener("signedout", () => latest.clear());

/** Where a link back to a list leads: to the list as it was left. @param {string} place such as `#/deliveries` */
export const listAddress = (place) => latest.get(place) ?? place;

/**
 * @param {string} label
 * @param {string} place the address of the list, such as `#/deliveries`
 * @param {Record<string, string>} wanted what the address asks for; changed when the person changes it
 * @param {HTMLElement[]} controls
 * @param {() => Ui.List} list
 */
export function filterBar(label, place, wanted, controls, list) {
  const alert = h("p.defect", { role: "alert" });
  latest.set(place, withQuery(place, wanted));
  const clear = button(
    "Clear",
    () => {
      for (const control of inputs()) control.value = "";
      apply();
    },
    "quiet",
  );
  const form = h("form.filters", { role: "search", "aria-label": label, novalidate: true },
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
    if (inputs().every(({ validity }) => validity.valid) && inOrder()) apply();
  }

  /** Whether the span of time does not end before it begins. */
  function inOrder() {
    const [since, until] = ["since", "until"].map((name) => inputs().find((input) => input.name === name));
    if (!since?.value || !until?.value || since.value < until.value) return true;
    until.setAttribute("aria-invalid", "true");
    alert.textContent = "Until must be later than From.";
    return false;
  }

  function apply() {
    let same = true;
    for (const control of inputs()) {
      const typed = control.value.trim();
      const value = control.type === "datetime-local" && typed ? (control.dataset.at ?? "") : typed;
      if (wanted[control.name] !== value) same = false;
      wanted[control.name] = value;
    }
    if (same) return;
    // Not a step of its own in the history: Back leads out of the list.
    latest.set(place, withQuery(place, wanted));
    history.replaceState(history.state, "", latest.get(place));
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
        list().clear(empty("These filters are not valid", h("p", "Correct the marked filters, or clear them.")));
      } else if (error instanceof ApiError && error.status === 401) throw error;
      else list().clear(failure(error, load));
    }
  }
  return { form, load };
}

/**
 * An input for an instant, in the zone that is chosen.
 * @param {string} name
 * @param {string | number} [at] the instant that it has at first
 */
export function dateTime(name, at = "") {
  const value = localInput(at);
  const step = value.length > 16 ? 1 : 60;
  const input = h("input", { type: "datetime-local", name, value, step, min: "2000-01-01T00:00", max: "2100-12-31T23:59" });
  input.dataset.at = value && new Date(at).toISOString().replace(".000Z", "Z");
  input.addEventListener("change", () => (input.dataset.at = input.value && fromLocalInput(input.value)));
  return input;
}

/**
 * What an address asks for, by the names of filters.
 * @param {URLSearchParams} query
 * @param {string[]} names
 * @returns {Record<string, string>}
 */
export const wantedBy = (query, names) => Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));

/**
 * A filter with these values, or any.
 * @param {string} label
 * @param {string} name
 * @param {string[][]} options value and word
 * @param {Record<string, string>} wanted
 */
export const oneOf = (label, name, options, wanted) => filter(label, select(name, [["", "Any"], ...options], wanted[name]));

/**
 * A filter that is typed.
 * @param {string} label
 * @param {string} name
 * @param {string} placeholder
 * @param {Record<string, string>} wanted
 */
export const typed = (label, name, placeholder, wanted) =>
  filter(label, h("input", { name, value: wanted[name], placeholder, spellcheck: "false" }));

/** Values that are their own words. @param {string[]} values */
export const plain = (values) => values.map((value) => [value, value]);

/** A span of time as two filters, which stay side by side. @param {Record<string, string>} wanted */
export const spanFilter = ({ since, until }) =>
  h("div.span",
    filter(["From (", zoneLabel(), ")"], dateTime("since", since)),
    filter(["Until (", zoneLabel(), ")"], dateTime("until", until)),
  );
