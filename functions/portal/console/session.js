/**
 * The key that the open tabs are signed in with. Each tab has it in its own memory (`sessionStorage`), and hands it to a
 * new tab through a channel that pages of this origin alone can hear. When the last tab is closed, it is gone.
 */

import { dropLink, linkToken, linked } from "./link.js";
import { session } from "./memory.js";

const KEY = "workskedge.key";
/** How long a new tab waits for an answer of the others before it asks for a key. */
const PATIENCE_MS = 250;

/** `signedin`, `signedout`; of calls: `usage`, `changed` and `refused`. */
export const changes = new EventTarget();

/** The page of a portal link has a token of its own, and no part in this. */
const tabs = linked ? null : new BroadcastChannel("workskedge.session");
/** Keys that the API has refused: another tab may have one of them still. @type {Set<string>} */
const refused = new Set();

/** The key of this tab, or the token of its portal link, or "". */
export const ownKey = () => (linked ? linkToken() : (session.getItem(KEY) ?? ""));
/** Whether this tab has a key. */
export const signedIn = () => ownKey() !== "";
/** Whether the key of this tab ends like this hint, which is all that lists show of a key. @param {string} hint */
export const isOwnKey = (hint) => ownKey().endsWith(hint.replace("…", ""));

/** @param {Ui.Message} message */
const tell = (message) => tabs?.postMessage(message);

/**
 * Signs in this tab, and with it those that wait for a key. Tabs with the key that this one takes the place of go on with it.
 * @param {string} key
 */
export function signIn(key) {
  const instead = ownKey();
  session.setItem(KEY, key);
  tell(instead ? { key, instead } : { key });
}

/** Forgets the key, in all tabs that have it. */
export function signOut() {
  tell({ out: ownKey() });
  forget();
}

/** Forgets the key, which the API does not know any more. Each tab finds that out for itself: one may have another by now. */
export function dropKey() {
  refused.add(ownKey());
  forget();
}

function forget() {
  if (linked) dropLink();
  else session.removeItem(KEY);
  changes.dispatchEvent(new Event("signedout"));
}

/** Asks the other tabs for their key; resolves once this one has it, or none of them answers. */
export function askTabs() {
  if (!tabs) return Promise.resolve();
  tell({ ask: true });
  return new Promise((resolve) => {
    changes.addEventListener("signedin", resolve, { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}

tabs?.addEventListener("message", (/** @type {MessageEvent<Ui.Message>} */ { data }) => {
  const own = ownKey();
  if ("ask" in data) {
    if (own) tell({ key: own });
  } else if ("out" in data) {
    if (own && own === data.out) forget();
  } else if (own ? own === data.instead : !refused.has(data.key)) {
    session.setItem(KEY, data.key);
    if (!own) changes.dispatchEvent(new Event("signedin"));
  }
});
