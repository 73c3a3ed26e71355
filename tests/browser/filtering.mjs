// Filters: tried on real events before they are saved, and corrected where they are wrong.
import { leave, open, signIn } from "./journeys.mjs";
import { call, EIGHTH_ROUND, startReceiver, until } from "./system.mjs";

/** An endpoint for urgent orders only, by somebody whose key also sends. */
export async function filtering(browser, system) {
  const receiver = await startReceiver(200);
  const order = (number, priority) =>
    call(system, "POST", "/api/webhook/workorder", { workOrderNumber: number, title: "Set anchor bolts", priority });
  await order("F-1", "urgent");
  await order("F-2", "low");
  const { key } = await call(system, "POST", "/api/keys", { name: "Planner", scopes: ["inbound", "webhooks:manage"] });
  const page = await open(browser, system);
  await signIn(page, key);
  await page.goto("/#/endpoints/new");
  await page.getByText("Your key (Planner) also sends.").waitFor();
  await page.getByLabel("URL").fill(receiver.url);
  await page.getByLabel("Description").fill("Urgent orders");
  await page.getByText("Filter by content, changed fields or sender").click();
  await page.getByLabel("Filter", { exact: true }).fill('{ "data": { "prioritiy": ["urgent"] } }');
  await page.getByRole("button", { name: "Try on the latest events" }).click();
  await page.getByText("filter.data.prioritiy is a field of no event; did you mean priority?").waitFor();
  await page
    .getByLabel("Filter", { exact: true })
    .fill('{ "data": { "workOrderNumber": [{ "prefix": "F-" }], "priority": ["urgent"] } }');
  await page.getByRole("button", { name: "Try on the latest events" }).click();
  await page.getByText(/^1 of the latest \d+ events$/).waitFor();
  await page.getByText("Show each event").click();
  await page.getByRole("row").filter({ hasText: "F-1" }).getByText("Yes").first().waitFor();
  await page.getByRole("row").filter({ hasText: "F-2" }).getByText("No: its content does not match").first().waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("400"));

  await page.getByLabel("Only updates of these fields").fill("status, priorty");
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await page.getByText("changed[1] is a field of no record with updates; did you mean priority?").waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes("400"));
  await page.getByLabel("Only updates of these fields").fill("status priority");
  await page.getByLabel("Leave out events that this key causes").check();
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await page.getByRole("heading", { name: "Endpoint created" }).waitFor();
  await page.getByRole("link", { name: "Send a test" }).click();
  await page.getByText("events caused by").waitFor();

  await call({ ...system, key }, "POST", "/api/webhook/workorder", {
    workOrderNumber: "F-3",
    title: "Ours",
    priority: "urgent",
  });
  await order("F-4", "low");
  await order("F-5", "urgent");
  const arrived = await until("the delivery", () => receiver.received[0]);
  if (JSON.parse(arrived.body).data.workOrderNumber !== "F-5") throw new Error(`${arrived.body} was sent`);
  await leave(page);
}

/** Two systems that answer each other: who they are, and what to do, is in an alert; its event went to nobody. */
export async function loops(browser, system) {
  const order = { workOrderNumber: "LOOP-1", title: "Set anchor bolts" };
  const answer = await call(system, "POST", "/api/webhook/workorder", order, EIGHTH_ROUND);
  if (answer.warnings[0]?.code !== "loop_stopped") throw new Error(JSON.stringify(answer));
  const page = await open(browser, system);
  await signIn(page, system.key);
  await page.getByRole("link", { name: "Alerts", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: "Loop stopped" });
  await until("the alert", async () => {
    await page.reload();
    await page.locator("main:not([aria-busy]) h1").waitFor();
    return await row.count();
  });
  const text = await row.innerText();
  for (const told of ["workorder.created of LOOP-1 was delivered to nobody", "key_", "skipKeys"])
    if (!text.includes(told)) throw new Error(`${told} is not in ${text}`);
  const help = row.getByRole("link", { name: "How to end a loop" });
  if ((await help.getAttribute("href")) !== "/docs/filters#loops") throw new Error("it leads elsewhere");
  await row.getByRole("link", { name: "View event" }).click();
  await page.getByText("Sent to no endpoint").waitFor();
  await page.getByRole("link", { name: "loop", exact: true }).click();
  await page.getByRole("heading", { name: "Loops", exact: true }).waitFor();
  await leave(page);
}
