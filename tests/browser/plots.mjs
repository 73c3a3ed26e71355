// What plots answer: how an endpoint is doing, since when, why, and which deliveries a bar counts.
import assert from "node:assert/strict";
import { leave, open, signIn } from "./journeys.mjs";
import { call, startReceiver, until } from "./system.mjs";

const numberOf = (page) => page.locator("tbody tr").count();

/** The bar of an outcome, which is a link. */
const bar = (page, words) => page.getByRole("list", { name: /^Deliveries per/ }).getByRole("link", { name: words });

/** From the plot of an endpoint to the deliveries that a bar counts, by keyboard and by pointer. */
export async function figures(browser, system) {
  const receiver = await startReceiver(500);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["employee.created"],
    description: "Badge printer",
  });
  for (const employeeNumber of ["F-1", "F-2", "F-3"])
    await call(system, "POST", "/api/webhook/employee", {
      employeeNumber,
      firstName: "Ana",
      lastName: "Ruiz",
      role: "painter",
    });
  await until(
    "three failures",
    async () => (await call(system, "GET", `/api/deliveries?status=failed&endpointId=${id}`)).data.length === 3,
  );
  receiver.status = 200;
  await call(system, "POST", "/api/webhook/employee", {
    employeeNumber: "F-4",
    firstName: "Li",
    lastName: "Wu",
    role: "painter",
  });
  await until(
    "a success",
    async () => (await call(system, "GET", `/api/deliveries?status=delivered&endpointId=${id}`)).data[0],
  );

  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/endpoints/${id}`);
  const card = page.getByRole("region", { name: "Deliveries", exact: true });
  await card.getByText("25.0 %").waitFor();
  await card.getByText("1 of 4", { exact: true }).waitFor();
  await card.getByText("Deliveries per hour", { exact: true }).first().waitFor();
  await card.getByText(/Time zone: \w/).waitFor();
  const last = page.getByRole("link", { name: "responded 500" });
  await last.waitFor();
  await page.getByText("The response was not 2xx").first().waitFor();
  assert.match(await last.getAttribute("href"), /^#\/deliveries\/dlv_/);

  // The last hour, in which the failures may be on both sides of a step: all are counted.
  await page.getByRole("button", { name: "1 hour" }).press("Enter");
  await page.waitForURL(/range=1h/);
  await card.getByText("Deliveries per 5 minutes", { exact: true }).first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "1 hour", "the focus stays on the switch");
  await page.getByRole("button", { name: "7 days" }).click();
  await page.waitForURL(/range=7d/);
  await page.reload();
  await card.getByText("Deliveries per 6 hours", { exact: true }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed"), "true");

  const failed = bar(page, /: \d failed$/).last();
  await failed.focus();
  const note = page.locator(".tip:visible");
  await note.getByText(/\d failed/).waitFor();
  await note.getByText(/\d+ attempts/).waitFor();
  await page.keyboard.press("Escape");
  await note.waitFor({ state: "hidden" });
  const counted = Number((await failed.textContent()).match(/: (\d) failed/)[1]);
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/deliveries\?.*status=failed/);
  await page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
  const query = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  assert.equal(query.get("endpointId"), id);
  assert.equal(Date.parse(query.get("until")) - Date.parse(query.get("since")), 6 * 3_600_000);
  await until("what the bar counts", async () => (await numberOf(page)) === counted);
  assert.notEqual(await page.getByLabel("From").inputValue(), "", "the filters say which time it is");

  await page.goBack();
  await page.getByText("Show as a table").click();
  const cell = page.getByRole("table", { name: "Deliveries per 6 hours" }).getByRole("row").last().getByRole("link").last();
  assert.match(await cell.getAttribute("href"), /status=delivered/);
  const column = page.locator(".bins > li").last();
  await column.hover({ position: { x: 3, y: 40 } });
  await note.getByText(/95 % within/).waitFor();
  await column.locator(".bars").click({ position: { x: 12, y: 8 } });
  await page.waitForURL(/#\/deliveries\?.*since=/);
  assert.doesNotMatch(page.url(), /status=/, "beside the bars are all deliveries of the time");
  await leave(page);
}

/** What is held is said, with the reason, and leads to the list of it; an endpoint that fails says when that ends. */
export async function holding(browser, system) {
  const receiver = await startReceiver(500);
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: receiver.url,
    events: ["vendor.created"],
    description: "Weighbridge",
  });
  for (const vendorNumber of ["H-1", "H-2", "H-3"])
    await call(system, "POST", "/api/webhook/vendor", { vendorNumber, name: vendorNumber, vendorType: "supplier" });
  const failing = async () => (await call(system, "GET", `/api/endpoints/${id}`)).health.state === "failing";
  await until("a failing endpoint", failing);
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.goto(`/#/endpoints/${id}`);
  await page.getByText(/^Failing: 3 deliveries in a row\./).waitFor();
  await page.getByText(/Unless a delivery succeeds, its first failure after .* disables it\./).waitFor();

  // Paused while a delivery waits for its first attempt or the next one.
  await call(system, "POST", "/api/webhook/vendor", { vendorNumber: "H-4", name: "H-4", vendorType: "supplier" });
  await call(system, "PATCH", `/api/endpoints/${id}`, { status: "disabled" });
  const waiting = async () => (await call(system, "GET", `/api/deliveries?status=waiting&endpointId=${id}`)).data;
  await until("a held delivery", async () => (await waiting()).some(({ held }) => held === "endpoint_disabled"));
  await page.reload();
  await page.getByText("Paused by a user.").waitFor();
  await page.getByRole("link", { name: /^about \d$/ }).click();
  await page.waitForURL(/status=waiting/);
  await page.getByText("waits until its endpoint is enabled").first().waitFor();
  assert.equal(await page.getByLabel("Status").inputValue(), "waiting");
  await leave(page);
}
