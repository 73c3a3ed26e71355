// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { argv, env, exit } from "node:process";
import { pathToFileURL } from "node:url";

const TOLERANCE_SECONDS = 300;

/**
 * Whether `body` (a Buffer with the raw bytes) was signed with `secret` not long before `now` (Unix seconds).
 * `signatures`: X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
 */
export function verify(secret, timestamp, signatures, body, now = Date.now() / 1000) {
  if (!secret || !/^\d{1,12}$/.test(timestamp ?? "")) return false;
  if (Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
  const wellFormed = signatures.filter((signature) => /^[0-9a-f]{64}$/.test(signature ?? ""));
  return wellFormed.some((signature) => timingSafeEqual(expected, Buffer.from(signature, "hex")));
}

// usage: WEBHOOK_SECRET=whsec_... node verify.mjs <timestamp> <signature> [more signatures] < body
if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const now = env.VERIFY_NOW ? Number(env.VERIFY_NOW) : undefined;
  const verified = verify(env.WEBHOOK_SECRET, argv[2], argv.slice(3), readFileSync(0), now);
  console.log(verified ? "verified" : "refused");
  exit(verified ? 0 : 1);
}
