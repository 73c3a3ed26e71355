// Verifies a delivery in the format cloudevents, and reads it with the SDK: npm install cloudevents, with verify.mjs beside it.
// usage: WEBHOOK_SECRET=whsec_... node cloudevents-sdk.mjs <X-Webhook-Timestamp> <X-Webhook-Signature> [more signatures] < body
import { readFileSync } from "node:fs";
import { argv, env, exit } from "node:process";
import { HTTP } from "cloudevents";
import { verify } from "./verify.mjs";

const [timestamp, ...signatures] = argv.slice(2);
const body = readFileSync(0); // the bytes as they came: the signature is over these
if (!verify(env.WEBHOOK_SECRET, timestamp, signatures, body)) {
  console.log("refused");
  exit(1);
}

// In a server, `headers` are those of the request.
const headers = { "content-type": "application/cloudevents+json" };
const event = HTTP.toEvent({ headers, body: body.toString() });
event.validate(); // throws where an attribute is missing or wrong
console.log(`${event.id} ${event.type} ${event.subject} version ${event.data.version}`);
