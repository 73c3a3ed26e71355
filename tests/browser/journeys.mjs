// What people come for, by clicking.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { env } from "node:process";
import { attempt, call, run, startReceiver, until } from "./system.mjs";

/** A window that fails on errors, on what the policy blocks, and on requests to anywhere else. */
export async function open(browser, { base }, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: base, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) page.faults.push(`a request to ${url}`);
    if (/ws[kl]_|whsec_/.test(url)) page.faults.push(`a secret in ${url}`);
  });
  return page;
}

/** Signs in with a key. */
export async function signIn(page, key) {
  await page.goto("/");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  // The way around is folded on a narrow screen.
  await page.getByRole("link", { name: "WorkSkedge", exact: true }).waitFor();
}

/** Closes the window, in which nothing may have gone wrong. */
export async function leave(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** Counts what a person does until a question is answered, by the clock of the test; more than `most` is a failure. */
export function clock(question, most) {
  const started = performance.now();
  let actions = 0;
  return {
    act: (action) => {
      actions += 1;
      return action;
    },
    answered: () => {
      console.log(`  ${question}: ${actions} actions, ${((performance.now() - started) / 1000).toFixed(2)} s`);
      assert.ok(actions <= most, question);
    },
  };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A new subscriber: from a key to a delivery that their own receiver has verified. */
export async function subscriber(browser, system) {
  const page = await open(browser, system);
  await page.goto("/");
  await page.getByLabel("API key").fill("wsk_live_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This key is unknown").waitFor();
  // What the API answers to a wrong key is what the browser calls an error.
  page.faults = page.faults.filter((fault) => !fault.includes("401"));
  await signIn(page, system.key);
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  await page.getByRole("link", { name: "New endpoint" }).click();
  const port = await freePort();
  await page.getByLabel("URL").fill(`http://127.0.0.1:${port}/`);
  await page.getByLabel("Description").fill("My first receiver");
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await page.getByRole("heading", { name: "Endpoint created" }).waitFor();
  const secret = await page.getByText(/^whsec_[A-Za-z0-9+/=]{40,}$/).textContent();
  const directory = join(system.data, "receiver");
  mkdirSync(directory);
  const receiver = run("node", [join(env.SAMPLES, "receiver.mjs"), String(port)], {
    cwd: directory,
    env: { ...env, WEBHOOK_SECRET: secret },
  });
  await until("the receiver", () =>
    fetch(`http://127.0.0.1:${port}/`, { method: "POST" }).then(
      () => true,
      () => false,
    ),
  );
  await page.getByRole("link", { name: "Send a test" }).click();
  await page.getByLabel("Event", { exact: true }).selectOption("workorder.completed");
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("responded 204").waitFor();
  await until("the verified event", () => receiver.text.includes("workorder.completed wo_"));
  assert.equal(await page.evaluate(() => Object.keys(localStorage).length), 0, "the key is kept in the tab only");
  await leave(page);
}

/** An engineer on call: from the alert to its cause, and to the retry that arrives. */
export async function onCall(browser, system) {
  const broken = await startReceiver(500);
  const body = { url: broken.url, events: ["project.*"], description: "Crew calendar" };
  await call(system, "POST", "/api/endpoints", body);
  await call(system, "POST", "/api/webhook/project", { projectNumber: "2025-014", name: "Riverside Medical Office Building" });
  await until("the alert", async () => (await call(system, "GET", "/api/alerts?kind=delivery.failed")).data[0]);
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "Alerts", exact: true }).click();
  // In a row of its own, or rolled up within the minute.
  await page
    .getByRole("link", { name: /^(View|Latest) delivery/ })
    .first()
    .click();
  await page.getByText("the schedule database is read-only").first().waitFor();
  assert.equal(await page.getByText("The response was not 2xx").count(), 5, "five attempts, each with its reason");
  await page.getByRole("link", { name: /^evt_/ }).click();
  await page.getByRole("heading", { name: "Source request" }).waitFor();
  await page.goBack();
  broken.status = 200;
  await page.getByRole("button", { name: "Retry now" }).click();
  await page.getByText("manual retry").waitFor();
  await page.getByText("200 in").waitFor();
  const ids = broken.received.map(({ headers }) => headers["x-webhook-id"]);
  assert.equal(new Set(ids).size, 1, "the same X-Webhook-ID over all attempts");
  await page.getByRole("link", { name: "Deliveries", exact: true }).click();
  await page.getByLabel("Endpoint", { exact: true }).selectOption({ label: "Crew calendar" });
  await page.waitForURL(/endpointId=ep_/);
  await page.getByLabel("Status").selectOption("delivered");
  await page.waitForURL(/status=delivered/);
  await until("the one delivery", async () => (await page.locator("tbody tr").count()) === 1);
  await page.reload();
  await page.locator("tbody tr").first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  assert.equal(await page.getByLabel("Status").inputValue(), "delivered", "the address is all that the filter is");
  await leave(page);
}

