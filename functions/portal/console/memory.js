/**
 * What the browser keeps for this page, or the page itself where the browser refuses to: in a frame of another site, by the
 * settings of its user.
 * @param {() => Storage} storage
 * @returns {Pick<Storage, "getItem" | "setItem" | "removeItem">}
 */
function memory(storage) {
  try {
    return storage();
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    };
  }
}

/** What this tab keeps. */
export const session = memory(() => sessionStorage);
/** What outlives the tab: how pages are looked at. */
export const lasting = memory(() => localStorage);
