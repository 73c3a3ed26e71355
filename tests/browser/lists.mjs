// Lists: selected rows, exports, the way back, and how they look on a narrow screen; and the frame around them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { leave, open, signIn } from "./journeys.mjs";
import { attempt, call, startReceiver, until } from "./system.mjs";

/** An endpoint with so many vendors that failed to arrive. */
async function failures(system, description, numbers) {
  const receiver = await startReceiver(500);
  const { id } = await call(system, "POST", "/api/endpoints", { url: receiver.url, events: ["vendor.created"], description });
  for (const vendorNumber of numbers)
    await call(system, "POST", "/api/webhook/vendor", { vendorNumber, name: vendorNumber, vendorType: "supplier" });
  await until("the failures", async () => {
    const { data } = await call(system, "GET", `/api/deliveries?status=failed&endpointId=${id}&limit=100`);
    return data.length === numbers.length;
  });
  return { id, receiver };
}

const many = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

/** A second tab is signed in by the first, without the key being anywhere but in the tabs; one sign-out is for both. */
export async function tabs(browser, system) {
  const { id, key } = await call(system, "POST", "/api/keys", {
    name: "Two screens",
    scopes: ["webhooks:manage", "keys:manage"],
  });
  const first = await open(browser, system);
  await signIn(first, key);
  const second = await first.context().newPage();
  await second.goto("/#/deliveries");
  await second.getByRole("heading", { name: "Deliveries" }).waitFor();
  const kept = await second.evaluate(() => [JSON.stringify({ ...localStorage }), document.cookie, location.href].join(" "));
  assert.ok(!kept.includes(key), "the key is in no storage that outlives the tabs");
  // Another origin is another channel.
  const stranger = await first.context().newPage();
  await stranger.goto(system.base.replace("127.0.0.1", "localhost"));
  await stranger.getByRole("button", { name: "Sign in" }).waitFor();

  // A key that is rotated in one tab goes on in the other, though the old one is refused at once.
  await first.goto("/#/keys");
  await first.getByRole("button", { name: "Rotate Two screens" }).first().click();
  await first.getByRole("dialog").getByLabel("Overlap in hours").fill("0");
  await first.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const made = await first.getByRole("dialog").getByText(/^wsk_/).textContent();
  assert.notEqual(made, key);
  await second.getByRole("link", { name: "Events", exact: true }).click();
  await second.getByRole("heading", { name: "Events" }).waitFor();

  await second.getByRole("button", { name: "Sign out" }).click();
  for (const page of [first, second]) await page.getByRole("button", { name: "Sign in" }).waitFor();
  // And one that signs in brings the other along.
  await first.getByLabel("API key").fill(made);
  await first.getByRole("button", { name: "Sign in" }).click();
  for (const page of [first, second]) await page.getByRole("button", { name: "Sign out" }).waitFor();
  assert.ok(id);
  await leave(first);
}

/** Times are the reader's own or UTC, and each says which; what is typed is in the same zone. */
export async function zones(browser, system) {
  const receiver = await startReceiver(200);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["vendor.created"],
    description: "Clock",
  });
  await call(system, "POST", "/api/webhook/vendor", { vendorNumber: "Z-1", name: "Z-1", vendorType: "supplier" });
  await until("the delivery", () => receiver.received[0]);
  const page = await open(browser, system, { timezoneId: "America/Chicago" });
  await signIn(page, system.key);
  await page.goto(`/#/deliveries?endpointId=${id}&since=2025-01-15T18:30:00Z`);
  const from = page.getByLabel(/^From \(C[SD]T\)$/);
  await from.waitFor();
  assert.equal(await from.inputValue(), "2025-01-15T12:30");
  await page.getByLabel("Times").selectOption("UTC");
  assert.equal(await page.getByLabel("From (UTC)").inputValue(), "2025-01-15T18:30");
  await page.getByLabel("From (UTC)").fill("2025-01-16T00:00");
  await page.waitForURL(/since=2025-01-16T00%3A00%3A00Z/);
  await page.getByRole("link", { name: "vendor.created" }).click();
  const created = page.getByRole("definition").filter({ has: page.locator("time") });
  await created
    .filter({ hasText: /20\d\d, \d\d:\d\d:\d\d UTC$/ })
    .first()
    .waitFor();
  await page.getByLabel("Times").selectOption({ index: 0 });
  await created
    .filter({ hasText: /20\d\d, \d\d:\d\d:\d\d C[SD]T$/ })
    .first()
    .waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("Times").inputValue(), "local");
  await leave(page);
}

