// Reads the events since the last run. usage: API_KEY=wsk_... node catch-up.mjs [address of the API]
// The place in the feed is kept in feed-position.txt: run it from a timer, and after your receiver was down.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { argv, env } from "node:process";

const api = argv[2] ?? "http://127.0.0.1:3000";
const position = "feed-position.txt";

/** One page of the feed, oldest first; waits when the key has no calls left. */
async function page(after) {
  const query = new URLSearchParams({ limit: "100", ...(after ? { after } : {}) });
  for (;;) {
    const response = await fetch(`${api}/api/events?${query}`, { headers: { "X-API-Key": env.API_KEY } });
    const answer = await response.json();
    if (response.ok) return answer;
    if (response.status !== 429) throw new Error(answer.detail);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("Retry-After"))));
  }
}

let after = existsSync(position) ? readFileSync(position, "utf8") : null;
for (;;) {
  const answer = await page(after);
  for (const { event, data } of answer.data) {
    // Your work goes here. What happened last may come again after a crash: compare data.version with what you have.
    console.log(`${event} ${data.id} version ${data.version}`);
  }
  after = answer.resumeAfter;
  if (after) {
    // Written when the work is done, whole or not at all.
    writeFileSync(`${position}.new`, after);
    renameSync(`${position}.new`, position);
  }
  if (answer.nextCursor === null) break;
}
