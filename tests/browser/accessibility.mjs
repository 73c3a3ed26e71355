// Every page at two widths in both themes: axe finds nothing, nothing scrolls sideways, nothing jumps; and pictures.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { open, signIn } from "./journeys.mjs";
import { attempt, call, EIGHTH_ROUND, startReceiver, until } from "./system.mjs";

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
/** What is drawn may move by so little (cumulative layout shift). */
const STILL = 0.02;
const findings = [];

/** Things of every kind, so that no page is empty. */
async function furnish(system) {
  const [good, bad] = [await startReceiver(200), await startReceiver(503)];
  await call(system, "POST", "/api/endpoints", {
    url: good.url,
    events: ["*"],
    description: "Payroll sync",
    headers: { Authorization: "Bearer x" },
  });
  const { id } = await call(system, "POST", "/api/endpoints", {
    url: bad.url,
    events: ["workorder.*"],
    description: "Shop-floor display",
  });
  await call(system, "POST", "/api/endpoints", { url: `${good.url}archive`, events: ["vendor.*"], status: "disabled" });
  const { id: choosy } = await call(system, "POST", "/api/endpoints", {
    url: `${good.url}choosy`,
    events: ["workorder.*"],
    description: "Urgent orders",
    filter: { data: { workOrderNumber: [{ prefix: "WO-" }] } },
    changed: ["status", "priority"],
    skipKeys: ["self"],
    format: "cloudevents",
  });
  const last = { workOrderNumber: "WO-9", title: "Pour mat slab" };
  await call({ ...system, key: system.first }, "POST", "/api/webhook/workorder", last);
  const looped = { ...last, title: "Pour slab" };
  const { requestId } = await call(system, "POST", "/api/webhook/workorder", looped, EIGHTH_ROUND);
  const link = await call(system, "POST", "/api/portal-links", {
    name: "user 4711",
    scopes: ["webhooks:manage", "audit:read"],
    origins: ["https://app.example.com"],
  });
  for (let number = 1; number <= 8; number++) {
    await call(system, "POST", "/api/webhook/workorder", { workOrderNumber: `WO-${number}`, title: "Pour mat slab" });
    await call(system, "POST", "/api/webhook/workorder", { workOrderNumber: `WO-${number}`, status: "in_progress" });
  }
  const refused = { workOrderNumber: "WO-1", title: "", materials: [{ name: "rebar" }], customFields: { 1: 1 } };
  await attempt(system, "POST", "/api/webhook/workorder", refused);
  await attempt(system, "POST", `/api/endpoints/${id}/test`, { event: "workorder.lost" });
  const failed = await until(
    "a failed delivery",
    async () => (await call(system, "GET", `/api/deliveries?status=failed&endpointId=${id}`)).data[0],
  );
  const cloud = await until(
    "a delivery as CloudEvents",
    async () => (await call(system, "GET", `/api/deliveries?status=delivered&endpointId=${choosy}`)).data[0],
  );
  const [lost] = (await call(system, "GET", `/api/events?requestId=${requestId}`)).data;
  await until("the alert", async () => (await call(system, "GET", "/api/alerts?kind=event.looped")).data[0]);
  return { id, failed, choosy, cloud, lost, link };
}

/** Where the pictures are taken: a name, and the path and the title of each. */
function pages({ id, failed, choosy, cloud, lost }) {
  return {
    overview: ["/#/", "Overview"],
    endpoints: ["/#/endpoints", "Endpoints"],
    endpoint: [`/#/endpoints/${id}`, "Shop-floor display"],
    edit: [`/#/endpoints/${id}/edit`, "Edit endpoint"],
    create: ["/#/endpoints/new", "New endpoint"],
    "endpoint-choosy": [`/#/endpoints/${choosy}`, "Urgent orders"],
    "edit-choosy": [`/#/endpoints/${choosy}/edit`, "Edit endpoint"],
    "delivery-cloudevents": [`/#/deliveries/${cloud.id}`, cloud.event],
    deliveries: ["/#/deliveries", "Deliveries"],
    "deliveries-none": ["/#/deliveries?status=cancelled", "Deliveries"],
    "deliveries-wrong": ["/#/deliveries?eventId=evt_1&status=lost", "Deliveries"],
    delivery: [`/#/deliveries/${failed.id}`, failed.event],
    events: ["/#/events", "Events"],
    event: [`/#/events/${failed.eventId}`, failed.event],
    "event-looped": [`/#/events/${lost.id}`, lost.event],
    record: ["/#/records/workorder/WO-1", "WO-1"],
    search: ["/#/search?q=mat+slab", "Search"],
    "search-none": ["/#/search?q=WO-0", "Search"],
    alerts: ["/#/alerts", "Alerts"],
    "alerts-looped": ["/#/alerts?kind=event.looped", "Alerts"],
    requests: ["/#/requests", "Refused calls"],
    "requests-none": ["/#/requests?code=last_key", "Refused calls"],
    replay: ["/#/replay", "Replay"],
    catalog: ["/#/catalog", "Event catalog"],
    "event-type": ["/#/catalog/workorder.updated", "workorder.updated"],
    audit: ["/#/audit", "Audit log"],
    "audit-none": ["/#/audit?target=ep_none", "Audit log"],
    keys: ["/#/keys", "API keys"],
    debugger: ["/#/debugger", "Signature debugger"],
    missing: ["/#/nowhere", "Page not found"],
    "docs-events-workorder.updated": ["/docs/events/workorder.updated", ""],
    "docs-errors-validation_failed": ["/docs/errors/validation_failed", ""],
  };
}

