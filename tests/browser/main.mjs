// Starts a local system, lets people go their ways through it, then looks at every page in every dress.
import { rm } from "node:fs/promises";
import { env } from "node:process";
import { chromium } from "playwright-core";
import { accessibility } from "./accessibility.mjs";
import { editing, fewCalls, keyboard, keys, replaying, resending, rotation, searching, watching } from "./everyday.mjs";
import { integrator, investigator, onCall, outage, subscriber, whatIsWrong } from "./journeys.mjs";
import { comingBack, exporting, headers, live, narrow, ownTest, sendingAgain, tabs, zones } from "./lists.mjs";
import { figures, holding } from "./plots.mjs";
import { reading } from "./reading.mjs";
import { nightlySync } from "./refused.mjs";
import { startSystem, stopAll } from "./system.mjs";

const LONGEST_MS = 120_000;

const browser = await chromium.launch({ executablePath: env.CHROMIUM, args: ["--no-sandbox"] });
const system = await startSystem();
try {
  for (const journey of [
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
    reading,
  ]) {
    const started = performance.now();
    await journey(browser, system);
    const took = performance.now() - started;
    console.log(`${journey.name}: ${(took / 1000).toFixed(1)} s`);
    if (took > LONGEST_MS) throw new Error(`${journey.name} took longer than two minutes`);
  }
  await accessibility(browser, system);
} finally {
  await browser.close();
  stopAll();
  await rm(system.data, { recursive: true, force: true });
}
