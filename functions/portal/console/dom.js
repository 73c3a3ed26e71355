/** Creates elements. Text is always text: nothing that comes from the API can become markup. */

/**
 * An element: `h("p.small.muted", { id: "x" }, "text")`. Attributes can be left out. Functions are listeners (`onclick`),
 * `true` is an attribute without a value, null and false are none.
 * @type {<T extends Ui.Tag>(tag: T, ...more: Ui.Content) => Ui.ElementOf<T>}
 */
export function h(tag, ...more) {
  const [name = "", ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  return /** @type {any} */ (filled(element, more));
}

/** The same for SVG, without classes. @type {(tag: string, ...more: Ui.Content) => SVGElement} */
export const svg = (tag, ...more) =>
  /** @type {SVGElement} */ (filled(document.createElementNS("http://www.w3.org/2000/svg", tag), more));

/** @param {Element} element @param {Ui.Content} more */
function filled(element, more) {
  const [first, ...rest] = more;
  const hasProps = isProps(first);
  if (hasProps) set(element, first);
  element.append(...nodes(/** @type {Ui.Children[]} */ (hasProps ? rest : more)));
  return element;
}

/** @param {unknown} one @returns {one is Ui.Props} */
const isProps = (one) => typeof one === "object" && one !== null && !(one instanceof Node) && !Array.isArray(one);

/** @param {unknown} one */
const isThere = (one) => one !== null && one !== undefined && one !== false;

/** @param {Element} element @param {Ui.Props} props */
function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (isThere(value)) element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {(Ui.Children)[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children
    .flat()
    .filter(isThere)
    .map((child) => (child instanceof Node ? child : String(child)));
}

let last = 0;

/** An id that nothing else on the page has. */
export function freshId() {
  last += 1;
  return `x${last}`;
}

/**
 * Redraws `root` and keeps the user's place: focus returns to the same control, open details stay open. Tables in it hear
 * that they are `drawn`. Returns whether the focus could be kept.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function redraw(root, draw) {
  const active = document.activeElement;
  const focused = active instanceof HTMLElement && root.contains(active) ? active : null;
  const name = focused && nameOf(focused);
  const open = new Set([...root.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  draw();
  for (const frame of root.querySelectorAll(".table")) frame.dispatchEvent(new Event("drawn"));
  for (const summary of root.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement?.setAttribute("open", "");
  }
  if (!focused || document.activeElement === focused) return focused !== null;
  const same = [...root.querySelectorAll(focused.tagName)].find((element) => nameOf(element) === name);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
  return same !== undefined;
}

/** What identifies a control among others with the same tag: `data-key` where its text changes. @param {Element} element */
const nameOf = (element) =>
  element.getAttribute("data-key") ?? element.getAttribute("aria-label") ?? element.getAttribute("name") ?? element.textContent;
