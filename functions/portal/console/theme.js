/** Light or dark: as the system says, as a portal link says, or as the person chose here. */

import { h } from "./dom.js";
import { linkTheme, linked, setLinkTheme } from "./link.js";
import { lasting } from "./memory.js";

const CHOICE = "workskedge.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const choice = () => (linked ? linkTheme() : lasting.getItem(CHOICE));
const isDark = () => (choice() || (dark.matches ? "dark" : "light")) === "dark";

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
    const wanted = isDark() ? "light" : "dark";
    if (linked) setLinkTheme(wanted);
    else lasting.setItem(CHOICE, wanted);
    apply();
    element.textContent = word();
  }
  return element;
}
