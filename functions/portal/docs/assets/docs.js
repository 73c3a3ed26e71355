// @ts-check
/** What pages can do beyond being read: copy, change the theme, keep the language that was chosen. */

import { startTheme, themeButton } from "/console/theme.js";

const LANGUAGE = "workskedge.language";

startTheme();
document.getElementById("site")?.append(themeButton());

// On a narrow screen the contents would stand before the page.
const contents = document.getElementById("contents");
const wide = matchMedia("(min-width: 60rem)");
const fold = () => contents?.toggleAttribute("open", wide.matches);
wide.addEventListener("change", fold);
fold();

for (const figure of document.querySelectorAll("figure.code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(figure.querySelector("code")?.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  figure.querySelector("figcaption")?.append(button);
}

const choices = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(".tabs input"));
/** @param {HTMLInputElement} input */
const language = (input) => input.labels?.[0]?.textContent ?? "";
for (const input of choices) {
  if (language(input) === localStorage.getItem(LANGUAGE)) input.checked = true;
  input.addEventListener("change", () => localStorage.setItem(LANGUAGE, language(input)));
}
