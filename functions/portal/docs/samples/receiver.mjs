// A whole receiver: verifies, stores on disk, answers, works. usage: WEBHOOK_SECRET=whsec_... node receiver.mjs [port]
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:http";
import { argv, env } from "node:process";
import { verify } from "./verify.mjs";

const BOX = "deliveries"; // a file for each delivery: <id>.json when it is to be done, <id>.done afterwards
const KEEP_MS = 30 * 24 * 3600 * 1000; // a retry by hand or a replay brings an id again for 30 days
const MAX_BYTES = 32 * 1024; // no event is larger
const secret = env.WEBHOOK_SECRET;
if (!secret) throw new Error("WEBHOOK_SECRET is not set");
mkdirSync(BOX, { recursive: true });

/** Writes a delivery so that it outlives a crash. One that is there already stays as it is. */
function store(id, body) {
  if (existsSync(`${BOX}/${id}.json`) || existsSync(`${BOX}/${id}.done`)) return;
  const file = openSync(`${BOX}/${id}.part`, "w");
  writeSync(file, body);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${BOX}/${id}.part`, `${BOX}/${id}.json`);
  const directory = openSync(BOX, "r");
  fsyncSync(directory); // the new name too
  closeSync(directory);
}

/** Does what is stored and not done, what an earlier run left included, and forgets what is older than 30 days. */
function work() {
  for (const name of readdirSync(BOX)) {
    const path = `${BOX}/${name}`;
    if (name.endsWith(".json")) {
      const { event, data } = JSON.parse(readFileSync(path, "utf8"));
      console.log(`${event} ${data.id} version ${data.version}`); // your work goes here
      renameSync(path, path.replace(/json$/, "done"));
    } else if (Date.now() - statSync(path).mtimeMs > KEEP_MS) {
      rmSync(path);
    }
  }
}

async function receive(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BYTES) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks); // the raw bytes, before any parser
  const headers = request.headers;
  const signatures = ["", "-next", "-previous"].map((which) => headers[`x-webhook-signature${which}`]);
  if (!verify(secret, headers["x-webhook-timestamp"], signatures, body)) return 401;
  // The signature doesn't cover the id: it has to look like one before it names a file.
  const id = headers["x-webhook-id"] ?? "";
  if (!/^dlv_[0-9A-Z]{26}$/.test(id)) return 400;
  store(id, body);
  setImmediate(work);
  return 204; // stored, and only now acknowledged
}

createServer(async (request, response) => {
  try {
    response.writeHead(await receive(request)).end();
  } catch (error) {
    // The connection broke, or the disk is full: without a 2xx the delivery comes again.
    console.error(error.message);
    response.writeHead(503).end();
  }
}).listen(Number(argv[2] ?? 4000), "127.0.0.1", work);