/** An engineer after an outage: 112 deliveries have failed, one alert says so, and three clicks send them again. */
export async function outage(browser, system) {
  const broken = await startReceiver(500);
  const body = { url: broken.url, events: ["vendor.created"], description: "Dispatch board" };
  const { id } = await call(system, "POST", "/api/endpoints", body);
  for (let number = 1; number <= 112; number++) {
    await call(system, "POST", "/api/webhook/vendor", {
      vendorNumber: `D-${number}`,
      name: "Hill Supply",
      vendorType: "supplier",
    });
  }
  const alerts = async () => (await call(system, "GET", `/api/alerts?status=open&endpointId=${id}`)).data;
  await until("the alert", async () => (await alerts())[0]?.count === 112, 100);
  const [{ id: alert }, ...others] = await alerts();
  assert.deepEqual(others, []);
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.locator("#open-alerts", { hasText: /\d/ }).waitFor();
  broken.status = 204;
  const before = broken.received.length;
  const { act, answered } = clock("112 failed deliveries of an endpoint that works again", 3);
  await act(page.getByRole("link", { name: "Alerts", exact: true }).click());
  const card = page.getByRole("region", { name: "Dispatch board" });
  await card.getByText("112 deliveries failed").waitFor();
  assert.equal(await card.count(), 1);
  await act(card.getByRole("button", { name: "Replay what failed" }).click());
  await act(page.getByRole("dialog").getByRole("button", { name: "Send 112 deliveries" }).click());
  await card.waitFor({ state: "detached" });
  const arrived = () => new Set(broken.received.slice(before).map(({ headers }) => headers["x-webhook-id"]));
  await until("all of them", () => arrived().size === 112);
  answered();
  assert.deepEqual(await alerts(), []);
  const row = page.getByRole("row").filter({ hasText: "112 deliveries failed" });
  await row.getByText("Resolved").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("searchbox", { name: /Search/ }).fill(alert);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`alerts\\?kind=delivery.failed&endpointId=${id}`));
  await row.waitFor();
  await leave(page);
}

/** An integrator: from the explorer to the first work order, live. */
export async function integrator(browser, system) {
  const page = await open(browser, system);
  await page.goto("/docs");
  await page.getByRole("link", { name: "API explorer" }).first().click();
  await page.getByRole("textbox", { name: /Value/ }).first().fill(system.key);
  await page
    .getByRole("link", { name: /Send a work order/ })
    .first()
    .click();
  await page
    .getByRole("button", { name: /Test Request/ })
    .first()
    .click();
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/api/webhook/workorder");
  await page.getByRole("button", { name: /^Send/ }).last().click();
  const response = await answered;
  assert.equal(response.status(), 200);
  const answer = await response.json();
  assert.equal(answer.action, "created");
  assert.equal(answer.data.workOrderNumber, "WO-12345");
  await leave(page);
}