/** Selected deliveries are sent again after a preview, and each says what came of it. */
export async function sendingAgain(browser, system) {
  const { id, receiver } = await failures(system, "Purchasing", many("AG", 4));
  const paused = await failures(system, "Old purchasing", ["AG-9"]);
  await call(system, "PATCH", `/api/endpoints/${paused.id}`, { status: "disabled" });
  receiver.status = 200;
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto("/#/deliveries?status=failed&event=vendor.created");
  for (const row of ["AG-0 to Purchasing", "AG-1 to Purchasing", "AG-2 to Purchasing", "AG-9 to Old purchasing"])
    await page.getByRole("checkbox", { name: `Select vendor.created ${row}` }).check();
  await page.getByText("4 selected").waitFor();
  let refusals = 0;
  await page.route("**/retry", (route) => {
    refusals += 1;
    if (refusals !== 2) return route.continue();
    const body = '{"detail":"Too many calls."}';
    return route.fulfill({ status: 429, headers: { "Retry-After": "1" }, contentType: "application/problem+json", body });
  });
  await page.getByRole("button", { name: "Send again…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("3 deliveries get a new series of attempts now").waitFor();
  await dialog.getByText("1: Old purchasing is paused or disabled").waitFor();
  await dialog.getByRole("button", { name: "Send 3 deliveries" }).click();
  await dialog.getByText("The key's rate limit is used up").waitFor();
  await dialog.getByText("3 deliveries are queued.").waitFor();
  assert.equal(await dialog.getByText("Queued", { exact: true }).count(), 3);
  await dialog.getByRole("button", { name: "Close" }).click();
  page.faults = page.faults.filter((fault) => !fault.includes("429"));
  await until(
    "all three",
    async () => (await call(system, "GET", `/api/deliveries?status=delivered&endpointId=${id}`)).data.length === 3,
  );

  // From an event: what has arrived is sent again only when that is asked for.
  const before = receiver.received.length;
  const [{ eventId }] = (await call(system, "GET", `/api/deliveries?status=delivered&endpointId=${id}`)).data;
  await page.goto(`/#/events/${eventId}`);
  await page.getByRole("heading", { name: "Source request" }).waitFor();
  await page.getByRole("checkbox", { name: "to Purchasing" }).check();
  await page.getByRole("button", { name: "Send again…" }).click();
  await dialog.getByRole("button", { name: "Send 1 delivery" }).click();
  await dialog.getByText("1 delivery is queued.").waitFor();
  await until("the second arrival", () => receiver.received.length > before);
  await leave(page);
}

/** A list as a file: what the filters match, in two formats, and nothing in it runs in a spreadsheet. */
export async function exporting(browser, system) {
  const { id } = await failures(system, '=HYPERLINK("http://x.example","a")', many("EX", 3));
  const page = await open(browser, system, { acceptDownloads: true });
  await signIn(page, system.key);
  await page.goto(`/#/deliveries?endpointId=${id}`);
  const file = async (format) => {
    await page.getByRole("button", { name: "Export…" }).click();
    await page.getByRole("dialog").getByLabel(format).check();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("dialog").getByRole("button", { name: "Export" }).click(),
    ]);
    await page.getByText("Exported 3.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  };
  const csv = await file("CSV");
  assert.match(csv.name, /^deliveries-\d{4}-\d\d-\d\dT\d{6}Z\.csv$/);
  const [head, ...rows] = csv.text.trimEnd().split("\r\n");
  assert.ok(head.startsWith("\uFEFFid,eventId,event,endpointId,status,"), head);
  assert.ok(head.endsWith(",recordType,recordNumber,recordId,endpoint"), head);
  assert.equal(rows.length, 3);
  for (const row of rows) assert.ok(row.endsWith(`,"'=HYPERLINK(""http://x.example"",""a"")"`), row);
  const lines = (await file("JSON lines")).text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ subject }) => subject.number).sort(), many("EX", 3));
  await leave(page);
}

