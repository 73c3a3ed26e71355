// Starts a local system, lets people go their ways through it, then looks at every page in every dress. With arguments, those
// journeys alone.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { argv, env } from "node:process";
import { chromium } from "playwright-core";
import { accessibility } from "./accessibility.mjs";
import { editing, fewCalls, keyboard, keys, replaying, resending, rotation, searching, watching } from "./everyday.mjs";
import { explorer } from "./explorer.mjs";
import { filtering, loops } from "./filtering.mjs";
import { integrator, investigator, onCall, outage, subscriber, whatIsWrong } from "./journeys.mjs";
import { comingBack, exporting, headers, live, narrow, ownTest, sendingAgain, tabs, zones } from "./lists.mjs";
import { figures, holding } from "./plots.mjs";
import { auditing, dashboard } from "./portal.mjs";
import { reading } from "./reading.mjs";
import { nightlySync } from "./refused.mjs";
import { startSystem, stopAll } from "./system.mjs";

const LONGEST_MS = 120_000;
const wanted = argv.slice(2);
/** The first finds nothing there yet; each brings what it needs. What is there at the end is looked at. */
const JOURNEYS = [
  subscriber,
  onCall,
  outage,
  integrator,
  investigator,
  whatIsWrong,
  keyboard,
  searching,
  watching,
  editing,
  rotation,
  keys,
  replaying,
  resending,
  figures,
  holding,
  tabs,
  zones,
  sendingAgain,
  exporting,
  comingBack,
  live,
  ownTest,
  headers,
  narrow,
  fewCalls,
  nightlySync,
  filtering,
  loops,
  auditing,
  dashboard,
  reading,
  explorer,
  accessibility,
];
const failed = [];
const journeys = wanted.length ? JOURNEYS.filter(({ name }) => wanted.includes(name)) : JOURNEYS;

const browser = await chromium.launch({ executablePath: env.CHROMIUM, args: ["--no-sandbox"] });
const system = await startSystem();
try {
  for (const journey of journeys) {
    const started = performance.now();
    try {
      await journey(browser, system);
    } catch (error) {
      failed.push(journey.name);
      console.error(error);
      await lastSeen(journey.name);
    }
    const took = performance.now() - started;
    console.log(`${journey.name}: ${(took / 1000).toFixed(1)} s`);
    if (took > LONGEST_MS && !(journey === accessibility || journey === explorer))
      failed.push(`${journey.name}, which took longer than two minutes`);
  }
} finally {
  await browser.close();
  stopAll();
  await rm(system.data, { recursive: true, force: true });
}
if (failed.length) throw new Error(`failed: ${failed.join(", ")}`);

/** Pictures of what a journey that failed had open, and an end to it. */
async function lastSeen(name) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [i, page] of pages.entries())
    await page.screenshot({ path: join(import.meta.dirname, "screenshots", `failed-${name}-${i}.png`) });
  for (const context of browser.contexts()) await context.close();
}