/** "What happened to WO-77120?": two actions, from wherever one is; what happens meanwhile comes by itself. */
export async function investigator(browser, system) {
  const receiver = await startReceiver(200);
  const board = { url: receiver.url, events: ["workorder.*"], description: "Site diary" };
  const { id: endpoint } = await call(system, "POST", "/api/endpoints", board);
  const order = { workOrderNumber: "WO-77120", title: "Install HVAC System" };
  const created = await call(system, "POST", "/api/webhook/workorder", order);
  await call(system, "POST", "/api/webhook/workorder", { ...order, title: "Replace HVAC System" });
  await attempt(system, "POST", "/api/webhook/workorder", { ...order, priority: "soon" });
  await until("the deliveries", () => receiver.received.length === 2);
  const page = await open(browser, system);
  await signIn(page, system.key);
  const box = page.getByRole("searchbox", { name: /Search/ });
  const { act, answered } = clock("What happened to WO-77120?", 2);
  await act(box.fill("wo-77120"));
  await act(box.press("Enter"));
  await page.getByRole("heading", { name: "WO-77120", exact: true }).waitFor();
  const timeline = page.getByRole("region", { name: "Timeline" });
  await timeline.getByRole("link", { name: "workorder.updated" }).waitFor();
  const change = timeline.getByRole("row").filter({ hasText: "title" });
  assert.match(await change.innerText(), /Install HVAC System\s+Replace HVAC System/);
  answered();
  assert.equal(await timeline.getByText("Site diary").count(), 2, "each event with its delivery");
  const entries = await timeline.locator("ol.timeline > li").allInnerTexts();
  const told = ["validation_failed", "workorder.updated", "workorder.created"];
  assert.ok(entries.length === 3 && entries.every((text, i) => text.includes(told[i])), "newest first, and what was refused");
  await call(system, "POST", "/api/webhook/workorder", { workOrderNumber: order.workOrderNumber, status: "in_progress" });
  await timeline.getByRole("link", { name: "workorder.started" }).waitFor({ timeout: 30_000 });

  // Ids lead to what they are of; a title leads to a list.
  const { requestId } = created;
  const [{ id: refused }] = (await call(system, "GET", "/api/requests?number=WO-77120")).data;
  const [delivery] = (await call(system, "GET", `/api/deliveries?endpointId=${endpoint}`)).data;
  const [key] = (await call(system, "GET", "/api/keys")).data;
  for (const [sought, title] of [
    [requestId, "workorder.created"],
    [refused, "Refused calls"],
    [delivery.id, delivery.event],
    [delivery.eventId, delivery.event],
    [endpoint, "Site diary"],
    [key.id, "API keys"],
    ["replace hvac", "Search"],
    ["WO-0", "Search"],
  ]) {
    await box.fill(sought);
    await box.press("Enter");
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    if (sought === refused) await page.getByRole("row").filter({ hasText: refused }).waitFor();
  }
  await page.getByText("Nothing found").waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "WO-77120" }).click();
  await page.getByRole("heading", { name: "As stored" }).waitFor();
  await leave(page);
}

/** The signature debugger says which of body, timestamp and secret is wrong, of a delivery that was really made. */
export async function whatIsWrong(browser, system) {
  const receiver = await startReceiver(200);
  const { secret } = await call(system, "POST", "/api/endpoints", { url: receiver.url, events: ["vendor.*"] });
  await call(system, "POST", "/api/webhook/vendor", {
    vendorNumber: "V-1",
    name: "Müller Stahlbau GmbH & Co. KG",
    vendorType: "supplier",
  });
  const { headers, body } = await until("the delivery", () => receiver.received[0]);
  const right = {
    body,
    secret,
    id: headers["webhook-id"],
    timestamp: headers["x-webhook-timestamp"],
    signature: headers["x-webhook-signature"],
  };
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "Signature debugger" }).click();
  const check = async (change, title) => {
    for (const [name, value] of Object.entries({ ...right, ...change })) await page.locator(`[name=${name}]`).fill(value);
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByRole("heading", { name: title }).waitFor();
  };
  await check({}, "Body, timestamp and secret match");
  await check({ signature: headers["webhook-signature"] }, "Body, timestamp and secret match");
  await check({ body: JSON.stringify(JSON.parse(body), null, 2) }, "The body is wrong");
  await check({ timestamp: `${right.timestamp}000` }, "The timestamp is wrong");
  await check({ secret: secret.replace("whsec_", "") }, "The secret is wrong");
  // With the id, what was changed or belongs elsewhere is known; two defects are told apart.
  await check({ body: body.replace("V-1", "V-2") }, "The body is wrong");
  await page.getByText("It was changed. From character").waitFor();
  const other = await call(system, "POST", "/api/endpoints", {
    url: `${receiver.url}other`,
    events: ["vendor.*"],
    description: "Second receiver",
  });
  await page.reload();
  await check({ secret: other.secret }, "The secret is wrong");
  await page.getByText("It ends like the secret of another endpoint, Second receiver").waitFor();
  await check({ body: body.replace("V-1", "V-2"), secret: other.secret }, "The body and the secret are wrong");
  await check({ timestamp: String(Number(right.timestamp) - 7) }, "The timestamp is wrong");
  await check({ signature: "00" }, "The signature is wrong");
  // Without it, what goes wrong often is tried.
  await check(
    { id: "", body: JSON.stringify(JSON.parse(body), null, 2), secret: ` ${secret}` },
    "The secret and the body are wrong",
  );
  await check({ id: "", timestamp: "yesterday" }, "The timestamp is wrong");
  await check({ id: "", body: body.replace("V-1", "V-2") }, "No common mistake explains it");
  // What is right but old is no success: a receiver refuses it.
  const old = String(Number(right.timestamp) - 3600);
  const signature = createHmac("sha256", secret).update(`${old}.${body}`).digest("hex");
  await check({ id: "", timestamp: old, signature }, "The signature is valid but too old");
  assert.equal(await page.getByText("Verified", { exact: true }).count(), 0);
  await leave(page);
}