/** The pages of the docs, as their home page lists them. */
async function docs({ base }) {
  const home = await (await fetch(`${base}/docs`)).text();
  const paths = new Set(["/docs", ...[...home.matchAll(/href="(\/docs\/[^"#]+)"/g)].map(([, path]) => path)]);
  const listed = [...paths].filter((path) => !/^\/docs\/(explorer|assets)/.test(path));
  return Object.fromEntries(listed.map((path) => [path.slice(1).replaceAll("/", "-"), [path, ""]]));
}

/** Looks at every page. */
export async function accessibility(browser, system) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const pictures = join(import.meta.dirname, "screenshots");
  await mkdir(pictures, { recursive: true });
  const furniture = await furnish(system);
  const places = { ...pages(furniture), ...(await docs(system)) };
  let looks = 0;
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      // axe is put into the page as text, which the policy of the pages forbids; the journeys run under it.
      const page = await open(browser, system, { viewport, colorScheme, bypassCSP: true });
      await page.goto("/");
      await page.getByLabel("API key").waitFor();
      await look(page, source, join(pictures, `sign-in-${size}-${colorScheme}.png`));
      looks += await portal(page, source, (name) => join(pictures, `${name}-${size}-${colorScheme}.png`), furniture.link);
      await page.goto("/");
      await signIn(page, system.key);
      // What a pointer opens is no part of the pictures.
      await page.mouse.move(0, 0);
      for (const [name, [path, title]] of Object.entries(places)) {
        await page.goto(path);
        // The page itself: the one before has a title too, until this one is there.
        await page.waitForFunction((title) => document.title.startsWith(title), title);
        await page.locator("main:not([aria-busy]) h1").waitFor();
        await look(page, source, join(pictures, `${name}-${size}-${colorScheme}.png`));
        looks += 1;
      }
      await pictureOfExplorer(page, join(pictures, `explorer-${size}-${colorScheme}.png`));
      looks += await dialogs(page, source, (name) => join(pictures, `${name}-${size}-${colorScheme}.png`), places.endpoint[0]);
      // A filter that is wrong is refused, which the browser calls an error.
      findings.push(...page.faults.filter((fault) => !fault.includes("400")));
      await page.context().close();
    }
  }
  assert.deepEqual(findings, []);
  console.log(`${looks} looks at ${Object.keys(places).length} pages without a finding; pictures in ${pictures}`);
}

/** What the explorer draws is Scalar's: only that it is there, in our colours and no wider than the screen. */
async function pictureOfExplorer(page, picture) {
  await page.goto("/docs/explorer");
  await page.locator("h1").first().waitFor();
  await page.screenshot({ path: picture });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (sideways > 0) findings.push(`${basename(picture)} scrolls sideways by ${sideways}`);
}

/** The console of a portal link, and what is left of it when the link has ended. */
async function portal(page, source, picture, { id, url }) {
  const places = [
    ["portal-expired", `/portal/${id}`, "Link expired"],
    ["portal", url, "Overview"],
    ["portal-endpoints", `/portal/${id}#/endpoints`, "Endpoints"],
    ["portal-audit", `/portal/${id}#/audit`, "Audit log"],
  ];
  for (const [name, path, title] of places) {
    // A token that came to a page that is open already would be no visit.
    if (path === url) await page.goto("about:blank");
    await page.goto(path);
    await page.waitForFunction((title) => document.title.startsWith(title), title);
    await page.locator("main:not([aria-busy]) h1").waitFor();
    await look(page, source, picture(name));
  }
  return places.length;
}

/** What opens over a page: each dialog is looked at too. */
async function dialogs(page, source, picture, endpoint) {
  const found = [
    ["dialog-key", "/#/keys", "API keys", /^New key$/],
    ["dialog-revoke", "/#/keys", "API keys", /^Revoke /],
    ["dialog-rotate", endpoint, "Shop-floor display", /^Rotate$/],
    ["dialog-delete", endpoint, "Shop-floor display", /^Delete$/],
    ["dialog-export", "/#/deliveries", "Deliveries", /^Export/],
    ["dialog-send-again", "/#/deliveries", "Deliveries", /^Send again/],
    ["dialog-replay", "/#/alerts", "Alerts", /^Replay what failed/],
  ];
  for (const [name, path, title, button] of found) {
    await page.goto(path);
    await page.waitForFunction((title) => document.title.startsWith(title), title);
    if (name === "dialog-send-again") await page.getByRole("checkbox", { name: "Select all shown" }).check();
    await page.getByRole("button", { name: button }).first().click();
    await page.getByRole("dialog").waitFor();
    await look(page, source, picture(name));
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  return found.length;
}

async function look(page, source, picture) {
  const shift = await shifted(page);
  await page.screenshot({ path: picture });
  await page.evaluate(source);
  const found = await page.evaluate(async (rules) => {
    const { violations } = await axe.run(document, { runOnly: rules });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  }, RULES);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const name = basename(picture);
  findings.push(...found.map((text) => `${name}: ${text}`));
  if (sideways > 0) findings.push(`${name} scrolls sideways by ${sideways}`);
  if (shift > STILL) findings.push(`${name}: what is drawn moves by ${shift}`);
}

/** How much has moved on this page since the last look, once two frames were drawn. */
function shifted(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const since = globalThis.looked ?? 0;
        let sum = 0;
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (entry.startTime > since && !entry.hadRecentInput) sum += entry.value;
        });
        observer.observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            setTimeout(() => {
              globalThis.looked = performance.now();
              resolve(sum);
            }),
          ),
        );
      }),
  );
}
