// @ts-check
/** Search over all pages and their headings: a list of them is fetched when somebody begins, and looked through here. */

/** @typedef {{ id: string, title: string, text: string }} Part */
/** @typedef {{ path: string, title: string, parts: Part[] }} Entry */
/** @typedef {{ page: Entry, part: Part, score: number }} Hit */

const MOST = 8;
/** No page fills the list by itself. */
const MOST_OF_A_PAGE = 2;
const AROUND = 60;

/** @type {Promise<Entry[]> | undefined} */
let entries;
const load = () => (entries ??= fetchEntries());

async function fetchEntries() {
  try {
    const answer = await fetch("/docs/search.json");
    if (!answer.ok) throw new Error(`search.json: ${answer.status}`);
    return /** @type {Entry[]} */ (await answer.json());
  } catch (error) {
    entries = undefined; // the next key tries again
    throw error;
  }
}

/** Endings are let go: `rotate` finds `Rotating secrets`. @param {string} word */
const stem = (word) => (word.length > 5 ? word.slice(0, -1) : word);

/** How often a word is in a text; more than five times is no better. @param {string} text @param {string} word */
const times = (text, word) => Math.min(text.toLowerCase().split(word).length - 1, 5);

/**
 * How well a part of a page answers to a word. What a page begins with stands for the page: its title is that of the page.
 * @param {Entry} page
 * @param {Part} part
 * @param {string} word
 */
function score(page, part, word) {
  /** @param {string} title @param {number} worth */
  const inTitle = (title, worth) => (title.toLowerCase().includes(word) ? worth : 0);
  return (part.id ? inTitle(part.title, 10) : inTitle(page.title, 15)) + times(part.text, word);
}

/**
 * The best parts of a page that has every word somewhere.
 * @param {Entry} page
 * @param {string[]} words
 * @returns {Hit[]}
 */
function hits(page, words) {
  const parts = page.parts.map((part) => ({ part, scores: words.map((word) => score(page, part, word)) }));
  if (!words.every((_, i) => parts.some(({ scores }) => scores[i]))) return [];
  // All words under one heading are better than each of them many times in different places.
  const found = parts.map(({ part, scores }) => ({
    page,
    part,
    all: scores.every(Boolean),
    score: scores.reduce((sum, each) => sum + each, 0) + 20 * scores.filter(Boolean).length,
  }));
  const best = found.sort((a, b) => b.score - a.score).slice(0, MOST_OF_A_PAGE);
  return best.filter(({ all }, i) => i === 0 || all);
}

/**
 * The parts of pages that answer to what was typed, the best first.
 * @param {Entry[]} pages
 * @param {string[]} words
 */
export function find(pages, words) {
  const stems = words.map(stem);
  const found = pages.flatMap((page) => hits(page, stems));
  return found.sort((a, b) => b.score - a.score).slice(0, MOST);
}

/**
 * The text around the first word that is there.
 * @param {string} text
 * @param {string[]} words
 */
function excerpt(text, words) {
  const places = words.map((word) => text.toLowerCase().indexOf(stem(word))).filter((place) => place >= 0);
  const at = Math.max(0, (places[0] ?? 0) - AROUND);
  const start = at === 0 ? 0 : text.indexOf(" ", at) + 1;
  const part = text.slice(start, start + 2 * AROUND);
  return `${start > 0 ? "… " : ""}${part}${start + 2 * AROUND < text.length ? "…" : ""}`;
}

/**
 * @param {Hit} hit
 * @param {string[]} words
 */
function result({ page, part }, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const title = document.createElement("b");
  const text = document.createElement("span");
  link.href = part.id ? `${page.path}#${part.id}` : page.path;
  title.textContent = part.title ? `${page.title} › ${part.title}` : page.title;
  text.textContent = excerpt(part.text, words);
  link.append(title, text);
  item.append(link);
  return item;
}

/** @param {string} words */
function message(words) {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = words;
  return item;
}

/**
 * What the list shows for these words, and what is said of it.
 * @param {string[]} words
 * @returns {Promise<[HTMLLIElement[], string]>}
 */
async function answer(words) {
  if (words.length === 0) return [[], ""];
  try {
    const found = find(await load(), words);
    if (found.length === 0) return [[message("Nothing found. Try fewer words, or another one.")], "Nothing found"];
    return [found.map((hit) => result(hit, words)), found.length === 1 ? "1 result" : `${found.length} results`];
  } catch {
    return [[message("The search could not be loaded. Type again to retry.")], "The search could not be loaded"];
  }
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
  input.addEventListener("focus", () => load().catch(() => undefined));
  input.addEventListener("input", async () => {
    const typed = input.value;
    const [items, said] = await answer(typed.toLowerCase().split(/\s+/).filter(Boolean));
    // Somebody may have typed on meanwhile.
    if (input.value !== typed) return;
    list.replaceChildren(...items);
    list.hidden = items.length === 0;
    count.textContent = said;
  });
  // A heading of this very page: nothing is loaded that would close the list.
  list.addEventListener("click", close);
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
