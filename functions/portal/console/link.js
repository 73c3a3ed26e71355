/**
 * Portal links: the page at `/portal/lnk_...` is the console with a token in place of a key. The token comes behind the `#`,
 * which no server sees; it leaves the address at once and stays in the memory of this tab. Such a page neither asks other tabs
 * for their key nor hears of it: who may frame it gets at no key.
 */

import { session } from "./memory.js";

/** @typedef {{ token: string, scopes: string[], readOnly: boolean, theme: string }} Link */

const id = location.pathname.match(/^\/portal\/(lnk_[0-9A-Z]{26})$/)?.[1];
const PLACE = `workskedge.link.${id}`;

/** Whether this page is the console of a portal link. */
export const linked = location.pathname.startsWith("/portal/");
/** @type {Link | null} */
let link = linked ? (arrived() ?? JSON.parse(session.getItem(PLACE) ?? "null")) : null;

/** The token, or "" when there is none, or it works no more. */
export const linkToken = () => link?.token ?? "";
/** Whether it can only look. */
export const viewOnly = link?.readOnly ?? false;
/**
 * Whether a call with this scope can succeed: with a key the response says, with a link it is known before.
 * @param {string} scope
 */
export const mayUse = (scope) => !linked || (link?.scopes.includes(scope) ?? false);

/** Forgets the token. */
export function dropLink() {
  link = null;
  session.removeItem(PLACE);
}

/** The theme that the page is to have, or chose since. */
export const linkTheme = () => link?.theme ?? "";

/** @param {string} theme */
export function setLinkTheme(theme) {
  if (link) keep({ ...link, theme });
}

/** @param {Link} wanted */
function keep(wanted) {
  link = wanted;
  session.setItem(PLACE, JSON.stringify(wanted));
}

/** What came behind the `#`, which is taken out of the address. @returns {Link | null} */
function arrived() {
  const sent = new URLSearchParams(location.hash.slice(1));
  const token = sent.get("token");
  if (!token || !id) return null;
  history.replaceState(history.state, "", `${location.pathname}#/`);
  const scopes = (sent.get("scopes") ?? "").split(",");
  const found = {
    token,
    scopes,
    readOnly: sent.get("readOnly") === "true",
    theme: ["light", "dark"].find((theme) => theme === sent.get("theme")) ?? "",
  };
  session.setItem(PLACE, JSON.stringify(found));
  return found;
}

// The docs can't be framed, and are no part of this console: they open beside it.
if (linked)
  document.addEventListener("click", ({ target }) => {
    const anchor = target instanceof Element ? target.closest("a[href^='/']") : null;
    if (!(anchor instanceof HTMLAnchorElement)) return;
    anchor.target = "_blank";
    anchor.rel = "noopener";
  });
