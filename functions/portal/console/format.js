/** Numbers, times and words as people read them. */

import { h } from "./dom.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** @param {string} iso */
export function ago(iso) {
  const seconds = Math.round((Date.parse(iso) - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/**
 * An instant, told by how long ago it is; the moment itself is in its title.
 * @param {string | null | undefined} iso
 * @param {string} [never]
 */
export function time(iso, never = "never") {
  if (!iso) return h("span", { class: "muted" }, never);
  return h("time", { datetime: iso, title: absolute.format(new Date(iso)), "data-ago": true }, ago(iso));
}

/**
 * An instant in full.
 * @param {string | null | undefined} iso
 */
export const moment = (iso) => (iso ? h("time", { datetime: iso }, absolute.format(new Date(iso))) : "—");

/**
 * How long until an instant, counted down.
 * @param {string} iso
 */
export const countdown = (iso) =>
  h("time", { class: "num", datetime: iso, title: absolute.format(new Date(iso)), "data-until": true }, left(iso));

/** @param {string} iso */
function left(iso) {
  const seconds = Math.round((Date.parse(iso) - Date.now()) / 1000);
  if (seconds <= 0) return "now";
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h >= 48) return `in ${Math.floor(h / 24)} days`;
  return h > 0
    ? `in ${h} h ${String(m).padStart(2, "0")} min`
    : m > 0
      ? `in ${m} min ${String(s).padStart(2, "0")} s`
      : `in ${s} s`;
}

/** Keeps times on the page true. */
export function startClock() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-until]")) {
      element.textContent = left(element.getAttribute("datetime") ?? "");
    }
  }, 1000);
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-ago]")) {
      element.textContent = ago(element.getAttribute("datetime") ?? "");
    }
  }, 15_000);
}

/**
 * An instant as an input of the type datetime-local has it. By the parts of that very day: the offset of today is not
 * the one of a day on the other side of a change to summer time.
 * @param {string | number} at
 */
export function localInput(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** @param {string} value of an input of the type datetime-local */
export const fromLocalInput = (value) => new Date(value).toISOString().replace(".000Z", "Z");

/**
 * When the thing with this id was made: its ULID begins with the milliseconds.
 * @param {string} id
 */
export function idTime(id) {
  const ulid = id.match(/_([0-9A-HJKMNP-TV-Z]{26})$/)?.[1];
  if (!ulid) return null;
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return new Date([...ulid.slice(0, 10)].reduce((all, digit) => all * 32 + digits.indexOf(digit), 0)).toISOString();
}

/** Whether the page comes from the reader's own machine: advice for it is of no use elsewhere, and the other way round. */
export const onOwnMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined) return "—";
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

const number = new Intl.NumberFormat("en");
/** @param {number} value */
export const count = (value) => number.format(value);

/**
 * The end of an id, which is what tells ids apart.
 * @param {string} id
 */
export const shortId = (id) => h("code", { title: id }, `${id.split("_")[0]}_…${id.slice(-6)}`);

/** What an attempt's error means, and what to do. */
const ERRORS = /** @type {Record<string, string>} */ ({
  dns: "The host name has no address. Check the URL's spelling and its DNS record.",
  connect: "No connection came about, or it broke before an answer. Is the server up, and its port open to the internet?",
  tls: "The TLS handshake failed. Look for an expired certificate, a missing intermediate or another host name.",
  timeout: "No answer in 30 seconds. Answer at once and do the work afterwards.",
  forbidden_address: "The URL leads to an address that is not public. Deliveries go to public addresses only.",
  http_status: "The answer was not 2xx. The receiver's own log says why.",
  response_too_large: "The head of the answer did not end. Something other than your receiver may be answering.",
});

/** What exactly it means, where that is known. */
const DETAILS = /** @type {Record<string, string>} */ ({
  certificate_expired: "The certificate has expired, or one between it and its authority. Renew it.",
  certificate_not_yet_valid:
    "The certificate is not valid yet, or one between it and its authority. Look at its dates, and at the clock of who made it.",
  unknown_issuer:
    "No known authority vouches for the certificate. Most often an intermediate certificate is missing: let the server send the whole chain.",
  self_signed: "The certificate is self-signed. Get one that browsers trust.",
  wrong_name: "The certificate is for another host name.",
  no_common_version: "The server speaks neither TLS 1.2 nor TLS 1.3.",
  no_common_cipher: "The server takes none of the cipher suites, key exchanges or signatures that we offer.",
  handshake_closed: "The server closed the connection in the middle of the TLS handshake.",
  not_tls: "What answers there does not speak TLS. Is it the port of plain HTTP?",
  no_such_name: "The host name does not exist, or has no address. Check the URL's spelling and its DNS record.",
  no_answer: "The name servers did not answer within 5 seconds.",
  server_failure: "The name servers failed, or could not be reached. Check the zone and its DNSSEC.",
  refused: "Nobody listens at that port. Is the server up?",
  reset: "The connection was reset before an answer. The receiver, or something in front of it, broke it off.",
  unreachable: "There is no way to the address.",
  timed_out: "No connection within 5 seconds. Is the port open to the internet?",
});

/**
 * Why an attempt failed, as a sentence that says what to do.
 * @param {Api.Attempt} attempt
 */
export const failure = ({ error, errorDetail }) => error && (DETAILS[errorDetail ?? ""] ?? ERRORS[error] ?? error);

/**
 * The same in a word or two.
 * @param {string | null} error
 * @param {string | null} detail
 */
export const errorWords = (error, detail) => [error, detail].filter(Boolean).join(": ");
