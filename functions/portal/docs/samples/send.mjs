// Sends a work order. usage: API_KEY=wsk_... node send.mjs [address of the API]
import { argv, env, exit } from "node:process";

const api = argv[2] ?? "http://127.0.0.1:3000";
const order = { workOrderNumber: "WO-12345", title: "Install HVAC System", priority: "high" };
const TRIES = 5;
const LONGEST_WAIT_SECONDS = 120;

/** Whether the same body may be sent again: after no answer, 408, 429 and 5xx. */
const again = (response) => !response || [408, 429].includes(response.status) || response.status >= 500;

/** Sends a record. Sending the same body again is safe: its number finds the record. */
async function send(path, record) {
  const headers = { "X-API-Key": env.API_KEY, "Content-Type": "application/json" };
  const body = JSON.stringify(record);
  for (let attempt = 1; ; attempt++) {
    const request = { method: "POST", headers, body, signal: AbortSignal.timeout(30_000) };
    const response = await fetch(api + path, request).catch(() => null);
    const seconds = Number(response?.headers.get("Retry-After") ?? 2 ** (attempt - 1));
    if (again(response) && attempt < TRIES && seconds <= LONGEST_WAIT_SECONDS) {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      continue;
    }
    if (!response) throw new Error("no answer");
    const answer = await response.json();
    if (response.ok) return answer;
    const defects = (answer.errors ?? []).map(({ field, message }) => `${field} ${message}`);
    throw new Error([answer.detail, ...defects, answer.requestId].join("; "));
  }
}

try {
  const { action, data } = await send("/api/webhook/workorder", order);
  console.log(action, data.id, "version", data.version);
} catch (error) {
  console.error(error.message);
  exit(1);
}
