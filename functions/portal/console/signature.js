/** Finds which of body, timestamp and secret is wrong: by comparing with what was sent, or by trying common mistakes. */

import { ago } from "./format.js";

const TOLERANCE_SECONDS = 300;
/** Common mistakes. */
const OFTEN = {
  spacedBody: "The body has extra white space around it.",
  rewritten: "The body was parsed and serialized again: its spaces or escapes differ. Verify over the raw bytes.",
  milliseconds: "The timestamp is in milliseconds. Sign the header's text as received, in seconds.",
  spacedSecret: "The secret has spaces or a line break around it. Trim it where you read it.",
  cutSecret: "The secret lacks whsec_. The key is the whole string, including the prefix.",
};

/** @param {Ui.Received} received @param {Ui.Sent | null} sent @param {number} [now] milliseconds @returns {Promise<Ui.Finding>} */
export async function diagnose(received, sent, now = Date.now()) {
  const missing = /** @type {const} */ (["body", "timestamp", "signature", "secret"]).filter((name) => received[name] === "");
  if (missing.length) return wrong("Something is missing", [`Enter the ${missing.join(", the ")}.`]);
  if (isStandard(received) && !received.id) {
    return wrong("Something is missing", ["This is a webhook-signature, which covers the webhook-id. Enter that too."]);
  }
  if (await matches(received)) return fresh(received, now);
  return sent ? compare(received, sent) : guess(received);
}

/**
 * The signature is valid; is its timestamp recent?
 * @param {Ui.Received} received
 * @param {number} now
 * @returns {Ui.Finding}
 */
function fresh({ timestamp }, now) {
  if (!/^\d{1,12}$/.test(timestamp)) {
    return wrong("The timestamp is wrong", ["The signature matches it, but it is not a Unix time in seconds, so receivers refuse it."]);
  }
  const age = Math.round(now / 1000 - Number(timestamp));
  if (Math.abs(age) <= TOLERANCE_SECONDS) {
    return { tone: "good", verdict: "Verified", title: "Body, timestamp and secret match", advice: ["Receivers accept this signature."] };
  }
  const title = age > 0 ? "The signature is valid but too old" : "The signature is valid but from the future";
  return { tone: "warn", verdict: "Refused by receivers", title, advice: [
    `Its timestamp is ${ago(new Date(Number(timestamp) * 1000).toISOString())}. Receivers refuse a difference of more than ${TOLERANCE_SECONDS / 60} minutes, so that old deliveries can't be replayed.`,
    "If the delivery has just arrived, the receiver's clock is wrong. Otherwise nothing is wrong: body, timestamp and secret match."] };
}

/**
 * Compares each part with what was sent: more than one can be wrong.
 * @param {Ui.Received} received
 * @param {Ui.Sent} sent
 * @returns {Promise<Ui.Finding>}
 */
async function compare(received, sent) {
  const parts = [bodyPart(received.body, sent.body), timePart(received.timestamp, sent.attempts), secretPart(received.secret, sent)];
  const culprits = parts.filter(({ right }) => !right).map(({ name }) => name.toLowerCase());
  const expected = sent.body === null ? undefined : await sign(isStandard(received), { ...received, body: sent.body, secret: sent.secret });
  if (culprits.length) return { ...wrong(title(culprits), [], expected), parts };
  return { ...wrong("The signature is wrong", [
    "Body, timestamp and secret match this delivery, so the signature was changed, truncated, or taken from another attempt.",
    ...(sent.previous ? ["The secret was rotated recently. Until it is promoted, its signature is in X-Webhook-Signature-Next and the one before it signs X-Webhook-Signature; afterwards that one signs X-Webhook-Signature-Previous."] : [])], expected), parts };
}

/** @param {string} name */
const partOf = (name) => (/** @type {boolean} */ right, /** @type {string} */ words) => ({ name, right, words });

/** @param {string} body @param {string | null} sent @returns {Ui.Part} */
function bodyPart(body, sent) {
  const part = partOf("Body");
  if (sent === null) return part(true, "It is no longer stored and can't be compared.");
  if (body === sent) return part(true, "Identical to what was sent.");
  if (body.trim() === sent) return part(false, OFTEN.spacedBody);
  if (reserialised(body) === sent) return part(false, OFTEN.rewritten);
  let at = 0;
  while (body[at] === sent[at]) at += 1;
  const near = (/** @type {string} */ text) => text.slice(Math.max(0, at - 12), at + 24) || "nothing";
  return part(false, `It was changed. From character ${at + 1} on it is ${near(body)}, but ${near(sent)} was sent.`);
}

/** @param {string} timestamp @param {number[]} attempts @returns {Ui.Part} */
function timePart(timestamp, attempts) {
  const part = partOf("Timestamp");
  if (!/^\d+$/.test(timestamp)) return part(false, "It is not a Unix time in seconds. Use the header's text as received.");
  const number = attempts.indexOf(Number(timestamp));
  if (number >= 0) return part(true, attempts.length > 1 ? `Matches attempt ${number + 1}.` : "Matches the attempt.");
  if (attempts.includes(Math.floor(Number(timestamp) / 1000))) return part(false, OFTEN.milliseconds);
  return part(false, `No attempt was made at that time. Attempts were made at: ${attempts.slice(-3).join(", ") || "none yet"}. Each attempt has its own signature: take timestamp and signature from the same request.`);
}

