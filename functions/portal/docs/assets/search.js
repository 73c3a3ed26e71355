// @ts-check
/** Search over all pages: a list of them is fetched when somebody begins, and looked through here. */

/** @typedef {{ path: string, title: string, text: string }} Entry */

const MOST = 8;
const AROUND = 60;

/** @type {Promise<Entry[]> | undefined} */
let entries;
const load = () => (entries ??= fetch("/docs/search.json").then((answer) => answer.json()));

/**
 * How well a page answers to a word. Endings are let go: `rotate` finds `Rotating secrets`.
 * @param {Entry} page
 * @param {string} word
 */
function score(page, word) {
  const stem = word.length > 5 ? word.slice(0, -1) : word;
  const inTitle = page.title.toLowerCase().includes(stem) ? 10 : 0;
  return inTitle + Math.min(page.text.toLowerCase().split(stem).length - 1, 5);
}

/**
 * Pages that have every word, the best first.
 * @param {Entry[]} pages
 * @param {string[]} words
 */
export function find(pages, words) {
  const scored = pages.map((page) => ({ page, scores: words.map((word) => score(page, word)) }));
  const found = scored.filter(({ scores }) => scores.every((each) => each > 0));
  /** @param {number[]} scores */
  const sum = (scores) => scores.reduce((all, each) => all + each, 0);
  return found
    .sort((a, b) => sum(b.scores) - sum(a.scores))
    .slice(0, MOST)
    .map(({ page }) => page);
}

/**
 * The text around the first word.
 * @param {string} text
 * @param {string} word
 */
function excerpt(text, word) {
  const at = Math.max(0, text.toLowerCase().indexOf(word) - AROUND);
  const start = at === 0 ? 0 : text.indexOf(" ", at) + 1;
  const part = text.slice(start, start + 2 * AROUND);
  return `${start > 0 ? "… " : ""}${part}${start + 2 * AROUND < text.length ? "…" : ""}`;
}

/**
 * @param {Entry} page
 * @param {string} word
 */
function result(page, word) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const title = document.createElement("b");
  const text = document.createElement("span");
  link.href = page.path;
  title.textContent = page.title;
  text.textContent = excerpt(page.text, word);
  link.append(title, text);
  item.append(link);
  return item;
}

/** Shows the search, which needs this script. */
export function startSearch() {
  const box = document.getElementById("search");
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById("words"));
  const list = document.getElementById("found");
  const count = document.getElementById("count");
  if (!box || !input || !list || !count) return;
  box.hidden = false;
  const close = () => (list.hidden = true);
  input.addEventListener("focus", load);
  input.addEventListener("input", async () => {
    const typed = input.value;
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length > 0 ? find(await load(), words) : [];
    // Somebody may have typed on meanwhile.
    if (input.value !== typed) return;
    list.replaceChildren(...found.map((page) => result(page, words[0] ?? "")));
    list.hidden = found.length === 0;
    count.textContent = words.length === 0 ? "" : found.length === 1 ? "1 page" : `${found.length} pages`;
  });
  box.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const here = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
    if (event.key === "Escape") (close(), input.focus());
    else if (event.key === "ArrowDown" && !list.hidden) (links[here + 1]?.focus(), event.preventDefault());
    else if (event.key === "ArrowUp" && here >= 0) ((links[here - 1] ?? input).focus(), event.preventDefault());
    else if (event.key === "Enter" && document.activeElement === input) links[0]?.click();
  });
  box.addEventListener("focusout", (event) => {
    if (!box.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
  });
  input.addEventListener("focus", () => (list.hidden = list.childElementCount === 0));
}
