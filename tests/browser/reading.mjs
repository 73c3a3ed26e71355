// The docs, for somebody who looks for something.
import assert from "node:assert/strict";
import { leave, open } from "./journeys.mjs";

/** How far below the top a heading may be that was jumped to: it is not behind the bar, and not below what is seen. */
const [HIGHEST, LOWEST] = [50, 400];

/** From words to the heading that has them; what is not there, and what could not be fetched, is said. */
export async function reading(browser, system) {
  const page = await open(browser, system);
  await page.goto("/docs");
  const search = page.getByRole("searchbox", { name: "Search the docs" });
  const found = page.locator("#found");

  await search.fill("manual retries");
  await found.getByRole("link", { name: "Retries and idempotency › Manual retries" }).waitFor();
  assert.match(await page.getByRole("status").textContent(), /^\d+ results$/);
  await search.press("Enter");
  await page.waitForURL("**/docs/retries#manual-retries");
  await seen(page, "manual-retries");

  // Another heading of the page that is read: nothing is loaded, and the list goes.
  await search.fill("failing endpoints");
  await found.getByRole("link", { name: "› Failing endpoints" }).click();
  await page.waitForURL("**/docs/retries#failing-endpoints");
  await found.waitFor({ state: "hidden" });
  await seen(page, "failing-endpoints");

  // A word of a title finds the page itself first; words that stand in different places of a page find it too.
  await search.fill("rotate");
  await found.getByRole("link").first().waitFor();
  assert.equal(await found.getByRole("link").first().getAttribute("href"), "/docs/rotating-secrets");
  await search.fill("csrf laravel");
  await found
    .getByRole("link", { name: /Receivers in your framework/ })
    .first()
    .waitFor();

  await search.fill("giraffe");
  await found.getByText("Nothing found").waitFor();
  assert.equal(await page.getByRole("status").textContent(), "Nothing found");
  assert.equal(await found.getByRole("link").count(), 0);
  await search.press("Enter");
  await search.press("Escape");
  await found.waitFor({ state: "hidden" });
  await leave(page);

  await withoutAnIndex(browser, system);
}

/** The list of all pages did not come: that is said, and the next letter asks again. */
async function withoutAnIndex(browser, system) {
  const page = await open(browser, system);
  await page.route("**/docs/search.json", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto("/docs");
  const search = page.getByRole("searchbox", { name: "Search the docs" });
  await search.fill("retries");
  await page.getByText("The search could not be loaded. Type again to retry.").waitFor();
  await page.unroute("**/docs/search.json");
  await search.fill("retry");
  await page.locator("#found").getByRole("link").first().waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("503"));
  await leave(page);
}

/** The heading is where the eyes are. */
async function seen(page, id) {
  await page.waitForFunction(
    ([id, highest, lowest]) => {
      const { top } = document.getElementById(id).getBoundingClientRect();
      return top >= highest && top <= lowest;
    },
    [id, HIGHEST, LOWEST],
  );
}
