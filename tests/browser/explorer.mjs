// The API explorer with the key of the console: each call works as it stands, or is not sent at all.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { leave, open, signIn } from "./journeys.mjs";
import { call, startReceiver, startSystem, until } from "./system.mjs";

/** What the others refer to. */
const FIRST = ["send-employee", "send-project", "send-vendor"];
/** Not sent before somebody names what is to be changed or ended. */
const UNNAMED = [
  "change-alert",
  "delete-endpoint",
  "rotate-secret",
  "promote-secret",
  "delete-key",
  "rotate-key",
  "revoke-portal-link",
];

/** On a system where nothing is yet: first what needs nothing, then what is about something. */
export async function explorer(browser) {
  const system = await startSystem();
  const description = await (await fetch(`${system.base}/openapi.json`)).json();
  const page = await open(browser, system);
  // Scalar draws the whole description anew for each call.
  page.setDefaultTimeout(60_000);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "API explorer" }).first().click();
  const calls = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const about = calls.filter(({ path }) => path.includes("{id}"));
  const first = calls.filter(({ operationId }) => FIRST.includes(operationId));
  for (const one of new Set([...first, ...calls])) if (!about.includes(one)) await works(page, one);

  const receiver = await startReceiver(500);
  await call(system, "POST", "/api/endpoints", { url: receiver.url, events: ["vendor.*"] });
  await call(system, "POST", "/api/webhook/vendor", { vendorNumber: "V-1", name: "Gravel", vendorType: "supplier" });
  await until("the failure", async () => (await call(system, "GET", "/api/deliveries?status=failed")).data[0]);
  await page.reload();
  for (const one of about) await (UNNAMED.includes(one.operationId) ? stays(page, one) : works(page, one));

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie + location.href);
  assert.doesNotMatch(kept, /wsk_/, "the key is in the memory of the tab only");
  await leave(page);
  await rm(system.data, { recursive: true, force: true });
}

/** Opens the call as a request that can be sent. */
async function opened(page, { path, method, tags: [tag] }) {
  const place = `tag/${tag.toLowerCase().replaceAll(" ", "-")}/${method}${path}`;
  await page.evaluate((place) => (location.hash = place), place);
  await page
    .locator(`[id$="/${place}"]`)
    .getByRole("button", { name: /^Test Request/ })
    .click();
  return page.getByRole("dialog");
}

const send = (dialog) => dialog.getByRole("button", { name: /^Send/ }).first().click();

/** The editor of the body takes the first Escape for itself. */
const close = (page, dialog) =>
  until("the end of the dialog", async () => {
    await page.keyboard.press("Escape");
    return (await dialog.count()) === 0;
  });

/** Sent as it stands, it is answered with a 2xx. */
async function works(page, one) {
  const dialog = await opened(page, one);
  const path = new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, "[^/{}]+")}$`);
  const answered = page.waitForResponse(
    (response) => response.request().method() === one.method && path.test(new URL(response.url()).pathname),
  );
  await send(dialog);
  const response = await answered;
  assert.ok(response.ok(), `${one.operationId}: ${response.status()} ${await response.text()}`);
  await close(page, dialog);
}

/** Without an id it is not sent, and that is said. */
async function stays(page, one) {
  const sent = [];
  const note = (request) => request.method() === one.method && sent.push(request.url());
  const dialog = await opened(page, one);
  page.on("request", note);
  await send(dialog);
  await page.getByText("Path parameters must have values").first().waitFor();
  await close(page, dialog);
  page.off("request", note);
  assert.deepEqual(sent, [], one.operationId);
}
