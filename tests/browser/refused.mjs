// What was wrong with last night's sync: the list of refused calls.
import assert from "node:assert/strict";
import { clock, leave, open, signIn } from "./journeys.mjs";
import { attempt, call } from "./system.mjs";

const rows = (page, count) => page.waitForFunction((count) => document.querySelectorAll("tbody tr").length === count, count);

/** A sync whose calls were refused: which fields of which record, and what to do; filters are kept in the address. */
export async function nightlySync(browser, system) {
  const { id, key } = await call(system, "POST", "/api/keys", { name: "Nightly sync", scopes: ["inbound"] });
  const sync = { base: system.base, key };
  const order = {
    workOrderNumber: "WO-night-1",
    title: "",
    notes: "for Jane Doe",
    materials: [{ name: "rebar", quantity: -1, unit: "ea" }],
  };
  assert.equal((await attempt(sync, "POST", "/api/webhook/workorder", order)).status, 400);
  assert.equal(
    (await attempt(sync, "POST", "/api/webhook/workorder", { workOrderNumber: "WO-night-2", operation: "update" })).status,
    404,
  );
  assert.equal((await attempt(sync, "GET", "/api/endpoints")).status, 403);

  const reader = await call(system, "POST", "/api/keys", { name: "Reads only", scopes: ["webhooks:manage"] });
  const page = await open(browser, system);
  await signIn(page, reader.key);
  const { act, answered } = clock("Why did last night's sync fail?", 2);
  await act(page.getByRole("link", { name: "Refused calls" }).click());
  const row = page.getByRole("row").filter({ hasText: "WO-night-1" });
  await row.getByText("POST /api/webhook/workorder").waitFor();
  for (const told of ["materials[0].quantity", "out_of_range", "title", "required", "a name that is not kept", "unknown_field"])
    await row.getByText(told, { exact: false }).first().waitFor();
  await row.getByText("Correct the fields that are named, then send it again.").waitFor();
  answered();
  assert.doesNotMatch(await page.content(), /Jane|rebar/, "nothing that was sent is shown");
  assert.equal(
    await row.getByRole("link", { name: "validation_failed" }).getAttribute("href"),
    "/docs/errors/validation_failed",
  );

  await page.getByLabel("Number").fill("wo-NIGHT-2");
  await page.keyboard.press("Enter");
  await page.waitForURL(/number=wo-NIGHT-2/);
  const second = page.getByRole("row").filter({ hasText: "WO-night-2" });
  await second.getByText("An update needs a record that exists").waitFor();
  await rows(page, 1);
  await page.getByRole("link", { name: "Nightly sync" }).click();
  await page.waitForURL(new RegExp(`key=${id}$`));
  await page.getByRole("row").filter({ hasText: "The key lacks the scope" }).waitFor();
  await rows(page, 3);
  await page.getByLabel("Status").selectOption("404");
  await page.waitForURL(/status=404/);
  await rows(page, 1);
  await page.reload();
  await rows(page, 1);
  await page.getByLabel("Code").selectOption("last_key");
  await page.getByText("No refused calls match these filters.").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("row").filter({ hasText: "WO-night-1" }).waitFor();
  await leave(page);

  // A record that was never stored is found all the same.
  const other = await open(browser, system);
  await signIn(other, system.key);
  const box = other.getByRole("searchbox", { name: /Search/ });
  const search = clock("What happened to WO-night-2, which was refused?", 2);
  await search.act(box.fill("WO-night-2"));
  await search.act(box.press("Enter"));
  await other.getByRole("row").filter({ hasText: "An update needs a record that exists" }).waitFor();
  search.answered();
  await leave(other);
}
