/** Numbers, times and words as people read them. */

import { h } from "./dom.js";
import { isUtc, timeZone, zone, zoneName } from "./zone.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
/** How long how many seconds are said for: what is older is shown as a date and a time. */
const RECENT_SECONDS = 86_400;
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

/** A format in the zone that is chosen when it is asked for. @param {Intl.DateTimeFormatOptions} options */
export function zoned(options) {
  const make = () => new Intl.DateTimeFormat("en", { hourCycle: "h23", timeZone: timeZone(), ...options });
  let format = make();
  zone.addEventListener("changed", () => (format = make()));
  return () => format;
}

/** @param {Intl.DateTimeFormatOptions} options */
function formatter(options) {
  const format = zoned(options);
  return (/** @type {string} */ iso) => format().format(new Date(iso));
}

/** An instant in full, with its zone: `Nov 30, 2026, 14:33:19 UTC`. */
const exact = formatter({ dateStyle: "medium", timeStyle: "long" });
/** The same to the minute: `Nov 30, 14:33 UTC`. */
const short = formatter({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

/** @param {string} iso */
const recent = (iso) => (Math.abs(Date.parse(iso) - Date.now()) < RECENT_SECONDS * 1000 ? ago(iso) : short(iso));

/** How each kind of time is written, by its attribute. @type {Record<string, (iso: string) => string>} */
const WRITTEN = { "data-ago": recent, "data-moment": exact, "data-until": left };

/** @param {keyof typeof WRITTEN} kind @param {string} iso */
const timeOf = (kind, iso) => h("time.num", { datetime: iso, title: exact(iso), [kind]: true }, WRITTEN[kind]?.(iso));

/**
 * An instant as how long ago it was, or its date if that is long; with the exact time in its title.
 * @param {string | null | undefined} iso
 * @param {string} [never]
 */
export const time = (iso, never = "never") => (iso ? timeOf("data-ago", iso) : h("span.muted", never));

/** An instant in full. @param {string | null | undefined} iso */
export const moment = (iso) => (iso ? timeOf("data-moment", iso) : "—");

/** How long until an instant, counted down. @param {string} iso */
export const countdown = (iso) => timeOf("data-until", iso);

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

/** Keeps the times on the page up to date, and in the zone that is chosen. */
export function startClock() {
  setInterval(() => rewrite("data-until"), 1000);
  setInterval(() => rewrite("data-ago"), 15_000);
  zone.addEventListener("changed", () => {
    for (const kind of Object.keys(WRITTEN)) rewrite(kind);
    for (const input of document.querySelectorAll("input[data-at]")) {
      if (input instanceof HTMLInputElement) input.value = localInput(input.dataset.at ?? "");
    }
    for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zoneName();
  });
}

/** @param {string} kind */
function rewrite(kind) {
  for (const element of document.querySelectorAll(`time[${kind}]`)) {
    const iso = element.getAttribute("datetime") ?? "";
    element.textContent = WRITTEN[kind]?.(iso) ?? "";
    element.setAttribute("title", exact(iso));
  }
}

/** The name of the zone that times are in; it follows the choice. */
export const zoneLabel = () => h("span", { "data-zone": true }, zoneName());

/**
 * An instant as the value of a datetime-local input, with the UTC offset of that day: today's may differ by summer time.
 * Seconds are left out where they are 0.
 * @param {string | number} at
 */
export function localInput(at) {
  const date = new Date(at);
  if (at === "" || Number.isNaN(date.getTime())) return "";
  const shifted = isUtc() ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, date.getUTCSeconds() ? 19 : 16);
}

/** @param {string} value of an input of the type datetime-local */
export const fromLocalInput = (value) => new Date(isUtc() ? `${value}Z` : value).toISOString().replace(".000Z", "Z");

/** When the thing with this id was created: its ULID begins with the milliseconds. @param {string} id */
export function idTime(id) {
  const ulid = id.match(/_([0-9A-HJKMNP-TV-Z]{26})$/)?.[1];
  if (!ulid) return null;
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return new Date([...ulid.slice(0, 10)].reduce((all, digit) => all * 32 + digits.indexOf(digit), 0)).toISOString();
}

/** An instant for the API, down to the second. @param {number} at milliseconds */
export const wholeSeconds = (at) => `${new Date(at).toISOString().slice(0, 19)}Z`;

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
/** @param {number} number */
export const deliveriesOf = (number) => (number === 1 ? "1 delivery" : `${count(number)} deliveries`);
/** @param {number} number */
export const queued = (number) => `${deliveriesOf(number)} ${number === 1 ? "is" : "are"} queued.`;

/** The end of an id, which is what tells ids apart. @param {string} id */
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

/** The same in a few words. */
const SHORT = /** @type {Record<string, string>} */ ({
  dns: "host name not found",
  connect: "no connection",
  tls: "TLS failed",
  timeout: "no response in time",
  forbidden_address: "address not public",
  http_status: "not a 2xx",
  response_too_large: "response headers too large",
  refused: "connection refused",
  reset: "connection reset",
  unreachable: "no route to the address",
  timed_out: "no connection in time",
  self_signed: "self-signed certificate",
  wrong_name: "certificate for another name",
  unknown_issuer: "certificate not trusted",
  not_tls: "no TLS on this port",
  handshake_closed: "TLS handshake broken off",
  no_such_name: "no such host name",
  no_answer: "name servers did not answer",
  server_failure: "name servers failed",
});

/**
 * Why an attempt failed, in a few words.
 * @param {string | null} error
 * @param {string | null} detail
 */
export const errorWords = (error, detail) =>
  SHORT[detail ?? ""] ?? detail?.replaceAll("_", " ") ?? SHORT[error ?? ""] ?? error ?? "";

/**
 * What came of an attempt, in a few words: the status of the response, or why there was none.
 * @param {number | null} status
 * @param {string | null} error
 * @param {string | null} detail
 */
export const answerWords = (status, error, detail) => (status === null ? errorWords(error, detail) : String(status));
