// What people do day by day: by keyboard alone, with secrets and keys, sending again, and with few calls left.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { leave, open, signIn } from "./journeys.mjs";
import { call, run, startReceiver, until } from "./system.mjs";

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.id ?? "");

/** Without a mouse: past the menu, through the filters, and never thrown out of where one is. */
export async function keyboard(browser, system) {
  const receiver = await startReceiver(200);
  await call(system, "POST", "/api/endpoints", { url: receiver.url, events: ["workorder.*"], description: "Day planner" });
  await call(system, "POST", "/api/webhook/workorder", { workOrderNumber: "K-1", title: "Set anchor bolts" });
  await until("the delivery", () => receiver.received[0]);
  const page = await open(browser, system);
  await page.goto("/");
  await page.getByLabel("API key").fill("half a key");
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "content");
  assert.equal(await page.getByLabel("API key").inputValue(), "half a key", "the form stays as it is");
  await signIn(page, system.key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "content");
  await page.getByRole("heading", { name: "Overview" }).waitFor();

  await page.getByRole("link", { name: "Deliveries", exact: true }).press("Enter");
  await page.getByLabel("Status").focus();
  await page.keyboard.press("d");
  await page.waitForURL(/status=delivered/);
  await page.waitForFunction(() =>
    [...document.querySelectorAll("tbody .badge")].every((badge) => badge.textContent === "Delivered"),
  );
  assert.equal(await focused(page), "status", "the focus stays in the filter");

  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).searchParams.get("since") ?? ""));
  await page.getByLabel("From").focus();
  for (const key of "010120240130a") await page.keyboard.press(key);
  await page.waitForURL(/since=2024/);
  assert.equal(await focused(page), "since");
  const years = asked.filter(Boolean).map((since) => Number(since.slice(0, 4)));
  assert.deepEqual(
    years.filter((year) => year < 2000),
    [],
    "no year that is half typed is asked for",
  );

  await page.getByLabel("Event id").fill("evt_1");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "eventId must be an id that begins with evt_" }).waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("400"));
  await page.getByLabel("Event id").fill("");
  await page.keyboard.press("Enter");
  await page.locator("tbody tr").first().waitFor();
  assert.equal(await focused(page), "eventId");
  await leave(page);
}

/** A search that the API ends early goes on by itself, then says how far it has looked; nobody is told that there is nothing. */
export async function searching(browser, system) {
  const page = await open(browser, system);
  await signIn(page, system.key);
  const cursor = Buffer.from("dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG").toString("base64url");
  let looks = 0;
  await page.route("**/api/deliveries?*status=pending*", (route) => {
    looks += 1;
    route.fulfill({
      status: 200,
      contentType: "application/json",
      body: JSON.stringify({ data: [], nextCursor: looks < 7 ? cursor : null }),
    });
  });
  await page.goto("/#/deliveries?status=pending");
  await page.getByText("No match among the latest, back to Oct 20, 2024").waitFor();
  assert.equal(looks, 4);
  await page.getByRole("button", { name: "Search older" }).click();
  await page.getByText("No deliveries match these filters.").waitFor();
  assert.equal(looks, 7);
  await leave(page);
}

/** A list that is watched: what doesn't fit the filter any more leaves, and many new ones leave no gap. */
export async function watching(browser, system) {
  const receiver = await startReceiver(500);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["project.*"],
    description: "Site office",
  });
  await call(system, "POST", "/api/webhook/project", { projectNumber: "W-0", name: "Bridge 12" });
  const [failed] = await until("the failure", async () => {
    const { data } = await call(system, "GET", `/api/deliveries?status=failed&endpointId=${id}`);
    return data.length ? data : null;
  });
  const [list, all] = [await open(browser, system), await open(browser, system)];
  for (const page of [list, all]) await signIn(page, system.key);
  await list.goto(`/#/deliveries?status=failed&endpointId=${id}`);
  await all.goto(`/#/deliveries?endpointId=${id}`);
  for (const page of [list, all]) await page.getByRole("link", { name: "project.created", exact: true }).focus();
  // All of it is new at once, however long it takes to come.
  await all.getByRole("switch", { name: "Live" }).uncheck();
  receiver.status = 200;
  await call(system, "POST", `/api/deliveries/${failed.id}/retry`);
  for (let number = 1; number <= 60; number++)
    await call(system, "POST", "/api/webhook/project", { projectNumber: `W-${number}`, name: "Bridge 12" });
  await list.getByText("No deliveries", { exact: true }).waitFor();
  await until("all deliveries", () => new Set(receiver.received.map(({ headers }) => headers["x-webhook-id"])).size === 61);
  await all.getByRole("switch", { name: "Live" }).check();
  await all.waitForFunction(() => document.querySelectorAll("tbody tr").length === 50);
  await all.getByRole("button", { name: "Load more" }).press("Enter");
  await all.waitForFunction(() => document.querySelectorAll("tbody tr").length === 61);
  assert.equal(
    await all.evaluate(() => document.activeElement?.closest("tr")?.rowIndex),
    51,
    "the focus goes to the first of the new rows",
  );
  const ids = await all.locator("tbody a.strong").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.equal(new Set(ids).size, 61);
  for (const page of [list, all]) await leave(page);
}