/** Whoever comes back to a list finds it as it was left: its filters, its rows and the place on the page. */
export async function comingBack(browser, system) {
  const receiver = await startReceiver(200);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["vendor.created"],
    description: "Archive",
  });
  for (const vendorNumber of many("CB", 60))
    await call(system, "POST", "/api/webhook/vendor", { vendorNumber, name: vendorNumber, vendorType: "supplier" });
  await until("all of them", () => receiver.received.length === 60);
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/deliveries?endpointId=${id}`);
  await page.getByRole("button", { name: "Load more" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 60);
  const asked = [];
  page.on("request", (request) => request.url().includes("/api/deliveries?") && asked.push(request.url()));
  await page.getByRole("link", { name: "vendor.created" }).nth(55).click();
  await page.getByRole("heading", { name: "Last attempt" }).waitFor();
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 60);
  assert.ok((await page.evaluate(() => window.scrollY)) > 1000, "the place on the page");
  assert.deepEqual(
    asked.filter((url) => url.includes("cursor=")),
    [],
    "what was loaded is not read again",
  );
  await page.getByRole("link", { name: "vendor.created" }).nth(55).click();
  await page.getByRole("link", { name: "← Deliveries" }).click();
  await page.waitForURL(/deliveries\?endpointId=ep_/);
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 50);
  assert.equal(await page.getByLabel("Endpoint", { exact: true }).inputValue(), id);
  await leave(page);
}

/** Every list is up to date by itself, unless nobody sees it or the switch is off. */
export async function live(browser, system) {
  const page = await open(browser, system);
  await page.clock.install();
  await signIn(page, system.key);
  await page.goto("/#/events");
  const row = (number) => page.getByRole("row").filter({ hasText: number });
  const vendor = (vendorNumber) =>
    call(system, "POST", "/api/webhook/vendor", { vendorNumber, name: vendorNumber, vendorType: "supplier" });
  await page.getByRole("row").nth(1).waitFor();
  await vendor("LV-1");
  await page.clock.runFor(11_000);
  await row("LV-1").waitFor();
  await page.getByRole("switch", { name: "Live" }).uncheck();
  await vendor("LV-2");
  await page.clock.runFor(60_000);
  assert.equal(await row("LV-2").count(), 0, "the switch is off");
  await page.getByRole("switch", { name: "Live" }).check();
  await row("LV-2").waitFor();

  const hidden = (is) =>
    page.evaluate((is) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
      document.dispatchEvent(new Event("visibilitychange"));
    }, is);
  await hidden(true);
  const calls = [];
  page.on("request", (request) => request.url().includes("/api/") && calls.push(request.url()));
  await page.clock.runFor(120_000);
  assert.deepEqual(calls, [], "a tab that nobody sees makes no calls");
  await vendor("LV-3");
  await hidden(false);
  await page.clock.runFor(1_000);
  await row("LV-3").waitFor();
  await leave(page);
}

/** What a test sends can be changed, and what does not fit the event is told where it is typed. */
export async function ownTest(browser, system) {
  const receiver = await startReceiver(200);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["vendor.*"],
    description: "Sandbox",
  });
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/endpoints/${id}`);
  await page.getByLabel("Event", { exact: true }).selectOption("vendor.created");
  await page.getByText("Change what is sent").click();
  const data = JSON.parse(await page.getByLabel("data", { exact: true }).inputValue());
  const send = async (text) => {
    await page.getByLabel("data", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send test" }).click();
  };
  await send("{");
  await page.getByText("data is no JSON").waitFor();
  await send(JSON.stringify({ ...data, status: "lost" }));
  await page.getByText("data.status must be one of").waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("400"));
  assert.equal(receiver.received.length, 0);
  await send(JSON.stringify({ ...data, name: "Ours & Sons" }));
  await page.getByText("responded 200").waitFor();
  assert.equal(JSON.parse(receiver.received[0].body).data.name, "Ours & Sons");
  await page.getByRole("button", { name: "Back to the example" }).click();
  await page.getByRole("button", { name: "Send test" }).click();
  await until("the example", () => receiver.received[1]);
  assert.deepEqual(JSON.parse(receiver.received[1].body).data, data);
  await leave(page);
}

/** The headers of an attempt, with the signatures that it was sent with, and those of the answer. */
export async function headers(browser, system) {
  const { id, receiver } = await failures(system, "Headers", ["HD-1"]);
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/deliveries?endpointId=${id}`);
  await page.getByRole("link", { name: "vendor.created" }).click();
  await page
    .getByText(/^content-type: application\/json/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Show the signatures" }).click();
  await page.getByText("As they were sent").waitFor();
  for (const [number, sent] of receiver.received.entries()) {
    await page.getByLabel("Attempt", { exact: true }).selectOption(String(number + 1));
    const shown = await page.getByText(`X-Webhook-Retry: ${number}`).textContent();
    for (const name of ["X-Webhook-Timestamp", "X-Webhook-Signature", "webhook-signature"])
      assert.ok(shown.includes(`${name}: ${sent.headers[name.toLowerCase()]}`), `${name} of attempt ${number + 1}`);
  }
  await call(system, "PATCH", `/api/endpoints/${id}`, { description: "Headers, renamed" });
  await page.reload();
  await page.getByRole("button", { name: "Show the signatures" }).click();
  await page.getByText("The endpoint was changed after this attempt.").waitFor();
  await leave(page);
}

/** On a narrow screen rows are cards: no cell is out of sight. */
export async function narrow(browser, system) {
  await attempt(system, "POST", "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG/secret/promote", {});
  const page = await open(browser, system, { viewport: { width: 390, height: 844 } });
  await signIn(page, system.key);
  for (const place of ["deliveries", "events", "alerts", "requests", "endpoints", "keys", ""]) {
    await page.goto(`/#/${place}`);
    await page.locator("main:not([aria-busy]) tbody tr:visible").first().waitFor();
    for (const summary of await page.getByText("Show as a table").all()) await summary.click();
    const outside = await page
      .locator(".table, .table td, .table td > *")
      .evaluateAll((parts) =>
        parts
          .filter(
            (part) =>
              part.checkVisibility() &&
              (part.getBoundingClientRect().right > innerWidth ||
                part.scrollWidth > Math.max(part.clientWidth, part.offsetWidth) + 1),
          )
          .map((part) => part.outerHTML.slice(0, 120)),
      );
    assert.deepEqual(outside, [], place);
    if (["deliveries", "keys"].includes(place)) await page.locator(".cards").waitFor();
  }
  await leave(page);
}
