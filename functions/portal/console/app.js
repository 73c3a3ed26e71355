/** The frame around every view: sign-in, navigation and routing. */

import { changes, dropKey, signOut, signedIn, usage } from "./api.js";
import { openAlerts } from "./data.js";
import { h, redraw } from "./dom.js";
import { startClock } from "./format.js";
import { linked, mayUse, viewOnly } from "./link.js";
import { keepLive, liveSwitch } from "./live.js";
import { button, closeDialogs, failure, heading, meter, toast } from "./parts.js";
import { askTabs } from "./session.js";
import { startTheme, themeButton } from "./theme.js";
import { alerts } from "./views/alerts.js";
import { audit } from "./views/audit.js";
import { catalog } from "./views/catalog.js";
import { debug } from "./views/debugger.js";
import { deliveries } from "./views/deliveries.js";
import { delivery } from "./views/delivery.js";
import { endpoint } from "./views/endpoint.js";
import { editEndpoint, newEndpoint } from "./views/endpoint-form.js";
import { endpoints } from "./views/endpoints.js";
import { event, events } from "./views/events.js";
import { keys } from "./views/keys.js";
import { overview } from "./views/overview.js";
import { record } from "./views/record.js";
import { replay } from "./views/replay.js";
import { search, searchBox } from "./views/search.js";
import { requests } from "./views/requests.js";
import { expiredView, signInView } from "./views/sign-in.js";
import { zone, zoneChoice } from "./zone.js";

/** How often views are shown anew by themselves. Those with forms and those with lists keep themselves up to date. */
const [OFTEN_MS, SELDOM_MS] = [20_000, 60_000];
/** @type {[RegExp, Ui.View, number?][]} */
const VIEWS = [
  [/^$/, overview, OFTEN_MS],
  [/^endpoints$/, endpoints, OFTEN_MS],
  [/^endpoints\/new$/, newEndpoint],
  [/^endpoints\/[^/]+$/, endpoint],
  [/^endpoints\/[^/]+\/edit$/, editEndpoint],
  [/^deliveries$/, deliveries],
  [/^deliveries\/[^/]+$/, delivery],
  [/^replay$/, replay],
  [/^events$/, events],
  [/^events\/[^/]+$/, event],
  [/^records\/[^/]+\/[^/]+$/, record],
  [/^search$/, search],
  [/^catalog(\/[^/]+)?$/, catalog],
  [/^alerts$/, alerts],
  [/^requests$/, requests],
  [/^audit$/, audit],
  [/^keys$/, keys, SELDOM_MS],
  [/^debugger$/, debug],
];

/** Places that need another scope than the console itself. @type {Record<string, string>} */
const SCOPES = { audit: "audit:read", keys: "keys:manage" };
/** @type {[string, string][]} */
const PLACES = [
  ["", "Overview"],
  ["endpoints", "Endpoints"],
  ["deliveries", "Deliveries"],
  ["events", "Events"],
  ["alerts", "Alerts"],
  ["requests", "Refused calls"],
  ["replay", "Replay"],
  ["catalog", "Event catalog"],
  ["audit", "Audit log"],
  ["keys", "API keys"],
  ["debugger", "Signature debugger"],
];

/** Whether there is anything in a place for who has this key or link. @param {string} path */
const isOpen = (path) => mayUse(SCOPES[path] ?? "webhooks:manage") && !(viewOnly && ["replay", "debugger"].includes(path));

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
let leaving = new AbortController();
/** Scroll positions of pages in the history. @type {Map<string, number>} */
const places = new Map();
let here = "";

startTheme();
startClock();
changes.addEventListener("usage", () => {
  showUsage();
  if (signedIn() && !document.hidden) showOpenAlerts();
});
changes.addEventListener("signedout", start);
changes.addEventListener("refused", () => {
  // During sign-in the form shows the error.
  if (app.className !== "inside") return;
  if (!linked) toast("This key is no longer valid. Sign in with another one.", "bad");
  dropKey();
});
window.addEventListener("hashchange", () => {
  // Other fragments are anchors on a page, not pages.
  if (/^(#\/|$)/.test(location.hash) && signedIn()) show();
});
window.addEventListener("reload", () => signedIn() && show(true));
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  const content = document.getElementById("content");
  content?.focus();
  content?.scrollIntoView();
});
history.scrollRestoration = "manual";
if (!signedIn()) await askTabs();
start();
// Another tab may sign in while this one asks for a key.
changes.addEventListener("signedin", start);

/** Draws the frame anew: after signing in or out. */
function start() {
  leaving.abort();
  closeDialogs();
  const main = h("main", { id: "content", tabindex: "-1" });
  app.className = signedIn() ? "inside" : "outside";
  if (!signedIn()) {
    document.title = `${linked ? "Link expired" : "Sign in"} · WorkSkedge Webhooks`;
    main.append(linked ? expiredView() : signInView(start));
    app.replaceChildren(main);
    return;
  }
  const strip = h("section.strip", { "aria-label": "Display" }, liveSwitch(), h("label", h("span", "Times"), zoneChoice()));
  app.replaceChildren(frame(), strip, main);
  showUsage();
  show();
}

