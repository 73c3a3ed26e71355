// A whole receiver. usage: WEBHOOK_SECRET=whsec_... node receiver.mjs [port]
import { createServer } from "node:http";
import { argv, env } from "node:process";
import { verify } from "./verify.mjs";

const seen = new Set(); // in production: a table that keeps ids for three days

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // the raw bytes, before any parser
  const headers = request.headers;
  if (!verify(env.WEBHOOK_SECRET, headers["x-webhook-timestamp"], headers["x-webhook-signature"], body)) {
    response.writeHead(401).end();
    return;
  }
  response.writeHead(204).end(); // answered at once; the work comes after
  const id = headers["x-webhook-id"];
  if (seen.has(id)) return;
  seen.add(id);
  const { event, data } = JSON.parse(body);
  console.log(`${event} ${data.id} version ${data.version}`);
}).listen(Number(argv[2] ?? 4000), "127.0.0.1");
