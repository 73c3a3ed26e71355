// The local system, receivers, and calls to the API.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";

const started = [];
const servers = [];

/** What `find` returns, once it is something, within seconds. */
export async function until(what, find, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come`);
}

/** Runs a program; its output is collected. */
export function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output.text += data));
  started.push(child);
  return output;
}

/** Ends what was started here. */
export function stopAll() {
  for (const child of started) child.kill("SIGKILL");
  for (const server of servers) server.close().closeAllConnections();
}

/** A local system with a key whose limits don't get in a browser's way, and one that retries every second. */
export async function startSystem() {
  const data = mkdtempSync(join(tmpdir(), "workskedge-browser-"));
  const output = run(env.BINARY, ["--port", "0", "--data-dir", data, "--retry-schedule", "1,1,1,1"]);
  const base = (await until("the system", () => output.text.match(/http:\/\/127\.0\.0\.1:\d+/)))[0];
  const file = join(data, "api-key");
  const first = await until("the key", () => existsSync(file) && readFileSync(file, "utf8").trim());
  const scopes = ["inbound", "events:publish", "webhooks:manage", "records:read", "keys:manage", "audit:read"];
  const limits = { perHour: 100_000, perMinute: 5_000 };
  const { key } = await call({ base, key: first }, "POST", "/api/keys", { name: "Console", scopes, limits });
  return { base, key, first, data };
}

/** A call to the API: its status and its body. */
export async function attempt({ base, key }, method, path, body, more = {}) {
  const headers = { "X-API-Key": key, "Content-Type": "application/json", ...more };
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, answer: response.status === 204 ? null : await response.json() };
}

/** A call to the API that must succeed. */
export async function call(system, method, path, body, more = {}) {
  const { status, answer } = await attempt(system, method, path, body, more);
  if (status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What a call has that answers a delivery, which answered a call, and so on for eight rounds. */
export const EIGHTH_ROUND = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "workskedge=h:8",
};

/** A receiver that answers with `answer.status`, and keeps what came. */
export async function startReceiver(status) {
  const receiver = { status, received: [], url: "" };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(receiver.status, { "Content-Type": "application/json" });
    response.end(receiver.status < 300 ? '{"taken":true}' : '{"error":"the schedule database is read-only"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  receiver.url = `http://127.0.0.1:${server.address().port}/`;
  return receiver;
}
