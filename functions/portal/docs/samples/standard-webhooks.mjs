// Verifies a delivery with the library of Standard Webhooks. npm install standardwebhooks
// usage: WEBHOOK_SECRET=whsec_... node standard-webhooks.mjs <webhook-id> <webhook-timestamp> <webhook-signature> < body
import { readFileSync } from "node:fs";
import { argv, env } from "node:process";
import { Webhook } from "standardwebhooks";

const [id, timestamp, signature] = argv.slice(2);
const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
const body = readFileSync(0, "utf8"); // as it came, before any parser
try {
  new Webhook(env.WEBHOOK_SECRET).verify(body, headers);
  console.log("verified");
} catch {
  console.log("refused");
}
