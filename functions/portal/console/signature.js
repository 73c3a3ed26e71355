// @ts-check
/** Which of body, timestamp and secret is wrong: tries what goes wrong often, one thing at a time. */

/**
 * @typedef {{ body: string, timestamp: string, signature: string, secret: string, id: string }} Received
 * @typedef {{ verified: boolean, title: string, advice: string[], expected?: string }} Finding
 * @typedef {{ change: Partial<Received>, title: string, advice: string }} Trial
 */

const TOLERANCE_SECONDS = 300;

/**
 * @param {Received} received
 * @param {number} [now] milliseconds
 * @returns {Promise<Finding>}
 */
export async function diagnose(received, now = Date.now()) {
  const missing = /** @type {const} */ (["body", "timestamp", "signature", "secret"]).filter((name) => received[name] === "");
  if (missing.length) return wrong("Something is missing", [`Enter the ${missing.join(", the ")}.`]);
  if (received.signature.trim().startsWith("v1,") && !received.id) {
    return wrong("Something is missing", ["This is a webhook-signature: enter the webhook-id too, which it covers."]);
  }
  if (await matches(received)) return fresh(received, now);
  for (const { change, title, advice } of trials(received)) {
    if (await matches({ ...received, ...change })) return wrong(title, [advice], await sign(received));
  }
  return wrong("Nothing that goes wrong often explains it", [
    "The body: log the raw bytes in the receiver before anything parses them, and paste those.",
    "The secret: reveal it on the endpoint's page and compare its end. Was it rotated, or is it another endpoint's?",
    "The timestamp: take it from the same request as the signature, since each attempt is signed afresh.",
  ], await sign(received));
}

/**
 * The signature is right; is it in time?
 * @param {Received} received
 * @param {number} now
 * @returns {Finding}
 */
function fresh({ timestamp }, now) {
  const age = Math.round(now / 1000 - Number(timestamp));
  if (Math.abs(age) <= TOLERANCE_SECONDS) return { verified: true, title: "All three are right", advice: ["Body, timestamp and secret belong together."] };
  const words = age > 0 ? `${age} seconds old` : `${-age} seconds in the future`;
  return { verified: true, title: "The signature is right, the timestamp is out of bounds", advice: [
    `It is ${words}. A receiver refuses more than ${TOLERANCE_SECONDS}: for one that has just arrived, check the receiver's clock.`] };
}

/**
 * @param {Received} received
 * @returns {Trial[]}
 */
function trials({ body, timestamp, signature, secret }) {
  /** @type {Trial[]} */
  const list = [
    { change: { secret: secret.trim() }, title: "The secret is wrong", advice: "It has spaces or a line break around it: trim it where it is read." },
    { change: { secret: `whsec_${secret.trim()}` }, title: "The secret is wrong", advice: "It lacks whsec_: the whole string is the key, its beginning included." },
    { change: { signature: signature.trim().toLowerCase() }, title: "The signature is written otherwise", advice: "It is compared in another form: ours is lower-case hex without anything around it." },
    { change: { signature: signature.trim().replace(/^(sha256=|v1=)/, "") }, title: "The signature is written otherwise", advice: "Nothing stands before the hex: don't add or expect sha256=." },
    { change: { timestamp: timestamp.trim() }, title: "The timestamp is wrong", advice: "It has spaces around it." },
    { change: { timestamp: timestamp.trim().slice(0, -3) }, title: "The timestamp is wrong", advice: "It is in milliseconds: the header's text is signed as it came, in seconds." },
    { change: { timestamp: String(Math.floor(Date.parse(timestamp) / 1000)) }, title: "The timestamp is wrong", advice: "It was made a date: the header's text is signed as it came, in Unix seconds." },
    { change: { body: body.trim() }, title: "The body is wrong", advice: "It has white space around it that was not sent." },
    { change: { body: `${body}\n` }, title: "The body is wrong", advice: "A line break at its end was lost." },
  ];
  const again = reserialised(body);
  if (again !== null) list.push({ change: { body: again }, title: "The body is wrong", advice: "It was parsed and written again: its spaces or escapes differ. Verify over the raw bytes." });
  return list;
}

/** @param {string} body */
function reserialised(body) {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return null;
  }
}

/** @param {Received} received */
async function matches(received) {
  const { signature } = received;
  if (signature.trim().startsWith("v1,")) {
    const own = await standard(received);
    return own !== null && signature.trim().split(" ").includes(`v1,${own}`);
  }
  return signature === (await sign(received));
}

/**
 * Hex of `timestamp.body`, keyed with the whole secret.
 * @param {Received} received
 */
async function sign({ body, timestamp, secret }) {
  const mac = await hmac(new TextEncoder().encode(secret), `${timestamp}.${body}`);
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Standard Webhooks: base64 of `id.timestamp.body`, keyed with the bytes after whsec_.
 * @param {Received} received
 */
async function standard({ id, body, timestamp, secret }) {
  try {
    const key = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (character) => character.charCodeAt(0));
    return btoa(String.fromCharCode(...(await hmac(key, `${id}.${timestamp}.${body}`))));
  } catch {
    return null;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} key
 * @param {string} text
 */
async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

/**
 * @param {string} title
 * @param {string[]} advice
 * @param {string} [expected]
 * @returns {Finding}
 */
const wrong = (title, advice, expected) => ({ verified: false, title, advice, ...(expected ? { expected } : {}) });