function frame() {
  const links = PLACES.filter(([path]) => isOpen(path)).map(([path, name]) => h("li", h("a", { href: `#/${path}`, "data-place": path }, name),
    path === "alerts" && h("span.tally", { id: "open-alerts" })));
  const menu = h("details.menu",
    h("summary", "Menu"),
    h("nav", { "aria-label": "Console" }, h("ul", links)),
    h("div.usage", { id: "usage", role: "group", "aria-label": "Calls of this key" }),
    h("div.foot",
      h("a", { href: "/docs" }, "Docs"), !linked && h("a", { href: "/docs/explorer" }, "API explorer"),
      themeButton(), !linked && button("Sign out", signOut, "quiet"), viewOnly && h("span.badge.idle", "View only")));
  const wide = matchMedia("(min-width: 60rem)");
  menu.open = wide.matches;
  wide.addEventListener("change", () => (menu.open = wide.matches));
  return h("header.bar",
    h("a.brand", { href: "#/" }, h("img", { src: "/console/icon.svg", alt: "", width: 26, height: 26 }), "WorkSkedge"),
    searchBox(),
    menu);
}

/** Shows beside the link how many alerts are open. */
async function showOpenAlerts() {
  const number = await openAlerts();
  document.getElementById("open-alerts")?.replaceChildren(...(number ? [number, h("span.hidden", " open")] : []));
}

/** Shows what the key has used of both windows, as the latest response says. */
function showUsage() {
  const windows = usage();
  const shown = (/** @type {string} */ name, /** @type {Ui.Window} */ { limit, remaining }) =>
    meter(limit - remaining, limit, `Calls ${name.toLowerCase()}`, name);
  const meters = windows && [shown("This minute", windows.minute), shown("This hour", windows.hour)];
  document.getElementById("usage")?.replaceChildren(...(meters ?? []));
}

/** Stores the scroll position of the page that is left, and returns that of the page that is shown now, if it was left before. */
function turnPage() {
  if (here) places.set(here, window.scrollY);
  here = history.state?.place ?? crypto.randomUUID();
  history.replaceState({ place: here }, "");
  return places.get(here);
}

/** Shows the view that the address names. @param {boolean} [again] whether the same page is shown again with fresh data */
async function show(again = false) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (!again) closeDialogs();
  const left = again ? undefined : turnPage();
  const top = again ? window.scrollY : (left ?? 0);
  const [path = "", query = ""] = (location.hash.startsWith("#/") ? location.hash.slice(2) : "").split("?");
  const main = /** @type {HTMLElement} */ (document.getElementById("content"));
  mark(path);
  const parts = path.split("/").map(decoded);
  const [, view, every] = (!parts.includes(null) && VIEWS.find(([pattern]) => pattern.test(path))) || [];
  const waiting = setTimeout(() => signal.aborted || again || main.replaceChildren(skeleton()), 120);
  main.setAttribute("aria-busy", "true");
  try {
    const route = { path: parts.map(String), query: new URLSearchParams(query), signal, back: left !== undefined };
    const shown = view ? await view(route) : [heading("Page not found", { lead: h("a", { href: "#/" }, "Go to the overview") })];
    if (signal.aborted) return;
    settle(main, shown, again, top);
    if (view && every) keepShown(main, () => view({ ...route, back: false }), signal, every);
  } catch (error) {
    if (!signal.aborted) settle(main, [failed(error)], again, top);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) {
      main.removeAttribute("aria-busy");
      showOpenAlerts();
    }
  }
}

/**
 * Shows a view anew from time to time, and when times are to be in another zone: drawings have theirs in their words.
 * @param {HTMLElement} main
 * @param {() => Promise<HTMLElement[]> | HTMLElement[]} view
 * @param {AbortSignal} signal
 * @param {number} every
 */
function keepShown(main, view, signal, every) {
  const renew = async () => {
    const shown = await view();
    if (!signal.aborted) redraw(main, () => main.replaceChildren(...shown));
  };
  keepLive(renew, signal, { every });
  zone.addEventListener("changed", () => renew().catch(() => {}), { signal });
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** @param {HTMLElement} main @param {HTMLElement[]} shown @param {boolean} again @param {number} top the scroll position */
function settle(main, shown, again, top) {
  const kept = redraw(main, () => main.replaceChildren(...shown));
  const title = main.querySelector("h1");
  document.title = `${title?.textContent ?? ""} · WorkSkedge Webhooks`;
  // After navigation the focus is on the title, for keyboards and screen readers; otherwise it stays.
  if (!(again && kept) && !document.querySelector("dialog[open]")) title?.focus({ preventScroll: true });
  window.scrollTo(0, top);
}

/** @param {unknown} error */
function failed(error) {
  return h("div", h("h1", { tabindex: "-1" }, "This page could not be loaded"), failure(error, show));
}

/** @param {string} path */
function mark(path) {
  const place = path.split("/")[0] ?? "";
  for (const link of document.querySelectorAll("[data-place]")) {
    if (link.getAttribute("data-place") === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const menu = document.querySelector("details.menu");
  if (menu instanceof HTMLDetailsElement && !matchMedia("(min-width: 60rem)").matches) menu.open = false;
}

/** A placeholder while a view loads, so that the page does not jump. */
const skeleton = () =>
  h("div.skeleton", { "aria-hidden": "true" }, h("div"), h("div"), h("div"), h("div"));
