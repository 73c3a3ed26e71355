// @ts-check
/** What pages can do beyond being read: copy, search, change the theme, keep the language that was chosen. */

import { startTheme, themeButton } from "/console/theme.js";
import { startSearch } from "./search.js";

const LANGUAGE = "workskedge.language";
/** What the samples and commands call when they are read outside of a deployment. */
const LOCAL = "http://127.0.0.1:3000";

startTheme();
document.getElementById("site")?.append(themeButton());
startSearch();

// On a narrow screen lists of contents would stand before the page.
const wide = matchMedia("(min-width: 60rem)");
const fold = () => document.querySelectorAll("details.fold").forEach((list) => list.toggleAttribute("open", wide.matches));
wide.addEventListener("change", fold);
fold();
// The contents show where one is.
const current = /** @type {HTMLElement | null} */ (document.querySelector(".side [aria-current]"));
const side = current?.closest(".side");
if (current && side && wide.matches) side.scrollTop = current.offsetTop - side.clientHeight / 2;

// What is copied from here is to call here.
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = texts.nextNode(); text; text = texts.nextNode()) {
  if (text.parentElement?.closest("code")) text.nodeValue = text.nodeValue?.replaceAll(LOCAL, location.origin) ?? "";
}

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