/** An endpoint is renamed, paused by a person, and another is disabled by the system: the overview knows one from the other. */
export async function editing(browser, system) {
  const receiver = await startReceiver(200);
  const clock = { url: receiver.url, events: ["employee.*"], description: "Time clock" };
  const { id } = await call(system, "POST", "/api/endpoints", clock);
  const gone = await startReceiver(410);
  await call(system, "POST", "/api/endpoints", { url: gone.url, events: ["timeoff.*"], description: "Old intranet" });
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "Endpoints", exact: true }).click();
  await page.getByRole("link", { name: "Time clock" }).click();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Description").fill("Time clock, gate 2");
  await page.getByLabel("Format", { exact: true }).selectOption("cloudevents");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Time clock, gate 2" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByText("Paused by a user.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Enable", "the focus stays on the button");

  await call(system, "POST", "/api/webhook/employee", {
    employeeNumber: "E-9",
    firstName: "Ana",
    lastName: "Ruiz",
    role: "carpenter",
  });
  await call(system, "POST", "/api/webhook/timeoff", {
    requestNumber: "TO-9",
    employeeNumber: "E-9",
    type: "vacation",
    startDate: "2026-12-01",
    endDate: "2026-12-02",
  });
  await until(
    "the end of the old intranet",
    async () => (await call(system, "GET", "/api/alerts?kind=endpoint.disabled")).data[0],
  );
  await page.getByRole("link", { name: "Overview" }).click();
  const needing = page.getByRole("region", { name: "Endpoints that need attention" });
  await needing.getByRole("row").filter({ hasText: "Old intranet" }).getByText("Disabled", { exact: true }).waitFor();
  await needing.getByText("the endpoint answered 410 Gone").waitFor();
  assert.equal(await needing.getByText("Time clock").count(), 0, "who paused an endpoint knows of it");

  const { deliveryId } = await call(system, "POST", `/api/endpoints/${id}/test`, { event: "employee.created" });
  await page.goto(`/#/deliveries/${deliveryId}`);
  await page.getByText("Content-Type: application/cloudevents+json").waitFor();
  await page.getByText('"specversion": "1.0"').waitFor();
  assert.equal(receiver.received.at(-1).headers["content-type"], "application/cloudevents+json", "as it was sent");
  await leave(page);
}

