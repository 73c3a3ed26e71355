// Sends a work order. usage: API_KEY=wsk_... node send.mjs [address of the API]
import { argv, env, exit } from "node:process";

const api = argv[2] ?? "http://127.0.0.1:3000";
const order = { workOrderNumber: "WO-12345", title: "Install HVAC System", priority: "high" };

/** Sends a record. Sending again is safe: its number finds it. */
async function send(path, record, tries = 3) {
  const headers = { "X-API-Key": env.API_KEY, "Content-Type": "application/json" };
  const response = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(record) });
  const answer = await response.json();
  if (response.ok) return answer;
  if ((response.status === 429 || response.status >= 500) && tries > 1) {
    const seconds = Number(response.headers.get("Retry-After") ?? 2);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return send(path, record, tries - 1);
  }
  const defects = (answer.errors ?? []).map(({ field, message }) => `${field} ${message}`);
  throw new Error([answer.detail, ...defects, answer.requestId].join("; "));
}

try {
  const { action, data } = await send("/api/webhook/workorder", order);
  console.log(action, data.id, "version", data.version);
} catch (error) {
  console.error(error.message);
  exit(1);
}
