// Who changed what; and the console in the frame of another page, without a key.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { leave, open, signIn } from "./journeys.mjs";
import { attempt, call } from "./system.mjs";

/** An endpoint that points elsewhere since yesterday: who did that, and what was it before. */
export async function auditing(browser, system) {
  const body = { url: "http://127.0.0.1:9/audited?token=ofthequery", events: ["vendor.*"], status: "disabled" };
  const { id } = await call(system, "POST", "/api/endpoints", body);
  const night = await call(system, "POST", "/api/keys", { name: "Night shift", scopes: ["webhooks:manage"] });
  await call({ base: system.base, key: night.key }, "PATCH", `/api/endpoints/${id}`, { url: "http://127.0.0.1:9/elsewhere" });

  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByLabel("Id of what was changed").fill(id);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`target=${id}`));
  const row = page.getByRole("row").filter({ hasText: "Endpoint changed" });
  for (const told of ["Night shift", "127.0.0.1", "http://127.0.0.1:9/audited?token=…", "http://127.0.0.1:9/elsewhere"])
    await row.getByText(told, { exact: false }).first().waitFor();
  assert.doesNotMatch(await page.content(), /ofthequery/, "no value of a query");
  await row.getByRole("link", { name: night.id.slice(-6) }).click();
  await page.waitForURL(new RegExp(`actor=${night.id}$`));
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await leave(page);
}

/** A page of another origin that shows what its user has chosen in a frame. */
async function elsewhere() {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://localhost").searchParams.get("url") ?? "";
    response.setHeader("Content-Type", "text/html");
    response.end(
      `<!doctype html><title>Settings</title><iframe src="${url.replaceAll("&", "&amp;")}" width="1200" height="700"></iframe>`,
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const shown = (/** @type {string} */ url) => `http://localhost:${server.address().port}/?url=${encodeURIComponent(url)}`;
  return { server, origin: `http://localhost:${server.address().port}`, shown };
}

/** The settings page of a dashboard: its users look at their webhooks, and change nothing, until the link is revoked. */
export async function dashboard(browser, system) {
  await call(system, "POST", "/api/endpoints", {
    url: "http://127.0.0.1:9/framed",
    events: ["*"],
    status: "disabled",
    description: "Framed",
  });
  const { server, origin, shown } = await elsewhere();
  const body = { name: "user 4711", origins: [origin], theme: "dark", scopes: ["webhooks:manage", "audit:read"] };
  const link = await call(system, "POST", "/api/portal-links", body);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));

  await page.goto(shown(link.url));
  const frame = page.frameLocator("iframe");
  await frame.getByText("View only").waitFor();
  assert.equal(await frame.locator("html").getAttribute("data-theme"), "dark");
  for (const hidden of ["API keys", "Replay", "Signature debugger", "Sign out", "API explorer"])
    assert.equal(await frame.getByText(hidden, { exact: true }).count(), 0, hidden);
  await frame.getByRole("link", { name: "Endpoints", exact: true }).click();
  await frame.getByRole("link", { name: "Framed" }).click();
  await frame.getByRole("heading", { name: "Framed" }).waitFor();
  for (const action of ["Edit", "Enable", "Delete", "Reveal", "Rotate", "Send test"])
    assert.equal(await frame.getByRole("button", { name: action }).count(), 0, action);
  assert.ok(!page.frames()[1].url().includes("wsl_"), "the token has left the address");
  const own = requests.filter((url) => url.startsWith(system.base));
  assert.ok(
    own.length > 0 && !own.some((url) => new URL(url).pathname.includes("wsl_") || url.includes("?token")),
    "no request has it",
  );
  await frame.getByRole("link", { name: "Audit log" }).click();
  await frame.getByText("user 4711").first().waitFor();

  // A page of another origin gets nothing, and neither does anybody who frames the console itself.
  const other = await elsewhere();
  for (const url of [link.url, `${system.base}/`]) {
    await page.goto(other.shown(url));
    await page.waitForFunction(() => document.readyState === "complete");
    assert.equal(await page.frameLocator("iframe").getByText("WorkSkedge").count(), 0, "framed by a page that is not named");
  }

  // Who signs in with a key beside it keeps that key to themselves.
  const beside = await context.newPage();
  await beside.goto(`${system.base}/`);
  await beside.getByLabel("API key").fill(system.key);
  await beside.getByRole("button", { name: "Sign in" }).click();
  await beside.getByRole("link", { name: "API keys" }).waitFor();
  const opened = await context.newPage();
  await opened.goto(`${system.base}/portal/${link.id}`);
  await opened.getByText("This link has expired").waitFor();
  assert.equal(await opened.evaluate(() => sessionStorage.length), 0, "no key came over");

  await beside.getByRole("link", { name: "API keys" }).click();
  await beside.getByRole("button", { name: "Revoke user 4711" }).click();
  await beside.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await beside.getByText("The link was revoked.").waitFor();
  const token = new URL(link.url).hash.match(/token=([^&]+)/)?.[1] ?? "";
  assert.equal((await attempt(system, "GET", `/api/portal-links/${link.id}`)).status, 404);
  assert.ok(token.startsWith("wsl_"));
  await context.close();
  for (const one of [server, other.server]) one.close().closeAllConnections();
}