/** A secret is rotated: both sign for a time, and a reload still says until when, without showing either. */
export async function rotation(browser, system) {
  const receiver = await startReceiver(200);
  const { id, secret } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["report.*"],
    description: "Report archive",
  });
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/endpoints/${id}`);
  await page.getByRole("button", { name: "Rotate" }).click();
  await page.getByRole("dialog").getByLabel("Overlap in hours").fill("2");
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const shown = await page.getByText(/^whsec_[A-Za-z0-9+/=]{40,}$/).textContent();
  assert.notEqual(shown, secret);
  await page.reload();
  await page.getByText(/A previous secret is also valid. It expires in 1 h 5\d min/).waitFor();
  assert.doesNotMatch(await page.content(), /whsec_[A-Za-z0-9+/=]{20,}/, "no secret is in the page");
  await page.getByLabel("Event", { exact: true }).selectOption("report.generated");
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("responded 200").waitFor();
  const { headers, body } = receiver.received[0];
  const signed = (key) => createHmac("sha256", key).update(`${headers["x-webhook-timestamp"]}.${body}`).digest("hex");
  assert.equal(headers["x-webhook-signature"], signed(secret));
  assert.equal(headers["x-webhook-signature-next"], signed(shown));
  await page.getByText(/will sign X-Webhook-Signature in 1 h 5\d min, or as soon as you promote it/).waitFor();
  await page.getByRole("button", { name: "Promote now" }).click();
  await page.getByRole("button", { name: "Promote now" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send test" }).click();
  await until("the second test", () => receiver.received[1]);
  assert.equal(receiver.received[1].headers["x-webhook-signature-next"], undefined);
  await leave(page);
}

/** A key is made, kept, and revoked; then the one that one is signed in with. */
export async function keys(browser, system) {
  const scopes = ["webhooks:manage", "keys:manage"];
  const own = await call(system, "POST", "/api/keys", { name: "Night shift", scopes });
  // More than a page of the API.
  const gates = await Promise.all(
    Array.from({ length: 101 }, (_, n) => call(system, "POST", "/api/keys", { name: `Gate ${n}`, scopes: ["inbound"] })),
  );
  const page = await open(browser, system, { permissions: ["clipboard-read", "clipboard-write"] });
  await signIn(page, own.key);
  await page.getByRole("link", { name: "API keys" }).click();
  await page
    .getByRole("row")
    .filter({ hasText: /Gate \d/ })
    .nth(100)
    .waitFor();
  await Promise.all(gates.map(({ id }) => call(system, "DELETE", `/api/keys/${id}`)));
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("Payroll import");
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog", { name: "Your new key" });
  await dialog.getByText(/^wsk_/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByText("it can't be shown again").waitFor();
  await dialog.getByRole("button", { name: "Copy", exact: true }).click();
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^wsk_/);
  await page.getByRole("button", { name: "Revoke Payroll import" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke Payroll import" }).waitFor({ state: "detached" });
  await page.getByRole("row").filter({ hasText: "Night shift" }).getByText("this key").waitFor();
  await page.getByRole("button", { name: "Revoke Night shift" }).click();
  await page.getByRole("dialog").getByText("You are signed in with this key").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await leave(page);
}

/** What failed is sent again, after a preview; that the calls run out midway only takes longer. */
export async function replaying(browser, system) {
  const receiver = await startReceiver(500);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["vendor.created"],
    description: "Supplier portal",
  });
  for (const vendorNumber of ["R-1", "R-2"])
    await call(system, "POST", "/api/webhook/vendor", { vendorNumber, name: vendorNumber, vendorType: "supplier" });
  await until(
    "both failures",
    async () => (await call(system, "GET", `/api/deliveries?status=failed&endpointId=${id}`)).data.length === 2,
  );
  receiver.status = 200;
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/replay?endpointId=${id}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("2 deliveries", { exact: true }).waitFor();
  let refusals = 0;
  await page.route("**/replay", (route) => {
    refusals += 1;
    if (refusals > 1) return route.continue();
    return route.fulfill({
      status: 429,
      headers: { "Retry-After": "2" },
      contentType: "application/problem+json",
      body: '{"detail":"Too many calls."}',
    });
  });
  await page.getByRole("button", { name: "Send 2 deliveries" }).click();
  await page.getByText("The key's rate limit is used up").waitFor();
  await page.getByRole("heading", { name: "Sent", exact: true }).waitFor();
  await page.getByText("2 deliveries are queued").waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("429"));
  await until(
    "both",
    async () => (await call(system, "GET", `/api/deliveries?status=delivered&endpointId=${id}`)).data.length === 2,
  );
  await leave(page);
}

/** A delivery as a command: a receiver that verifies takes it. */
export async function resending(browser, system) {
  const receiver = await startReceiver(200);
  const body = { url: receiver.url, events: ["vendor.updated"], description: "Ledger", headers: { "X-Tenant": "north" } };
  const { id, secret } = await call(system, "POST", "/api/endpoints", body);
  await call(system, "POST", "/api/webhook/vendor", { vendorNumber: "C-1", name: "O'Brien", vendorType: "supplier" });
  await call(system, "POST", "/api/webhook/vendor", { vendorNumber: "C-1", name: "O'Brien & Söhne" });
  const { headers } = await until("the delivery", () => receiver.received[0]);
  const page = await open(browser, system, { permissions: ["clipboard-read", "clipboard-write"] });
  await signIn(page, system.key);
  await page.goto(`/#/deliveries?endpointId=${id}`);
  await page.getByRole("link", { name: "vendor.updated", exact: true }).first().click();
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Copy" }).click();
  await page.getByText("The signature is valid for five minutes").waitFor();
  run("bash", ["-c", await page.evaluate(() => navigator.clipboard.readText())]);
  const again = await until("the command's request", () => receiver.received[1]);
  const due = createHmac("sha256", secret).update(`${again.headers["x-webhook-timestamp"]}.${again.body}`).digest("hex");
  assert.equal(again.headers["x-webhook-signature"], due);
  assert.equal(again.body, receiver.received[0].body);
  assert.equal(again.headers["user-agent"].split(" ")[0], headers["user-agent"].split(" ")[0]);
  assert.equal(again.headers["x-tenant"], "<your value>");
  await leave(page);
}

/** With the limits that keys have by default: live updates give way, and a refusal says when to go on. */
export async function fewCalls(browser, system) {
  const few = await call(system, "POST", "/api/keys", { name: "Reception", scopes: ["webhooks:manage"] });
  const page = await open(browser, system);
  await signIn(page, few.key);
  await page.getByRole("link", { name: "Deliveries", exact: true }).click();
  await page.getByRole("switch", { name: "Live" }).waitFor();
  const used = async () => Number((await page.locator("#usage .num").first().textContent()).split(" ")[0]);
  assert.ok((await used()) < 10, "looking around takes few calls");
  // A minute that ends before the next reading would let it through, and the ones after it too.
  await until("a minute that is not over soon", () => new Date().getSeconds() < 35);
  await until(
    "the end of the minute's calls",
    async () => (await fetch(`${system.base}/api/endpoints`, { headers: { "X-API-Key": few.key } })).status === 429,
  );
  // The next live reading is refused, and then they wait; what the person wants is refused with the reason.
  await page.getByText(/Paused: rate limit/).waitFor();
  await page.getByRole("link", { name: "Alerts", exact: true }).click();
  await page.getByText("Rate limit exceeded").waitFor();
  await page.getByText(/The next call is allowed in \d+ s/).waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("429"));
  await leave(page);
}
