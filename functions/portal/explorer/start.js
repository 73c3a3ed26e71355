// @ts-check
/**
 * Opens the explorer on this deployment's own description, with the key that open tabs are signed in with. Nothing leaves
 * this site, and the key stays in the memory of the page: Scalar would store it only with `persistAuth`.
 */

import { askTabs, changes, ownKey, signedIn } from "/console/session.js";
import { startTheme, themeButton } from "/console/theme.js";
import { fillIn } from "./examples.js";

const root = document.documentElement;

startTheme();
document.getElementById("site")?.append(themeButton());
wear();
new MutationObserver(wear).observe(root, { attributeFilter: ["data-theme"] });
new MutationObserver(wear).observe(document.body, { attributeFilter: ["class"] });
if (!signedIn()) await askTabs();
await open();
// Scalar has been handed the key: a new page has none, or the next one.
for (const turn of ["signedin", "signedout"]) changes.addEventListener(turn, () => location.reload());

/** Scalar's theme is a class of the body, which it sets by the system's theme: here it is the one that was chosen. */
function wear() {
  const dark = root.dataset.theme === "dark";
  document.body.classList.toggle("dark-mode", dark);
  document.body.classList.toggle("light-mode", !dark);
}

async function open() {
  const answer = await fetch("/openapi.json").catch(() => null);
  if (!answer?.ok) {
    const app = /** @type {HTMLElement} */ (document.getElementById("app"));
    app.textContent = "The API's description can't be loaded. Check your connection, then reload this page.";
    return;
  }
  Scalar.createApiReference("#app", {
    content: await fillIn(await answer.json()),
    theme: "none",
    withDefaultFonts: false,
    hideDarkModeToggle: true,
    telemetry: false,
    showDeveloperTools: "never",
    hideClientButton: true,
    // What is filled in is the account's: the description as it is has a link above.
    documentDownloadType: "none",
    agent: { disabled: true },
    mcp: { disabled: true },
    orderSchemaPropertiesBy: "preserve",
    authentication: { preferredSecurityScheme: "apiKey", securitySchemes: { apiKey: { value: ownKey() } } },
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    metaData: { title: "API explorer · WorkSkedge Webhooks" },
  });
}