/** @param {string} secret @param {Ui.Sent} sent @returns {Ui.Part} */
function secretPart(secret, sent) {
  const part = partOf("Secret");
  if (secret === sent.secret) return part(true, `Matches ${sent.endpoint}.`);
  if (secret.trim() === sent.secret) return part(false, OFTEN.spacedSecret);
  if (`whsec_${secret.trim()}` === sent.secret) return part(false, OFTEN.cutSecret);
  const other = sent.others.find(({ hint }) => secret.trim().endsWith(hint.slice(-4)));
  if (other) return part(false, `It ends like the secret of another endpoint, ${other.name}. This delivery went to ${sent.endpoint}.`);
  return part(false, `It is not the secret of ${sent.endpoint}.${sent.previous ? " The secret was rotated recently: is this the previous one?" : ""} Reveal the correct one on the endpoint's page.`);
}

/**
 * Without the delivery: tries common mistakes, one at a time, then pairs.
 * @param {Ui.Received} received
 * @returns {Promise<Ui.Finding>}
 */
async function guess(received) {
  const expected = await sign(isStandard(received), received);
  const singles = trials(received);
  for (const { change, part, advice } of singles) {
    if (await matches({ ...received, ...change })) return wrong(title([part]), [advice], expected);
  }
  for (const [i, one] of singles.entries()) {
    for (const other of singles.slice(i + 1)) {
      if (one.part === other.part || !(await matches({ ...received, ...one.change, ...other.change }))) continue;
      return wrong(title([one.part, other.part]), [one.advice, other.advice], expected);
    }
  }
  if (!/^\d+$/.test(received.timestamp)) return wrong("The timestamp is wrong", ["It is not a Unix time in seconds, such as 1760970600."], expected);
  return wrong("No common mistake explains it", [
    "Enter the X-Webhook-ID to compare each part with what was sent.",
    "Body: log the raw bytes in the receiver before anything parses them, and paste those.",
    "Secret: reveal it on the endpoint's page and compare the last characters. Was it rotated, or is it another endpoint's?",
    "Timestamp: take it from the same request as the signature, since each attempt has its own.",
  ], expected);
}

/** @param {string[]} parts */
const title = (parts) => `The ${parts.join(" and the ")} ${parts.length > 1 ? "are" : "is"} wrong`;

/** @param {Ui.Received} received @returns {Ui.Trial[]} */
function trials({ body, timestamp, signature, secret }) {
  const seconds = Math.floor(Date.parse(timestamp) / 1000);
  const again = reserialised(body);
  /** @type {(Ui.Trial | false)[]} */
  const list = [
    { change: { secret: secret.trim() }, part: "secret", advice: OFTEN.spacedSecret },
    { change: { secret: `whsec_${secret.trim()}` }, part: "secret", advice: OFTEN.cutSecret },
    { change: { signature: signature.trim().toLowerCase() }, part: "signature", advice: "The signature has a different form: ours is lower-case hex without anything around it." },
    { change: { signature: signature.trim().replace(/^(sha256=|v1=)/, "") }, part: "signature", advice: "The signature has no prefix: don't add or expect sha256=." },
    { change: { timestamp: timestamp.trim() }, part: "timestamp", advice: "The timestamp has spaces around it." },
    { change: { timestamp: timestamp.trim().slice(0, -3) }, part: "timestamp", advice: OFTEN.milliseconds },
    !Number.isNaN(seconds) && { change: { timestamp: String(seconds) }, part: "timestamp", advice: "The timestamp was converted to a date. Use the header's text as received, in Unix seconds." },
    { change: { body: body.trim() }, part: "body", advice: OFTEN.spacedBody },
    { change: { body: `${body}\n` }, part: "body", advice: "A line break at the end of the body was lost." },
    again !== null && { change: { body: again }, part: "body", advice: OFTEN.rewritten },
  ];
  const own = /** @type {Record<string, string>} */ ({ body, timestamp, signature, secret });
  return /** @type {Ui.Trial[]} */ (list.filter((trial) => trial && Object.entries(trial.change).some(([name, value]) => own[name] !== value)));
}

/** @param {string} body */
function reserialised(body) {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return null;
  }
}

/** @param {Ui.Received} received */
const isStandard = ({ signature }) => signature.trim().startsWith("v1,");

/** @param {Ui.Received} received */
async function matches(received) {
  const { signature } = received;
  if (!isStandard(received)) return signature === (await hex(received));
  const own = await standard(received);
  return own !== null && signature.trim().split(" ").includes(`v1,${own}`);
}

/** @param {boolean} asStandard @param {Ui.Received} received */
const sign = async (asStandard, received) => (asStandard ? `v1,${await standard(received)}` : hex(received));

/** Hex of `timestamp.body`, keyed with the whole secret. @param {{ body: string, timestamp: string, secret: string }} parts */
export async function hex({ body, timestamp, secret }) {
  const mac = await hmac(new TextEncoder().encode(secret), `${timestamp}.${body}`);
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Standard Webhooks: base64 of `id.timestamp.body`, keyed with the bytes after whsec_.
 * @param {{ id: string, body: string, timestamp: string, secret: string }} parts
 */
export async function standard({ id, body, timestamp, secret }) {
  try {
    const key = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (character) => character.charCodeAt(0));
    return btoa(String.fromCharCode(...(await hmac(key, `${id}.${timestamp}.${body}`))));
  } catch {
    return null;
  }
}

/** @param {Uint8Array<ArrayBuffer>} key @param {string} text */
async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

/** @param {string} title @param {string[]} advice @param {string} [expected] @returns {Ui.Finding} */
const wrong = (title, advice, expected) => ({ tone: "bad", verdict: "Not verified", title, advice, ...(expected ? { expected } : {}) });
