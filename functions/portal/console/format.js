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
 * An instant as how long ago it was, with the exact time in its title.
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

/** Keeps relative times on the page up to date. */
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
 * An instant as the value of a datetime-local input, with the UTC offset of that day: today's may differ by summer time.
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
 * When the thing with this id was created: its ULID begins with the milliseconds.
 * @param {string} id
 */
export function idTime(id) {
  const ulid = id.match(/_([0-9A-HJKMNP-TV-Z]{26})$/)?.[1];
  if (!ulid) return null;
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return new Date([...ulid.slice(0, 10)].reduce((all, digit) => all * 32 + digits.indexOf(digit), 0)).toISOString();
}

/** Whether the page comes from the reader's own machine, where other advice applies. */
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
  connect:
    "The connection failed or was closed before a response. Is the server running, and is its port open to the internet?",
  tls: "The TLS handshake failed. Look for an expired certificate, a missing intermediate or another host name.",
  timeout: "No response within 30 seconds. Respond at once and do the work afterwards.",
  forbidden_address: "The URL resolves to an address that is not public. Deliveries go to public addresses only.",
  http_status: "The response was not 2xx. Check the receiver's log for the reason.",
  response_too_large: "The response headers were too large. Something other than your receiver may be responding.",
});

/** What exactly it means, where that is known. */
const DETAILS = /** @type {Record<string, string>} */ ({
  certificate_expired: "The certificate or an intermediate has expired. Renew it.",
  certificate_not_yet_valid:
    "The certificate or an intermediate is not valid yet. Check its dates and the clock of the machine that issued it.",
  unknown_issuer:
    "The certificate is not issued by a trusted authority. Most often an intermediate certificate is missing: have the server send the whole chain.",
  self_signed: "The certificate is self-signed. Get one that browsers trust.",
  wrong_name: "The certificate is for another host name.",
  no_common_version: "The server supports neither TLS 1.2 nor TLS 1.3.",
  no_common_cipher: "The server supports none of the cipher suites, key exchanges or signatures that we offer.",
  handshake_closed: "The server closed the connection in the middle of the TLS handshake.",
  not_tls: "The server does not speak TLS on this port. Is it the port for plain HTTP?",
  no_such_name: "The host name does not exist, or has no address. Check the URL's spelling and its DNS record.",
  no_answer: "The name servers did not respond within 5 seconds.",
  server_failure: "The name servers failed or could not be reached. Check the zone and its DNSSEC.",
  refused: "The connection was refused. Is the server running and listening on that port?",
  reset: "The connection was reset before a response, by the receiver or something in front of it.",
  unreachable: "There is no route to the address.",
  timed_out:
    "No connection within 5 seconds. Is the port open to the internet, or at least to the addresses on the endpoint's page?",
});

/**
 * Why an attempt failed, as a sentence that says what to do.
 * @param {{ error: string | null, errorDetail: string | null }} attempt
 */
export const failure = ({ error, errorDetail }) => error && (DETAILS[errorDetail ?? ""] ?? ERRORS[error] ?? error);

/**
 * The same in a word or two.
 * @param {string | null} error
 * @param {string | null} detail
 */
export const errorWords = (error, detail) => [error, detail].filter(Boolean).join(": ");
