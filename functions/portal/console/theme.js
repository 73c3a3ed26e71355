/** Light or dark: as the system says, or as the person chose here. */

import { h } from "./dom.js";

const CHOICE = "workskedge.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (localStorage.getItem(CHOICE) ?? (dark.matches ? "dark" : "light")) === "dark";

/** Applies the choice of an earlier visit. */
export function startTheme() {
  apply();
  dark.addEventListener("change", apply);
}

function apply() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

/** A button that switches to the other theme. */
export function themeButton() {
  const word = () => (isDark() ? "Light theme" : "Dark theme");
  const element = h("button.quiet", { type: "button", onclick: change }, word());
  dark.addEventListener("change", () => (element.textContent = word()));
  function change() {
    localStorage.setItem(CHOICE, isDark() ? "light" : "dark");
    apply();
    element.textContent = word();
  }
  return element;
}
